"""A site's user needs no rights but to own a database; what is missing is told with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from fluxcc.config import PbxSettings, Settings, SiteSettings
from fluxcc.doctor.site import check_rights
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.site.postgresql import PostgresqlSite
from tests.site.test_log import a_change
from tests.site.test_tables import written_by_a_later_version
from tests.unit.doctor.builders import codes, installation


@contextmanager
def administrator(url: str) -> Iterator[Any]:
    """A connection of the server's administrator, in autocommit."""
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owned(postgresql_server: str) -> Iterator[str]:
    """The URL of a database that an ordinary user owns."""
    with administrator(postgresql_server) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("CREATE DATABASE owned OWNER plain")
        yield postgresql_server.replace("//fluxcc@/postgres", "//plain@/owned")
        connection.execute("DROP DATABASE owned WITH (FORCE)")
        connection.execute("DROP ROLE plain")


def found(url: str) -> list[str]:
    """The codes of what the doctor finds."""
    settings = Settings(pbx=PbxSettings(node="pbx1"), site=SiteSettings(url=url))
    return codes(check_rights(installation(settings=settings)))


def test_the_owner_of_a_database_needs_no_other_right(owned: str) -> None:
    with closing(PostgresqlSite(owned)) as site:
        assert found(owned) == []
        assert site.open().number == 0
        site.offer([a_change()])
        site.hint()
        assert site.open().number == 1
    assert found(owned) == []


def test_a_user_who_may_create_no_tables_is_told_so(owned: str, postgresql_server: str) -> None:
    with administrator(postgresql_server) as connection:
        connection.execute("ALTER DATABASE owned OWNER TO fluxcc")
    with administrator(owned.replace("plain@", "fluxcc@")) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with (
        closing(PostgresqlSite(owned)) as site,
        pytest.raises(SiteUnavailableError, match="permission denied for schema public"),
    ):
        site.open()
    assert found(owned) == ["site-may-not-create"]
    with administrator(postgresql_server) as connection:
        connection.execute("ALTER DATABASE owned OWNER TO plain")
    # As the remedy says.
    assert found(owned) == []


def test_a_user_who_can_only_read_is_told_so(owned: str, postgresql_server: str) -> None:
    with administrator(postgresql_server) as connection:
        connection.execute("ALTER ROLE plain SET default_transaction_read_only = on")
    assert found(owned) == ["site-read-only"]
    with administrator(postgresql_server) as connection:
        connection.execute("ALTER ROLE plain RESET default_transaction_read_only")
    # As the remedy says.
    assert found(owned) == []


def test_tables_of_another_user_are_named(owned: str, postgresql_server: str) -> None:
    # Restored from a backup by the administrator.
    with closing(PostgresqlSite(owned.replace("plain@", "fluxcc@"))) as site:
        site.open()
    assert found(owned) == ["site-tables-of-another"]
    with (
        closing(PostgresqlSite(owned)) as site,
        pytest.raises(SiteUnavailableError, match="permission denied"),
    ):
        site.open()


def test_tables_that_this_program_is_too_old_for_are_told(
    site: PostgresqlSite, site_url: str
) -> None:
    assert found(site_url) == []
    written_by_a_later_version(site_url, "0001")
    assert found(site_url) == []
    written_by_a_later_version(site_url, "9998")
    assert found(site_url) == ["site-tables-too-new"]


def test_a_database_that_does_not_answer_is_not_looked_at() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    assert found("postgresql+psycopg://u@127.0.0.1:1/fluxcc") == ["site-rights-unasked"]
