"""Hints between the nodes of a site, and a server that goes away and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.site.engines import create_pooled, parse_url
from fluxcc.site.postgresql import PostgresqlSite
from tests.site.test_log import a_change

SHORT, LONG = 0.05, 20.0


@pytest.fixture
def other(site: PostgresqlSite, site_url: str) -> Iterator[PostgresqlSite]:
    """Another node's way to the site."""
    with closing(PostgresqlSite(site_url)) as opened:
        opened.open()
        # The first wait connects, after which there may be anything.
        assert opened.wait(SHORT)
        yield opened


def test_a_hint_ends_the_wait_of_the_others(site: PostgresqlSite, other: PostgresqlSite) -> None:
    assert not other.wait(SHORT)
    site.hint()
    began = time.monotonic()
    assert other.wait(LONG)
    assert time.monotonic() - began < LONG / 2
    # One hint for many changes is enough, and none is left over for each.
    assert not other.wait(SHORT)


def end_connections(url: str) -> None:
    """Every other connection to the server is ended."""
    engine = create_pooled(parse_url(url))
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND application_name = 'fluxcc'"
            )
        )
    engine.dispose()


def test_a_node_whose_connections_were_ended_goes_on(
    site: PostgresqlSite, other: PostgresqlSite, site_url: str
) -> None:
    site.offer([a_change("+1")])
    end_connections(site_url)
    with pytest.raises(SiteUnavailableError):
        other.wait(LONG)
    # After a connect there may be something new.
    assert other.wait(LONG)
    site.offer([a_change("+2")])
    site.hint()
    assert other.wait(LONG)
    assert [change.key for change in other.changes(0, 10)[0]] == ["+1", "+2"]


def test_a_server_that_can_only_be_read_is_left_for_another_one(
    site: PostgresqlSite, site_url: str
) -> None:
    """What a demoted leader says; a list of hosts has the new one."""
    site.offer([a_change("+1")])
    pool = site._engine.pool
    with site._engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
    with pytest.raises(SiteUnavailableError, match="read-only"):
        site.offer([a_change("+2")])
    assert site._engine.pool is not pool
    site.offer([a_change("+2")])
