"""What a store marks for the site, on every kind of store: in the transaction that writes a record,
until the site has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text

from fluxcc.core.ports import Batch, Store
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.changes import Change, Kind, Mark, MarkKind, SitePosition, Stamp, stamped
from fluxcc.domain.history import MARKED
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.persons import AsSeen, Persons
from fluxcc.domain.provisioning import Entry, Group, Protected, Room
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.shared_entries import EntryChange, EntryStamp, read_change, stamped_entry
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import rename_node
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit
from tests.fakes import FakeStore

HERE, ELSEWHERE = Stamp(5, "pbx1"), Stamp(6, "pbx2")
BLOCKS = (MarkKind.BLOCK,)
ENTRIES = (MarkKind.ENTRY,)


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder}/fluxcc.db"


@pytest.fixture(params=["fake", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The store of the node pbx1 of a site."""
    if request.param == "fake":
        fake = FakeStore()
        fake.node = "pbx1"
        yield fake
        return
    with closing(SqlStore(url_in(tmp_path), "pbx1", is_of_site=True)) as opened:
        opened.open()
        yield opened


def marked(store: Store, after: int = 0) -> list[Block]:
    """The blocks of which the site is to be told, in the order of their marks."""
    found = store.marked(BLOCKS, after, 100)
    blocks = {block.id: block for block in found.blocks}
    return [blocks[mark.key] for _, mark in found.marks]


def ids(store: Store) -> tuple[int, ...]:
    """The ids of the marks."""
    return tuple(id for id, _ in store.marked(BLOCKS, 0, 100).marks)


def test_what_was_changed_here_is_marked_and_what_came_from_elsewhere_is_not(store: Store) -> None:
    here, elsewhere = stamped(a_block("b1"), HERE), stamped(a_block("b2"), ELSEWHERE)
    store.write(Batch(blocks=(here, elsewhere, a_block("b3"))))
    assert marked(store) == [here]


def test_a_mark_goes_once_the_site_has_it(store: Store) -> None:
    store.write(Batch(blocks=(stamped(a_block("b1"), HERE),)))
    store.write(Batch(unmarked=ids(store)))
    assert marked(store) == []


def test_what_changes_while_it_is_on_its_way_is_marked_anew_after_the_others(store: Store) -> None:
    first, second = stamped(a_block("b1"), HERE), stamped(a_block("b2"), HERE)
    store.write(Batch(blocks=(first, second)))
    on_its_way = ids(store)
    newer = stamped(replace(first, until=first.until + 1), Stamp(7, "pbx1"))
    store.write(Batch(blocks=(newer,)))
    assert marked(store) == [second, newer]
    assert marked(store, after=max(on_its_way)) == [newer]
    store.write(Batch(unmarked=on_its_way))
    assert marked(store) == [newer]


def test_marks_are_read_a_few_at_a_time(store: Store) -> None:
    blocks = [stamped(a_block(f"b{number}"), HERE) for number in range(5)]
    store.write(Batch(blocks=tuple(blocks)))
    first = store.marked(BLOCKS, 0, 3)
    assert len(first.marks) == 3
    rest = store.marked(BLOCKS, first.marks[-1][0], 3)
    assert {block.id for block in (*first.blocks, *rest.blocks)} == {block.id for block in blocks}
    assert store.marked((), 0, 3).marks == ()


def test_what_was_changed_here_can_be_marked_again(store: Store) -> None:
    live = stamped(a_block("b1"), HERE)
    ended = replace(a_block("b2"), state=BlockState.RELEASED, ended_at=9.0, ended_by="x")
    late, early = stamped(ended, Stamp(50, "pbx1")), stamped(replace(ended, id="b3"), HERE)
    store.write(Batch(blocks=(live, late, early, stamped(a_block("b4"), ELSEWHERE))))
    store.write(Batch(unmarked=ids(store)))
    store.mark_again(10)
    assert {block.id for block in marked(store)} == {"b1", "b2"}


