"""Whose number it is: searched for in every spelling, also while old rows are still to be read."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import select

from fluxcc.core.ports import Batch
from fluxcc.domain.persons import Persons
from fluxcc.domain.retention import RecordKind
from fluxcc.store import persons
from fluxcc.store.engines import create_reader, parse_url
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import rename_node
from tests.builders import NO_HOME, SAO_PAULO
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit

THEIRS, OTHER = "+5511988887777", "+5521988887777"
SEEN = (THEIRS, "5511988887777", "11988887777", "011988887777", "988887777", "(11) 98888-7777")
HERE = Persons(SAO_PAULO, "here")
NOWHERE = Persons(NO_HOME, "nowhere")
MANY = 500
EVERYTHING = Batch(
    calls=tuple(a_call(at, number=n, ended=NOW + 9.0) for at, n in enumerate((*SEEN, OTHER))),
    surveys=tuple(a_survey(f"s{at}", at, number=n) for at, n in enumerate((*SEEN, OTHER))),
    audit=tuple(an_audit(at, number=n) for at, n in enumerate((*SEEN, OTHER))),
    blocks=(a_block("b1", state="expired"), a_block("b2", number=OTHER, state="expired")),
)


def fill(store: SqlStore, limit: int = 2) -> list[RecordKind]:
    """Read all of the old rows; the kinds in the order in which they were begun."""
    kinds: list[RecordKind] = []
    while unread := store.fill(limit).unread:
        kinds += unread[:1] if unread[0] not in kinds else []
    return kinds


def found(history: History, number: str) -> tuple[int, int, int]:
    """How many calls, surveys and audit rows are found."""
    return (
        len(history.ended_calls(number=number, limit=MANY)),
        len(history.surveys(number=number)),
        len(history.audit(number=number, limit=MANY)),
    )


def persons_in(url: str) -> dict[RecordKind, list[str]]:
    """What stands in the column, table by table."""
    engine = create_reader(parse_url(url))
    with engine.connect() as connection:
        stored = {
            kind: list(connection.execute(select(table.c.person)).scalars())
            for kind, table in persons.TABLES.items()
        }
    engine.dispose()
    return stored


@pytest.fixture
def old(migrated_url: str) -> str:
    """A store of a daemon that knew no persons."""
    with closing(SqlStore(migrated_url, "pbx1")) as store:
        store.write(EVERYTHING)
    return migrated_url


@pytest.fixture
def store(old: str) -> Iterator[SqlStore]:
    """The store as the daemon has it."""
    with closing(SqlStore(old, "pbx1", HERE)) as store:
        yield store


@pytest.fixture
def history(old: str) -> Iterator[History]:
    """The store as people see it."""
    with closing(History(old, ["pbx1"], HERE)) as history:
        yield history


@pytest.mark.parametrize("asked", SEEN)
def test_every_spelling_finds_every_spelling_before_during_and_after(
    store: SqlStore, history: History, asked: str
) -> None:
    assert found(history, asked) == (6, 6, 6)
    while store.fill(2).unread:
        assert found(history, asked) == (6, 6, 6)
    assert found(history, asked) == (6, 6, 6)
    assert found(history, OTHER) == (1, 1, 1)


def test_small_tables_come_first_and_each_row_has_its_person_then(
    store: SqlStore, old: str
) -> None:
    assert fill(store) == [
        RecordKind.AUDIT,
        RecordKind.BLOCKS,
        RecordKind.SURVEYS,
        RecordKind.CALLS,
    ]
    assert {
        kind: (theirs.count(THEIRS), theirs.count(OTHER))
        for kind, theirs in persons_in(old).items()
    } == {
        RecordKind.AUDIT: (6, 1),
        RecordKind.BLOCKS: (1, 1),
        RecordKind.SURVEYS: (6, 1),
        RecordKind.CALLS: (6, 1),
    }


def test_it_says_how_far_it_is(store: SqlStore) -> None:
    steps = []
    while (filled := store.fill(2)).unread:
        steps.append(filled)
    assert [step.reached for step in steps if step.reached] == [NOW + 1.0, NOW + 3.0, NOW + 5.0]
    assert sum(step.rows for step in steps) + filled.rows == 6 * 3 + 3 + 2
    assert store.fill(2).rows == 0


def test_what_is_written_has_its_person_from_the_beginning(migrated_url: str) -> None:
    with closing(SqlStore(migrated_url, "pbx1", HERE)) as store:
        store.write(EVERYTHING)
    assert set(persons_in(migrated_url)[RecordKind.CALLS]) == {THEIRS, OTHER}


def test_numbers_that_are_read_otherwise_are_read_again(store: SqlStore, old: str) -> None:
    """Without an area code at home, eight or nine digits are nobody's number."""
    fill(store)
    with (
        closing(SqlStore(old, "pbx1", NOWHERE)) as elsewhere,
        closing(History(old, ["pbx1"], NOWHERE)) as history,
    ):
        assert found(history, THEIRS) == (5, 5, 5)
        fill(elsewhere)
        assert found(history, THEIRS) == (5, 5, 5)
        assert found(history, "988887777") == (1, 1, 1)
    with closing(History(old, ["pbx1"], HERE)) as history:
        # The command was started with settings that the daemon has not read yet.
        assert found(history, "988887777") == (6, 6, 6)


