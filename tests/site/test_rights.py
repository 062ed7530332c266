"""A site's user needs no rights but to own a database."""

from __future__ import annotations

from contextlib import closing

import pytest

from fluxcc.site.postgresql import PostgresqlSite
from tests.site.test_log import a_change


def test_the_owner_of_a_database_needs_no_other_right(postgresql_server: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    address = postgresql_server.replace("+psycopg", "", 1)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("CREATE DATABASE owned OWNER plain")
    url = postgresql_server.replace("//fluxcc@/postgres", "//plain@/owned")
    with closing(PostgresqlSite(url)) as site:
        assert site.open().number == 0
        site.offer([a_change()])
        site.hint()
        assert site.open().number == 1