def test_the_ends_of_blocks_that_the_site_knows_are_read_back(store: Store) -> None:
    ended = replace(a_block("b1"), state=BlockState.EXPIRED, ended_at=9.0, ended_by="time")
    here, elsewhere = stamped(ended, HERE), stamped(replace(ended, id="b2"), ELSEWHERE)
    live = stamped(a_block("b3"), ELSEWHERE)
    store.write(Batch(blocks=(here, elsewhere, live, replace(ended, id="b4"))))
    assert {block.id for block in store.ended_changes(0)} == {"b1", "b2"}
    assert store.ended_changes(6) == [elsewhere]


def test_how_far_the_site_was_taken_is_kept(store: Store) -> None:
    assert store.position() is None
    store.write(Batch(position=(SitePosition("site", 7),)))
    store.write(Batch(position=(SitePosition("site", 9),)))
    assert store.position() == SitePosition("site", 9)


def test_a_block_is_restored_with_where_and_when_it_was_changed(store: Store) -> None:
    block = stamped(stamped(a_block("b1"), HERE), ELSEWHERE)
    store.write(Batch(blocks=(block,)))
    assert store.live_blocks() == [block]
    assert (block.origin, block.changer, block.changed) == ("pbx1", "pbx2", 6)


def test_the_end_of_a_blocks_time_is_marked_wherever_it_was_changed(store: Store) -> None:
    over = replace(a_block("b1"), state=BlockState.EXPIRED, ended_at=9.0, ended_by="time")
    released = replace(over, id="b2", state=BlockState.RELEASED)
    store.write(Batch(blocks=(stamped(over, ELSEWHERE), stamped(released, ELSEWHERE))))
    found = store.marked((MarkKind.BLOCK, MarkKind.EXPIRY), 0, 9)
    assert [mark for _, mark in found.marks] == [Mark(MarkKind.EXPIRY, "b1")]
    assert [block.id for block in found.blocks] == ["b1"]


def test_without_a_site_nothing_is_marked(tmp_path: Path) -> None:
    with closing(SqlStore(url_in(tmp_path), "pbx1")) as alone:
        alone.write(Batch(blocks=(stamped(a_block("b1"), HERE),)))
        assert alone.marked(BLOCKS, 0, 9).marks == ()


def test_marks_are_there_after_a_crash_and_their_ids_are_given_once(tmp_path: Path) -> None:
    url = url_in(tmp_path)
    first = SqlStore(url, "pbx1", is_of_site=True)
    first.write(Batch(blocks=(stamped(a_block("b1"), HERE),)))
    before = ids(first)
    first.write(Batch(unmarked=before))
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as second:
        second.write(Batch(blocks=(stamped(a_block("b2"), HERE),)))
        assert min(ids(second)) > max(before)
    first.close()


def test_a_renamed_node_takes_the_site_anew_and_tells_what_it_had_not(
    tmp_path: Path,
) -> None:
    url = url_in(tmp_path)
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as former:
        block = stamped(a_block("b1"), HERE)
        former.write(Batch(blocks=(block,), position=(SitePosition("site", 7),)))
    rename_node(url, "pbx1", "pbx9")
    with closing(SqlStore(url, "pbx9", is_of_site=True)) as renamed:
        renamed.open()
        assert renamed.position() is None
        assert marked(renamed) == [block]
        assert renamed.live_blocks() == [block]


# Entries


SALES = Group("sales", has_survey=True, domain="a.example")


def a_stamp(entry: Entry, stamp: Stamp, *, is_gone: bool = False) -> EntryStamp:
    return stamped_entry(entry, stamp, is_gone=is_gone).stamp


def saved(entry: Entry, stamp: Stamp = HERE) -> Batch:
    """What is written where an entry was saved in a site."""
    return Batch(entries=(entry,), entry_stamps=(a_stamp(entry, stamp),))


def gone(entry: Entry, stamp: Stamp = HERE) -> Batch:
    """What is written where an entry was removed in a site."""
    return Batch(entry_stamps=(a_stamp(entry, stamp, is_gone=True),))


def told(store: Store) -> list[EntryChange]:
    """The entries of which the site is to be told, as the other nodes read it."""
    return sorted(map(read_change, store.marked(ENTRIES, 0, 100).entries), key=str)


