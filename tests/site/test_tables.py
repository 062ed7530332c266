"""The site's tables: created once, whichever node comes first, and shared by two versions."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.site.engines import create_pooled, parse_url
from fluxcc.site.migrations import VERSION_TABLE, revision
from fluxcc.site.postgresql import PostgresqlSite
from fluxcc.site.schema import METADATA

OPEN = """
import sys
from fluxcc.site.postgresql import PostgresqlSite
print(PostgresqlSite(sys.argv[1]).open().site)
"""
SECRET = "s3cret-w0rd"


def test_nodes_that_start_at_once_create_the_tables_once(site_url: str) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, site_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ended = [(process.communicate(), process.returncode) for process in running]
    assert [(errors, code) for (_, errors), code in ended] == [("", 0)] * 4
    assert len({names for (names, _), _ in ended}) == 1


def test_migrations_lead_to_the_tables_that_the_code_means(
    site: PostgresqlSite, site_url: str
) -> None:
    engine = create_pooled(parse_url(site_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": VERSION_TABLE}
        )
        assert compare_metadata(context, METADATA) == []
        assert revision(connection) != ""
    engine.dispose()


def written_by_a_later_version(url: str, least: str) -> None:
    """The tables are of a version that is not known here."""
    engine = create_pooled(parse_url(url))
    with engine.connect() as connection:
        connection.execute(text("UPDATE site_version SET version_num = '9999'"))
        connection.execute(text("UPDATE site_identity SET least = :least"), {"least": least})
    engine.dispose()


def test_a_node_of_the_version_before_works_beside_a_later_one(
    site: PostgresqlSite, site_url: str
) -> None:
    written_by_a_later_version(site_url, "0001")
    with closing(PostgresqlSite(site_url)) as older:
        assert older.open() == site.open()


def test_tables_that_need_a_later_version_are_left_alone(
    site: PostgresqlSite, site_url: str
) -> None:
    written_by_a_later_version(site_url, "9998")
    with (
        closing(PostgresqlSite(site_url)) as older,
        pytest.raises(SiteUnavailableError, match=r"newer fluxcc \(revision 9998"),
    ):
        older.open()


@pytest.mark.parametrize("url", ["", "nonsense", f"mysql://u:{SECRET}@h/d", "sqlite:////a.db"])
def test_a_url_that_is_not_ours_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(SiteUnavailableError, match="must be postgresql") as caught:
        PostgresqlSite(url)
    assert SECRET not in str(caught.value)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    site = PostgresqlSite(f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/fluxcc")
    with pytest.raises(SiteUnavailableError, match=r"127\.0\.0\.1/fluxcc: .*refused") as caught:
        site.open()
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SiteUnavailableError, match=r"fluxcc\[postgresql\]"):
        PostgresqlSite("postgresql://u@h/d")
