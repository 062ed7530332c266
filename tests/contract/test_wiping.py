"""What the database holds of deleted rows outside of its rows, and what is told of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fluxcc.core.ports import Batch
from fluxcc.domain.persons import Persons
from fluxcc.domain.retention import Place, RecordKind
from fluxcc.store import engines
from fluxcc.store.sql_store import SqlStore
from tests.builders import SAO_PAULO
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit

PERSONS = Persons(SAO_PAULO, "reading")
THEIRS = "+5511988887777"
DIGITS = THEIRS[3:].encode()


def erased(url: str) -> SqlStore:
    """A store from which a person among many was erased."""
    store = SqlStore(url, "pbx1", PERSONS)
    for at in range(0, 400, 20):
        others = [f"+55119{at * 100 + n:08d}" for n in range(19)]
        numbers = [*others, THEIRS[3:]]
        store.write(
            Batch(
                calls=tuple(
                    a_call(at + n, number=x, ended=NOW + 9.0) for n, x in enumerate(numbers)
                ),
                audit=tuple(an_audit(at + n, number=x, reason=x) for n, x in enumerate(numbers)),
                surveys=tuple(a_survey(f"s{at + n}", at, number=x) for n, x in enumerate(numbers)),
                blocks=(a_block(f"b{at}", state="expired", ended_at=NOW + 9.0),),
            )
        )
    for kind in RecordKind:
        assert store.erase(kind, PERSONS.find(THEIRS), 500) == 20
    return store


def test_nothing_is_left_in_any_file_of_the_store(tmp_path: Path) -> None:
    with closing(erased(f"sqlite:///{tmp_path}/fluxcc.db")) as store:
        assert DIGITS in (tmp_path / "fluxcc.db-wal").read_bytes()
        assert store.wipe() == {Place.FILE: "", Place.SET_ASIDE: ""}
        assert [path for path in tmp_path.iterdir() if DIGITS in path.read_bytes()] == []
        # And it goes on.
        store.write(Batch(calls=(a_call(),)))
        assert store.live_calls() == [a_call()]


def test_a_program_that_reads_the_store_keeps_the_log_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.01)
    with (
        closing(erased(f"sqlite:///{tmp_path}/fluxcc.db")) as store,
        closing(sqlite3.connect(tmp_path / "fluxcc.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM calls").fetchone()
        store.write(Batch(calls=(a_call(),)))
        assert store.wipe()[Place.FILE]
        other.execute("ROLLBACK")
        assert not store.wipe()[Place.FILE]


def test_stores_that_were_set_aside_are_told(tmp_path: Path) -> None:
    aside = tmp_path / "fluxcc.db.corrupt-20261128T000000Z"
    aside.touch()
    with closing(SqlStore(f"sqlite:///{tmp_path}/fluxcc.db", "pbx1")) as store:
        store.open()
        assert store.wipe()[Place.SET_ASIDE] == str(aside)