def test_an_entry_that_was_saved_or_removed_here_is_marked_and_told(store: Store) -> None:
    store.write(saved(SALES))
    store.write(saved(Room("1000"), ELSEWHERE))
    assert told(store) == [EntryChange(a_stamp(SALES, HERE), SALES)]
    assert [mark for _, mark in store.marked(ENTRIES, 0, 9).marks] == [
        Mark(MarkKind.ENTRY, "group/sales@a.example")
    ]
    assert store.entries() == [SALES, Room("1000")]
    later = Stamp(9, "pbx1")
    store.write(gone(SALES, later))
    assert told(store) == [EntryChange(a_stamp(SALES, later, is_gone=True), None)]
    assert store.entries() == [Room("1000")]


def test_an_entry_that_was_removed_elsewhere_goes_and_is_remembered(store: Store) -> None:
    store.write(saved(SALES))
    store.write(Batch(unmarked=tuple(id for id, _ in store.marked(ENTRIES, 0, 9).marks)))
    store.write(gone(SALES, ELSEWHERE))
    assert store.entries() == []
    assert told(store) == []
    assert store.entry_stamps() == [a_stamp(SALES, ELSEWHERE, is_gone=True)]


def test_every_entry_can_be_marked_again_whichever_node_changed_it(store: Store) -> None:
    store.write(saved(SALES, ELSEWHERE))
    store.write(gone(Room("1000"), ELSEWHERE))
    store.mark_again(10)
    assert [each.stamp.thing for each in told(store)] == ["group/sales@a.example", "room/1000"]


def test_an_entry_of_a_later_version_is_told_as_it_is_stored(tmp_path: Path) -> None:
    with closing(SqlStore(url_in(tmp_path), "pbx1", is_of_site=True)) as store:
        store.write(saved(SALES))
        with store._writer.begin() as connection:
            connection.execute(text("""UPDATE entries SET fields = '{"name": "x", "new": 1}'"""))
        (change,) = store.marked(ENTRIES, 0, 9).entries
        assert change.body == '{"name": "x", "new": 1}'


def test_an_entry_that_is_missing_is_not_told_as_removed(tmp_path: Path) -> None:
    with closing(SqlStore(url_in(tmp_path), "pbx1", is_of_site=True)) as store:
        store.write(saved(SALES))
        with store._writer.begin() as connection:
            connection.execute(text("DELETE FROM entries"))
        assert store.marked(ENTRIES, 0, 9).entries == ()


def test_without_a_site_an_entry_costs_no_statement_more(tmp_path: Path) -> None:
    with closing(SqlStore(url_in(tmp_path), "pbx1")) as alone:
        alone.open()
        statements: list[str] = []
        with alone._writer.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.set_trace_callback(statements.append)
        alone.write(Batch(entries=(SALES,), removed=(Room("1000"),)))
    written = [each.split()[0] for each in statements if "entr" in each or "outbox" in each]
    assert written == ["INSERT", "DELETE"]


def test_a_number_that_is_protected_no_more_is_forgotten_once_the_site_knows(
    store: Store,
) -> None:
    mine, still = Protected("+1"), Protected("+11")
    for each in (mine, still):
        store.write(saved(each))
    store.write(gone(mine))
    person = AsSeen().find("+1")
    store.forget_removed(person)
    assert len(store.entry_stamps()) == 2
    store.write(Batch(unmarked=tuple(id for id, _ in store.marked(ENTRIES, 0, 9).marks)))
    store.forget_removed(AsSeen().find("+11"))
    assert len(store.entry_stamps()) == 2
    store.forget_removed(person)
    assert store.entry_stamps() == [a_stamp(still, HERE)]


def test_a_node_that_has_left_its_site_is_a_newcomer_when_it_comes_back(tmp_path: Path) -> None:
    url = url_in(tmp_path)
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as member:
        member.write(saved(SALES))
        member.write(Batch(position=(SitePosition("site", 7),)))
    with closing(SqlStore(url, "pbx1")) as alone:
        alone.open()
        assert alone.entries() == [SALES]
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as again:
        assert (again.entry_stamps(), again.position()) == ([], None)


