"""The kit's rows in a real PostgreSQL, in a table as FusionPBX makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url

from fluxcc.kit import find_kit
from fluxcc.kit.fusionpbx import plan
from fluxcc.kit.fusionpbx_table import Earlier, TableError, database_url, opened, parse_url
from fluxcc.kit.installation import Change
from tests.testing.postgresql import running_server
from tests.unit.kit.fusionpbx_schema import DIALPLANS, OLDER

KIT = find_kit()
OTHERS = """INSERT INTO v_dialplans
    (dialplan_uuid, dialplan_context, dialplan_name, dialplan_order, dialplan_enabled, dialplan_xml)
    VALUES (%s, %s, %s, %s, %s, '<extension/>')"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server() as url:
        yield url


class Database:
    """FusionPBX's own view of it."""

    def __init__(self, url: str, schema: str) -> None:
        self._url = url.replace("+psycopg", "", 1)
        self.url: URL = parse_url(url)
        self.execute(schema)

    def execute(self, statement: str, *values: object) -> list[Any]:
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(self._url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def content(self) -> list[Any]:
        return self.execute("SELECT * FROM v_dialplans ORDER BY dialplan_uuid")

    def changes(self) -> set[Change]:
        with opened(self.url) as table:
            return {row.change for row in plan(KIT, table.read())}

    def put(self, *, with_changed: bool = False) -> None:
        with opened(self.url) as table:
            table.put(plan(KIT, table.read()), with_changed=with_changed)


@pytest.fixture(params=[DIALPLANS, OLDER], ids=["booleans", "texts"])
def database(server: str, request: pytest.FixtureRequest) -> Database:
    psycopg = pytest.importorskip("psycopg")
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    database = Database(f"{server}&options=-csearch_path%3D{name}", request.param)
    database.execute(OTHERS, uuid4(), "public", "caller-details", 10, "true")
    database.execute(OTHERS, uuid4(), "global", "user_exists", 10, "true")
    return database


def test_the_rows_are_put_there_once_and_read_again(database: Database) -> None:
    assert database.changes() == {Change.NEW}
    database.put()
    assert database.changes() == {Change.SAME}
    first = database.content()
    database.put()
    assert database.content() == first


def test_fusionpbx_finds_them_first_in_the_contexts(database: Database) -> None:
    """The query of FusionPBX's ``dialplan.lua``."""
    database.put()
    query = (
        "SELECT dialplan_name FROM v_dialplans WHERE dialplan_context IN ({})"
        " AND (hostname = 'pbx' OR hostname IS NULL) AND dialplan_enabled = 'true'"
        " ORDER BY dialplan_order ASC"
    )
    contexts = ("'public'", "'a.example', '${domain_name}', 'global'")
    public, domain = (
        [name for (name,) in database.execute(query.format(context))] for context in contexts
    )
    assert public == ["fluxcc gate", "caller-details"]
    assert domain == ["fluxcc domain gate", "fluxcc rooms", "fluxcc survey", "user_exists"]


def test_removal_leaves_the_table_as_it_was(database: Database) -> None:
    before = database.content()
    database.put()
    with opened(database.url) as table:
        table.remove(row.identity for row in plan(KIT, []))
    assert database.content() == before


def test_a_changed_row_is_left_alone_unless_asked(database: Database) -> None:
    database.put()
    database.execute("UPDATE v_dialplans SET dialplan_enabled = 'false' WHERE dialplan_order = 1")
    changed = database.content()
    assert database.changes() == {Change.SAME, Change.CHANGED}
    database.put()
    assert database.content() == changed
    database.put(with_changed=True)
    assert database.changes() == {Change.SAME}


def test_rows_that_may_come_before_a_gate_are_named(database: Database) -> None:
    database.execute(OTHERS, uuid4(), "a.example", "first", 0, "true")
    database.execute(OTHERS, uuid4(), "a.example", "off", 0, "false")
    database.put()
    with opened(database.url) as table:
        assert table.earlier() == [Earlier("first", "a.example")]


def test_what_fails_in_the_middle_leaves_nothing(database: Database) -> None:
    before = database.content()
    rows = plan(KIT, [])
    rows[-1].columns["no_such_column"] = "x"
    with pytest.raises(TableError, match="no_such_column"), opened(database.url) as table:
        table.put(rows, with_changed=False)
    assert database.content() == before


def test_a_server_that_is_not_there_is_said_to_be_so_without_its_password() -> None:
    url = make_url("postgresql+psycopg://fusionpbx:topsecret@127.0.0.1:1/fusionpbx")
    with pytest.raises(TableError) as caught, opened(url) as table:
        table.read()
    assert "refused" in str(caught.value)
    assert "topsecret" not in str(caught.value)


# Its address


def test_the_address_is_fusionpbxs_own() -> None:
    url = database_url(
        {
            "database.0.type": "pgsql",
            "database.0.host": "127.0.0.1",
            "database.0.port": "5432",
            "database.0.sslmode": "prefer",
            "database.0.name": "fusionpbx",
            "database.0.username": "fusionpbx",
            "database.0.password": "p@ss/word",
        }
    )
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "fusionpbx",
        "p@ss/word",
        "127.0.0.1",
        5432,
        "fusionpbx",
    )
    assert url.query == {"sslmode": "prefer"}


def test_a_fusionpbx_on_sqlite_has_a_file() -> None:
    url = database_url(
        {"database.0.type": "sqlite", "database.0.path": "/db", "database.0.name": "fusionpbx.db"}
    )
    assert str(url) == "sqlite:////db/fusionpbx.db"


@pytest.mark.parametrize("configuration", [{}, {"database.0.type": "mysql"}])
def test_another_kind_of_database_is_refused(configuration: dict[str, str]) -> None:
    with pytest.raises(TableError, match="neither pgsql nor sqlite"):
        database_url(configuration)


@pytest.mark.parametrize("url", ["", "nonsense", "fusionpbx:topsecret@db"])
def test_what_is_no_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(TableError) as caught:
        parse_url(url)
    assert "topsecret" not in str(caught.value)