def test_erasing_finds_what_is_not_read_yet(store: SqlStore, history: History) -> None:
    person = HERE.find("0 11 98888-7777")
    assert {kind: store.erase(kind, person, MANY) for kind in RecordKind} == {
        RecordKind.CALLS: 6,
        RecordKind.SURVEYS: 6,
        RecordKind.BLOCKS: 1,
        RecordKind.AUDIT: 6,
    }
    assert found(history, THEIRS) == (0, 0, 0)
    assert found(history, OTHER) == (1, 1, 1)


def test_what_was_erased_gets_no_person_again(store: SqlStore, old: str) -> None:
    store.erase(RecordKind.AUDIT, HERE.find(THEIRS), MANY)
    fill(store)
    assert persons_in(old)[RecordKind.AUDIT].count("") == 6


def test_the_history_of_a_block_is_the_persons(store: SqlStore) -> None:
    assert [block.id for block in store.block_history("11988887777")] == ["b1"]
    fill(store)
    assert [block.id for block in store.block_history("11988887777")] == ["b1"]


def test_what_is_nobodys_number_is_found_as_it_was_seen(store: SqlStore, history: History) -> None:
    store.write(Batch(calls=(a_call(99, number="unknown", ended=NOW + 9.0),)))
    assert found(history, "unknown")[0] == 1
    fill(store)
    assert found(history, "unknown")[0] == 1


def test_a_renamed_node_is_read_anew(store: SqlStore, old: str) -> None:
    fill(store)
    store.close()
    rename_node(old, "pbx1", "pbx2")
    with closing(SqlStore(old, "pbx2", HERE)) as renamed:
        assert renamed.fill(2).unread


FILLER = """
import sys
from tests.contract.test_persons import HERE
from fluxcc.store.sql_store import SqlStore
store = SqlStore(sys.argv[1], "pbx1", HERE)
while True:
    filled = store.fill(7)
    print(filled.rows, flush=True)
    if not filled.unread:
        break
"""


def test_a_killed_daemon_goes_on_where_it_was(migrated_url: str) -> None:
    numbers = [f"0119{at:08d}" for at in range(70000000, 70000900)]
    calls = tuple(a_call(at, number=n, ended=NOW + 9.0) for at, n in enumerate(numbers))
    with closing(SqlStore(migrated_url, "pbx1")) as store:
        store.write(Batch(calls=calls))
    begun = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", FILLER, migrated_url], stdout=subprocess.PIPE, text=True
        ) as filler:
            assert filler.stdout is not None
            for _ in range(10):
                begun += int(filler.stdout.readline())
            filler.send_signal(signal.SIGKILL)
            begun += sum(int(line) for line in filler.stdout if line.endswith("\n"))
    assert begun > 0
    with (
        closing(SqlStore(migrated_url, "pbx1", HERE)) as store,
        closing(History(migrated_url, ["pbx1"], HERE)) as history,
    ):
        assert len(history.ended_calls(number=numbers[-1], limit=9)) == 1
        rest = 0
        while (filled := store.fill(MANY)).unread:
            rest += filled.rows
        # Of each kill at most one step was not acknowledged.
        assert len(calls) - 3 * 7 <= begun + rest + filled.rows <= len(calls) + 3 * 7
        assert len(history.ended_calls(number=numbers[0], limit=9)) == 1
    stored = persons_in(migrated_url)[RecordKind.CALLS]
    assert sorted(stored) == [f"+55119{at:08d}" for at in range(70000000, 70000900)]
