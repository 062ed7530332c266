"""The schema's way from nothing to today, on both databases."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, Table, event, insert, inspect, text

from fluxcc.core.ports import Batch, Moment
from fluxcc.domain.changes import MarkKind
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.persons import Persons
from fluxcc.domain.provisioning import Group, Room, User, UserRole
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.shared_entries import EntryStamp
from fluxcc.store import audit, blocks, calls, surveys
from fluxcc.store.engines import create_reader, create_writer, parse_url
from fluxcc.store.history import History
from fluxcc.store.migrations import migrate
from fluxcc.store.persons import TABLES, Search
from fluxcc.store.schema import AUDIT, BLOCKS, CALLS, ENTRIES, METADATA, SURVEYS
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.sqlite_file import SqliteFile
from fluxcc.store.upkeep import is_current, upgrade
from tests.builders import SAO_PAULO
from tests.contract.records import a_block, a_call, a_survey, an_audit

PERSONS = Persons(SAO_PAULO, "reading")
PERSON = PERSONS.find("+1")


def create_file(url: str) -> None:
    """What ``upgrade`` does before it migrates."""
    file = SqliteFile.of(parse_url(url))
    if file:
        with file.exclusive():
            file.create()


def test_migrations_lead_to_the_schema_that_the_code_means(migrated_url: str) -> None:
    engine = create_writer(parse_url(migrated_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_an_upgraded_store_is_current_and_upgrading_it_again_changes_nothing(
    migrated_url: str,
) -> None:
    assert is_current(migrated_url)
    store = SqlStore(migrated_url, "pbx1")
    store.write(Batch(calls=(a_call(),)))
    upgrade(migrated_url)
    assert is_current(migrated_url)
    assert store.live_calls() == [a_call()]
    store.close()


def test_an_empty_database_is_not_current(lasting_url: str) -> None:
    create_file(lasting_url)
    assert not is_current(lasting_url)


LATER_COLUMNS = frozenset(
    {
        "domain",
        "is_private",
        "nth",
        "ahead",
        "person",
        "content",
        "origin",
        "changed",
        "changer",
        "elsewhere",
    }
)
"""Columns that revision 0003 did not have yet."""


def test_what_was_stored_before_there_were_domains_is_of_the_one_there_is(
    lasting_url: str,
) -> None:
    """Contract, section 8: its domain is empty, and everything else as it was."""
    create_file(lasting_url)
    engine = create_writer(parse_url(lasting_url))
    config = Config()
    config.set_main_option("script_location", "fluxcc.store:migrations")
    before: tuple[tuple[Table, Any], ...] = (
        (CALLS, calls.to_rows("pbx1", [a_call()], str)),
        (BLOCKS, blocks.to_rows("pbx1", [a_block()], str)),
        (AUDIT, audit.to_rows("pbx1", [an_audit()], str)),
        (SURVEYS, surveys.to_rows("pbx1", [a_survey()], str)),
        # Rooms knew neither domain nor wait, groups no language.
        (
            ENTRIES,
            [
                ("pbx1", "room", "1000", '{"extension":"1000","is_served_by_pbx":true}'),
                ("pbx1", "group", "sales", '{"name":"sales","has_survey":true,"questions":2}'),
            ],
        ),
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for table, rows in before:
            columns = [column.name for column in table.columns]
            values = [dict(zip(columns, row, strict=True)) for row in rows]
            old = [name for name in columns if name not in LATER_COLUMNS]
            connection.execute(
                insert(table), [{name: value[name] for name in old} for value in values]
            )
    engine.dispose()
    upgrade(lasting_url)
    with closing(SqlStore(lasting_url, "pbx1")) as store:
        store.open()
        assert store.live_calls() == [a_call()]
        assert store.live_blocks() == [a_block()]
        assert set(store.entries()) == {
            Room("1000", is_served_by_pbx=True),
            Group("sales", has_survey=True, questions=2),
        }
        assert store.domains() == []
    with closing(History(lasting_url, ["pbx1"])) as history:
        assert history.audit(limit=9) == [an_audit()]
        assert history.surveys() == [a_survey()]


def test_what_was_set_before_there_were_sites_has_no_stamp_and_can_get_one(
    lasting_url: str,
) -> None:
    create_file(lasting_url)
    engine = create_writer(parse_url(lasting_url))
    config = Config()
    config.set_main_option("script_location", "fluxcc.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        rows = [
            {"node": "pbx1", "kind": "group", "name": "sales", "fields": '{"name":"sales"}'},
            {
                "node": "pbx1",
                "kind": "user",
                "name": "ana",
                "fields": '{"name":"ana","role":"viewer"}',
            },
        ]
        connection.execute(insert(ENTRIES), rows)
    engine.dispose()
    upgrade(lasting_url)
    with closing(SqlStore(lasting_url, "pbx1", is_of_site=True)) as store:
        store.open()
        assert store.entries() == [Group("sales"), User("ana", UserRole.VIEWER)]
        assert store.entry_stamps() == []
        stamp = EntryStamp("user", "ana", 0, "pbx1")
        store.write(Batch(entry_stamps=(stamp,)))
        assert store.entry_stamps() == [stamp]
        (told,) = store.marked((MarkKind.ENTRY,), 0, 9).entries
        assert told.body == '{"name":"ana","role":"viewer"}'


def test_an_interrupted_migration_leaves_nothing_behind(lasting_url: str) -> None:
    create_file(lasting_url)
    engine = create_writer(parse_url(lasting_url))
    with engine.begin() as connection:
        migrate(connection)
        connection.get_transaction().rollback()
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    engine.dispose()
    upgrade(lasting_url)
    assert is_current(lasting_url)


AT_ONCE = """
import sys
from fluxcc.store import sqlite_file, upkeep
sqlite_file.LOCK_PATIENCE = 60  # for a machine that is too busy to migrate thrice within seconds
upkeep.upgrade(sys.argv[1])
"""


def test_processes_that_start_at_once_migrate_once(lasting_url: str) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, lasting_url], stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 4
    assert is_current(lasting_url)


def test_a_schema_of_a_newer_program_is_left_alone(migrated_url: str) -> None:
    engine = create_writer(parse_url(migrated_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreUnavailableError, match="9999"):
        upgrade(migrated_url)
    assert not is_current(migrated_url)


def test_every_question_is_answered_by_an_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    upgrade(url)
    engine = create_reader(parse_url(url))
    asked: list[tuple[str, tuple[object, ...]]] = []
    theirs = {
        kind: Search(PERSON, TABLES[kind].c.person == "+1", is_exact=True) for kind in RecordKind
    }
    listen_for(engine, asked)
    with engine.connect() as connection:
        calls.live(connection, ("pbx1",))
        person = theirs[RecordKind.CALLS]
        calls.ended(connection, "pbx1", since=1, person=person, agent="1000", domain="", limit=9)
        blocks.live(connection, ("pbx1",))
        blocks.newest(connection, "pbx1", 9)
        blocks.history(connection, "pbx1", theirs[RecordKind.BLOCKS])
        audit.find_reply(connection, "pbx1", "r-1", Moment(1, 1))
        audit.search(connection, "pbx1", since=1, person=None, agent="", domain="", limit=9)
        person = theirs[RecordKind.AUDIT]
        audit.search(connection, "pbx1", since=1, person=person, agent="", domain="", limit=9)
        audit.search(connection, "pbx1", since=1, person=None, agent="1000", domain="", limit=9)
        used = used_indexes(connection, asked)
    engine.dispose()
    assert used == [
        [(index, "")]
        for index in (
            "calls_live",
            "sqlite_autoindex_calls_1",
            "blocks_state",
            "blocks_since",
            "blocks_person",
            "audit_request",
            "sqlite_autoindex_audit_1",
            "audit_person",
            "audit_agent",
        )
    ]


def test_several_nodes_are_asked_without_sorting_their_history(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    upgrade(url)
    asked: list[tuple[str, tuple[object, ...]]] = []
    for node in ("pbx1", "pbx2"):
        with closing(SqlStore(url, node, PERSONS)) as store:
            while store.fill(9).unread:
                pass
    with closing(History(url, ["pbx1", "pbx2"], PERSONS)) as history:
        listen_for(history._engine, asked)
        history.ended_calls(limit=9)
        history.audit(limit=9)
        history.audit(number="+1", limit=9)
        history.blocks(limit=9)
        with history._engine.connect() as connection:
            used = used_indexes(connection, asked)
    assert used == [
        [(index, "")]
        for index in (
            *("sqlite_autoindex_calls_1",) * 2,
            *("sqlite_autoindex_audit_1",) * 2,
            *("sqlite_autoindex_readings_1", "audit_person") * 2,
            *("blocks_since",) * 2,
        )
    ]


def used_indexes(
    connection: Connection, asked: list[tuple[str, tuple[object, ...]]]
) -> list[list[tuple[str, str]]]:
    """For each query the indexes it uses; ``SCAN`` or ``TEMP`` where it looks through all rows or
    sorts them."""
    plans = [
        connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters).scalars("detail")
        for query, parameters in tuple(asked)
        if not query.startswith("BEGIN")
    ]
    return [re.findall(r"INDEX (\w+)|(SCAN|TEMP)", " ".join(steps)) for steps in plans]


def listen_for(engine: Engine, asked: list[tuple[str, tuple[object, ...]]]) -> None:
    """Append every query, with its parameters, to ``asked``."""

    @event.listens_for(engine, "before_cursor_execute")
    def hear(*heard: Any) -> None:
        _, _, query, parameters, _, _ = heard
        asked.append((query, parameters))
