"""What is too old, and what somebody does not want to be known of them, goes from every store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from fluxcc.core.ports import Batch, Store
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.persons import Persons
from fluxcc.domain.retention import WITH_TEXTS, RecordKind
from fluxcc.store import audit, blocks, calls, mentions, surveys
from fluxcc.store.engines import create_writer, parse_url
from fluxcc.store.history import History
from fluxcc.store.persons import TABLES, Search
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.statements import delete_rows
from fluxcc.store.upkeep import upgrade
from tests.builders import SAO_PAULO
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit
from tests.contract.test_migrations import listen_for, used_indexes

THEIRS = "+5511988887777"
OTHER = "+5521977776666"
MANY = 500
PERSONS = Persons(SAO_PAULO, "reading")
PERSON = PERSONS.find(THEIRS)


def ended(at: int = 0, **changes: object):
    return a_call(at, ended=NOW + at + 60.0, outcome="answered", **changes)


def over(id: str, ended_at: float = NOW + 1800.0, **changes: object):
    return a_block(id, state=BlockState.EXPIRED, ended_at=ended_at, **changes)


# By age


def test_calls_go_by_when_they_began_the_oldest_first(store: Store, history: History) -> None:
    store.write(Batch(calls=tuple(ended(at) for at in (2, 0, 4, 1, 3))))
    assert store.purge(RecordKind.CALLS, NOW + 3, 2) == 2
    assert history.ended_calls(limit=9) == [ended(4), ended(3), ended(2)]
    assert store.purge(RecordKind.CALLS, NOW + 3, 2) == 1
    assert store.purge(RecordKind.CALLS, NOW + 3, 2) == 0
    assert history.ended_calls(limit=9) == [ended(4), ended(3)]


def test_how_much_is_too_old_is_told_before_anything_goes(store: Store) -> None:
    """Live calls and blocks never go, and do not count."""
    store.write(
        Batch(
            calls=(*(ended(at) for at in range(4)), a_call(-900, ended=None)),
            surveys=tuple(a_survey(f"s{at}", at) for at in range(4)),
            blocks=(
                *(over(f"b{at}", NOW + at, since=NOW + at) for at in range(4)),
                a_block("live", since=NOW - 900),
            ),
            audit=tuple(an_audit(at) for at in range(4)),
        )
    )
    for kind in RecordKind:
        assert store.share(kind, NOW + 3, 2) == 0.75
        assert store.share(kind, NOW + 3, 3) == 0.0
        assert store.share(kind, NOW, 0) == 0.0


def test_surveys_go_by_when_they_were_offered_the_oldest_first(
    store: Store, history: History
) -> None:
    offered = [a_survey(f"s{at}", at) for at in range(4)]
    store.write(Batch(surveys=tuple(reversed(offered))))
    assert store.purge(RecordKind.SURVEYS, NOW + 2, 1) == 1
    assert history.surveys() == offered[1:]
    assert store.purge(RecordKind.SURVEYS, NOW + 2, MANY) == 1
    assert history.surveys() == offered[2:]


def test_blocks_go_by_when_they_ended(store: Store, history: History) -> None:
    early, late = over("early"), over("late", NOW + 1900.0)
    undated = replace(over("undated"), ended_at=None)
    store.write(Batch(blocks=(early, late, undated)))
    assert store.purge(RecordKind.BLOCKS, undated.since, MANY) == 0
    assert store.purge(RecordKind.BLOCKS, NOW + 1850, MANY) == 2
    assert history.blocks(limit=9) == [late]


def test_audit_rows_go_by_when_they_were_asked_for_the_oldest_first(
    store: Store, history: History
) -> None:
    store.write(Batch(audit=tuple(an_audit(at) for at in (2, 1, 0))))
    assert store.purge(RecordKind.AUDIT, NOW + 2, 1) == 1
    assert history.audit(limit=9) == [an_audit(2), an_audit(1)]
    assert store.purge(RecordKind.AUDIT, NOW + 2, MANY) == 1
    assert history.audit(limit=9) == [an_audit(2)]


def test_what_is_live_is_never_old(store: Store) -> None:
    store.write(Batch(calls=(a_call(),), blocks=(a_block(),)))
    for kept in (RecordKind.CALLS, RecordKind.BLOCKS):
        assert store.purge(kept, NOW + 1e9, MANY) == 0
    assert (store.live_calls(), store.live_blocks()) == ([a_call()], [a_block()])


# By person


def test_a_persons_records_go_and_nobody_elses(store: Store, history: History) -> None:
    mine = Batch(
        calls=(ended(1), ended(2, number="988887777")),
        surveys=(a_survey(),),
        blocks=(over("b1"),),
        audit=(an_audit(1, reason="says she is Maria"),),
    )
    others = Batch(
        calls=(ended(3, number=OTHER),),
        surveys=(a_survey("s2", number=OTHER),),
        blocks=(over("b2", number=OTHER),),
        audit=(an_audit(2, number=OTHER),),
    )
    store.write(mine)
    store.write(others)
    theirs = {kept: store.erase(kept, PERSON, MANY) for kept in RecordKind}
    assert theirs == {
        RecordKind.CALLS: 2,
        RecordKind.SURVEYS: 1,
        RecordKind.BLOCKS: 1,
        RecordKind.AUDIT: 1,
    }
    assert history.ended_calls(limit=9) == list(others.calls)
    assert history.surveys() == list(others.surveys)
    assert history.blocks(limit=9) == list(others.blocks)
    assert history.audit(limit=9) == [*others.audit, replace(mine.audit[0], number="", reason="")]
    assert {store.erase(kept, PERSON, MANY) for kept in RecordKind} == {0}


def test_a_number_goes_from_texts_about_others(
    store: Store, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "WINDOW", 2)
    said = "called for (11) 98888-7777"
    handed = [ended(at, number=OTHER, sequel="consulted:1001") for at in range(5)]
    handed[3] = replace(handed[3], sequel=f"consulted:1001 handed-over:{THEIRS}")
    protects = an_audit(2, number="", subject=f'{{"number": "{THEIRS}"}}')
    live = a_block("b2", number=OTHER, reason=said)
    store.write(Batch(calls=tuple(handed), blocks=(live,), audit=(an_audit(1), protects)))
    found = {kind: erase_mentions(store, kind) for kind in WITH_TEXTS}
    assert found == {RecordKind.CALLS: 1, RecordKind.BLOCKS: 1, RecordKind.AUDIT: 1}
    assert history.ended_calls(limit=9)[1].sequel == "consulted:1001 handed-over:***"
    assert store.live_blocks() == [replace(live, reason="called for ***")]
    assert [row.subject for row in history.audit(limit=9)] == ['{"number": "***"}', ""]
    assert {erase_mentions(store, kind) for kind in WITH_TEXTS} == {0}


def erase_mentions(store: Store, kind: RecordKind) -> int:
    """How many texts of that kind had the number."""
    count, after = store.erase_mentions(kind, PERSON, None)
    while after is not None:
        more, after = store.erase_mentions(kind, PERSON, after)
        count += more
    return count


def test_live_calls_and_blocks_of_the_person_stay(store: Store) -> None:
    store.write(Batch(calls=(a_call(),), blocks=(a_block(),)))
    assert store.erase(RecordKind.CALLS, PERSON, MANY) == 0
    assert store.erase(RecordKind.BLOCKS, PERSON, MANY) == 0
    assert (store.live_calls(), store.live_blocks()) == ([a_call()], [a_block()])


def test_a_transaction_is_never_larger_than_was_asked_for(store: Store) -> None:
    store.write(Batch(audit=tuple(an_audit(at) for at in range(5))))
    assert [store.erase(RecordKind.AUDIT, PERSON, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_all_of_a_long_history_is_looked_through(
    store: Store, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "WINDOW", 3)
    long = [ended(at, number=OTHER if at % 4 else THEIRS) for at in range(13)]
    store.write(Batch(calls=tuple(long)))
    assert store.erase(RecordKind.CALLS, PERSON, 2) == 2
    assert store.erase(RecordKind.CALLS, PERSON, MANY) == 2
    assert all(call.number == OTHER for call in history.ended_calls(limit=99))
    assert len(history.ended_calls(limit=99)) == 9


def test_nodes_do_not_erase_each_others(migrated_url: str) -> None:
    with (
        closing(SqlStore(migrated_url, "pbx1")) as here,
        closing(SqlStore(migrated_url, "pbx2")) as there,
    ):
        batch = Batch(
            calls=(ended(),), surveys=(a_survey(),), blocks=(over("b"),), audit=(an_audit(),)
        )
        here.write(batch)
        there.write(batch)
        for kept in RecordKind:
            assert there.erase(kept, PERSON, MANY) == 1
            there.purge(kept, NOW + 1e6, MANY)
    with closing(History(migrated_url, ["pbx1"])) as history:
        assert history.ended_calls(limit=9) == list(batch.calls)
        assert history.surveys() == list(batch.surveys)
        assert history.blocks(limit=9) == list(batch.blocks)
        assert history.audit(limit=9) == list(batch.audit)


def test_nothing_of_the_person_is_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "fluxcc.db"
    with closing(SqlStore(f"sqlite:///{path}", "pbx1")) as store:
        store.write(
            Batch(
                calls=tuple(ended(at) for at in range(300)),
                surveys=(a_survey(),),
                blocks=(over("b"),),
                audit=(an_audit(),),
            )
        )
        for kept in RecordKind:
            store.erase(kept, PERSON, MANY)
    assert THEIRS.encode() not in path.read_bytes()


# How


def of_person(kind: RecordKind):
    """The condition of a search in a table that is filled."""
    return TABLES[kind].c.person == THEIRS


def test_only_the_calls_and_the_surveys_of_a_person_are_looked_for_row_by_row(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    upgrade(url)
    engine = create_writer(parse_url(url))
    asked: list[tuple[str, tuple[object, ...]]] = []
    listen_for(engine, asked)
    with engine.connect() as connection:
        for table in (calls, surveys, blocks, audit):
            table.old(connection, "pbx1", 1.0, MANY)
        for kind in RecordKind:
            delete_rows(connection, TABLES[kind], "pbx1", [1, 2])
        for kind, table in ((RecordKind.BLOCKS, blocks), (RecordKind.AUDIT, audit)):
            table.find(connection, "pbx1", Search(PERSON, of_person(kind), is_exact=True), -1)
        audit.erase(connection, "pbx1", [1, 2])
        used = used_indexes(connection, asked)
    engine.dispose()
    assert [[index for index, _ in steps] for steps in used] == [
        ["sqlite_autoindex_calls_1"],
        ["surveys_offered"],
        ["blocks_since"],
        ["sqlite_autoindex_audit_1"],
        *([f"sqlite_autoindex_{TABLES[kind].name}_1"] for kind in RecordKind),
        ["blocks_person"],
        ["audit_person"],
        ["sqlite_autoindex_audit_1"],
    ]