def test_a_renamed_node_keeps_when_its_entries_were_changed(tmp_path: Path) -> None:
    url = url_in(tmp_path)
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as former:
        former.write(saved(SALES))
    rename_node(url, "pbx1", "pbx9")
    with closing(SqlStore(url, "pbx9", is_of_site=True)) as renamed:
        renamed.open()
        assert renamed.entry_stamps() == [a_stamp(SALES, HERE)]
        assert told(renamed) == [EntryChange(a_stamp(SALES, HERE), SALES)]


def test_an_entry_that_both_names_have_keeps_that_of_the_new_one_and_when_it_was_changed(
    tmp_path: Path,
) -> None:
    url = url_in(tmp_path)
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as former:
        former.write(saved(SALES))
        former.write(saved(Room("1000")))
    now = replace(SALES, questions=2)
    with closing(SqlStore(url, "pbx9")) as other:
        other.write(Batch(entries=(now,)))
    rename_node(url, "pbx1", "pbx9")
    with closing(SqlStore(url, "pbx9", is_of_site=True)) as renamed:
        renamed.open()
        assert renamed.entries() == [now, Room("1000")]
        # It is of before the site, and what the site knows of it counts.
        assert renamed.entry_stamps() == [a_stamp(Room("1000"), HERE)]


# History


def marks(store: Store) -> list[tuple[MarkKind, str]]:
    """What is marked for the site's history, in order."""
    return [(mark.kind, mark.key) for _, mark in store.marked(MARKED, 0, 100).marks]


def ended_block(id: str, state: BlockState, origin: str, changer: str) -> Block:
    """A block that was marked on one node and changed on another last."""
    block = replace(a_block(id), origin=origin, changed=5, changer=changer)
    return replace(block, state=state, ended_at=NOW + 9.0, ended_by="time")


OVER = a_call(1, ended=NOW + 9.0)


def test_what_has_ended_is_marked_for_the_history(store: Store) -> None:
    store.write(Batch(calls=(a_call(), OVER), audit=(an_audit(),), surveys=(a_survey(),)))
    assert marks(store) == [
        (MarkKind.CALL, str(OVER.id)),
        (MarkKind.AUDIT, str(an_audit().id)),
        (MarkKind.SURVEY, "s1"),
    ]
    found = store.marked(MARKED, 0, 100)
    assert (found.calls, found.audit, found.surveys) == ((OVER,), (an_audit(),), (a_survey(),))


def test_each_node_tells_of_a_block_that_ran_out_and_its_own_of_a_release(store: Store) -> None:
    blocks = (
        ended_block("e1", BlockState.EXPIRED, "pbx2", "pbx2"),
        ended_block("r1", BlockState.RELEASED, "pbx1", "pbx2"),
        ended_block("r2", BlockState.RELEASED, "pbx2", "pbx1"),
        ended_block("r3", BlockState.RELEASED, "pbx2", "pbx2"),
    )
    store.write(Batch(blocks=(*blocks, a_block("l1"))))
    told = [key for kind, key in marks(store) if kind is MarkKind.ENDED]
    assert told == ["e1", "r1", "r2"]
    assert {block.id for block in store.marked(MARKED, 0, 100).blocks} == set(told)


def test_history_is_marked_apart_from_changes(store: Store) -> None:
    store.write(Batch(calls=(OVER,), blocks=(stamped(a_block("b1"), HERE),)))
    assert [block.id for block in marked(store)] == ["b1"]
    assert marks(store) == [(MarkKind.CALL, str(OVER.id))]


def test_of_what_was_erased_nothing_is_told_but_the_request_without_the_person(
    store: Store,
) -> None:
    store.write(Batch(calls=(OVER,), audit=(an_audit(reason="theirs"),), surveys=(a_survey(),)))
    (audit_mark,) = (id for id, mark in store.marked((MarkKind.AUDIT,), 0, 9).marks)
    person = AsSeen().find(OVER.number)
    for kind in RecordKind:
        store.erase(kind, person, 100)
    store.mark_erasure(OVER.number)
    assert [kind for kind, _ in marks(store)] == [MarkKind.AUDIT, MarkKind.ERASURE]
    found = store.marked(MARKED, audit_mark, 100)
    (row,) = found.audit
    assert (row.number, row.reason) == ("", "")


