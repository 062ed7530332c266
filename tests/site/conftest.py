"""A PostgreSQL for the tests of sites, started once a session; skipped where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from fluxcc.site.postgresql import PostgresqlSite
from tests.testing.postgresql import empty_schema, running_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a database on a server of our own."""
    with running_server() as url:
        yield url


@pytest.fixture
def site_url(postgresql_server: str) -> str:
    """The URL of an empty schema on the server."""
    return empty_schema(postgresql_server)


@pytest.fixture
def site(site_url: str) -> Iterator[PostgresqlSite]:
    """One node's way to an empty site."""
    with closing(PostgresqlSite(site_url)) as opened:
        opened.open()
        yield opened