def test_a_text_without_a_number_is_told_anew(store: Store) -> None:
    mentioning = a_call(1, number="1", ended=NOW + 9.0, sequel=f"handed-over:{OVER.number}")
    live = a_call(2, number="1", sequel=f"handed-over:{OVER.number}")
    store.write(Batch(calls=(mentioning, live)))
    store.write(Batch(unmarked=tuple(id for id, _ in store.marked(MARKED, 0, 9).marks)))
    after, person = None, AsSeen().find(OVER.number)
    while True:
        _, after = store.erase_mentions(RecordKind.CALLS, person, after)
        if after is None:
            break
    assert marks(store) == [(MarkKind.CALL, str(mentioning.id))]
    (told,) = store.marked(MARKED, 0, 9).calls
    assert told.sequel == "handed-over:***"


def test_the_last_history_can_be_marked_again(store: Store) -> None:
    early, late = a_call(1, ended=NOW + 9.0), a_call(5, ended=NOW + 9.0)
    store.write(
        Batch(
            calls=(early, late, a_call(6)),
            audit=(an_audit(1), an_audit(5)),
            surveys=(a_survey("s1", 1), a_survey("s2", 5)),
            blocks=(
                replace(ended_block("e1", BlockState.EXPIRED, "pbx2", "pbx2"), since=NOW + 5.0),
                a_block("l1", since=NOW + 5.0),
            ),
        )
    )
    store.write(Batch(unmarked=tuple(id for id, _ in store.marked(MARKED, 0, 99).marks)))
    after = store.mark_history(NOW + 5.0, None)
    while after is not None:
        after = store.mark_history(NOW + 5.0, after)
    assert sorted(marks(store)) == [
        (MarkKind.AUDIT, str(an_audit(5).id)),
        (MarkKind.CALL, str(late.id)),
        (MarkKind.ENDED, "e1"),
        (MarkKind.SURVEY, "s2"),
    ]


def test_a_record_whose_person_is_read_anew_is_told_anew(tmp_path: Path) -> None:
    url = url_in(tmp_path)
    with closing(SqlStore(url, "pbx1", is_of_site=True)) as store:
        store.write(Batch(calls=(OVER, a_call(2))))
        store.write(Batch(unmarked=tuple(id for id, _ in store.marked(MARKED, 0, 9).marks)))
    plan = Persons(NumberPlan("BR", "11", ()), "other")
    plan.canonical = lambda seen: f"read:{seen}"  # type: ignore[method-assign]
    with closing(SqlStore(url, "pbx1", plan, is_of_site=True)) as store:
        while store.fill(100).unread:
            pass
        assert marks(store) == [(MarkKind.CALL, str(OVER.id))]


def test_the_end_of_an_erased_block_is_told_if_it_was_not_before(store: Store) -> None:
    over = [
        stamped(replace(a_block(id), state=BlockState.RELEASED, ended_at=NOW), HERE)
        for id in ("b1", "b2")
    ]
    store.write(Batch(blocks=(over[0],)))
    store.write(Batch(unmarked=ids(store)))
    store.write(Batch(blocks=(over[1],)))
    store.erase(RecordKind.BLOCKS, AsSeen().find(over[0].number), 100)
    (mark,) = (mark for _, mark in store.marked(tuple(MarkKind), 0, 100).marks)
    assert mark.kind is MarkKind.ERASED
    told = msgspec.json.decode(mark.key, type=Change)
    assert (told.kind, told.stamp) == (Kind.BLOCK, HERE)
    assert msgspec.json.decode(told.body, type=Block).state is BlockState.RELEASED


def test_what_was_erased_elsewhere_is_deleted_unless_it_has_changed_since(store: Store) -> None:
    over = stamped(
        replace(a_block("b1"), state=BlockState.EXPIRED, ended_at=NOW, attempts=1), ELSEWHERE
    )
    live, later = stamped(a_block("b2"), HERE), replace(over, id="b3", changed=7)
    store.write(Batch(blocks=(over, live, later)))
    erased = tuple((id, ELSEWHERE) for id in ("b1", "b2", "b3"))
    store.write(Batch(blocks=(over,), erased=erased))
    assert {block.id for block in store.block_history(over.number)} == {"b2", "b3"}
    assert {mark.key for _, mark in store.marked(tuple(MarkKind), 0, 100).marks} == {"b2", "b3"}
