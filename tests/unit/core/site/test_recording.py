"""A node tells the site its history: what ended here, once, also after an outage."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fluxcc.core.ports import Batch
from fluxcc.core.site.recording import PER_BATCH, Recording
from fluxcc.core.site.tidying import FIRST_AFTER, PERIOD, Tidying
from fluxcc.domain.actions import Action
from fluxcc.domain.changes import MarkKind
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import Place, RecordKind
from tests.builders import NUMBER, OTHER, an_operators
from tests.contract.records import a_call, a_survey, an_audit
from tests.fake_site import FakeDatabase
from tests.fakes import NOW
from tests.unit.core.site.builders import Member

DAY = 86_400.0


@pytest.fixture
def database() -> FakeDatabase:
    """What the nodes share."""
    return FakeDatabase()


@pytest.fixture
def here(database: FakeDatabase) -> Member:
    """A node."""
    return Member("pbx1", database)


def recording(member: Member) -> Recording:
    """Its way to tell."""
    assert member.joined.history is not None
    return member.joined.history.recording


def tidying(member: Member) -> Tidying:
    """Its way to delete."""
    assert member.joined.history is not None
    return member.joined.history.tidying


def tell(member: Member) -> float:
    """Write what waits, tell the history, and write that it was told."""
    member.journal.flush()
    pause = recording(member).tell()
    member.journal.flush()
    return pause


def kinds(database: FakeDatabase, node: str = "pbx1") -> list[str]:
    """The kinds of the records that the site has of a node."""
    return sorted(str(kind) for of, kind, _ in database.history if of == node)


def test_what_ended_here_is_told_and_what_goes_on_is_not(
    here: Member, database: FakeDatabase
) -> None:
    over = a_call(1, ended=NOW + 9.0)
    here.store.write(Batch(calls=(a_call(), over), audit=(an_audit(),), surveys=(a_survey(),)))
    assert tell(here) == 0
    assert kinds(database) == ["audit", "calls", "surveys"]
    assert database.history["pbx1", RecordKind.CALLS, over.id] == over
    assert not here.store.outbox
    assert recording(here).told == 3


def test_a_request_is_told_as_it_is_when_it_is_read(here: Member, database: FakeDatabase) -> None:
    here.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    assert tell(here) == 0
    (row,) = database.history.values()
    assert (row.code, row.status) == ("blocked", "ok")


def test_a_block_that_ran_out_is_told_by_every_node_and_a_released_one_by_its_own(
    here: Member, database: FakeDatabase
) -> None:
    there = Member("pbx2", database)
    for number, seconds in ((NUMBER, 60), (OTHER, 9000)):
        here.ask(an_operators(Action.BLOCK, number=number, duration=seconds))
    here.feed()
    there.read()
    here.ask(an_operators(Action.UNBLOCK, number=OTHER))
    here.feed()
    there.read()
    for member in (here, there):
        member.clock.step(61)
        member.blocking.expire_due()
        tell(member)
    assert kinds(database, "pbx1").count("blocks") == 2
    assert kinds(database, "pbx2").count("blocks") == 1


def test_after_an_outage_it_catches_up_in_steps(here: Member, database: FakeDatabase) -> None:
    calls = tuple(a_call(at, ended=NOW + 1.0) for at in range(2 * PER_BATCH + 1))
    here.site.is_cut = True
    here.store.write(Batch(calls=calls))
    assert tell(here) > 0
    assert recording(here).failure
    here.site.is_cut = False
    began = here.clock.monotonic()
    assert tell(here) == 0
    assert not recording(here).failure
    assert len(database.history) == len(calls)
    assert here.site.records == 3
    # Others had their turn in between.
    assert here.clock.monotonic() > began


def test_what_was_deleted_for_its_age_before_the_site_had_it_is_counted(here: Member) -> None:
    here.store.write(Batch(calls=(a_call(ended=NOW + 1.0), a_call(1, ended=NOW + 2.0))))
    here.store.calls.clear()
    assert tell(here) == 0
    assert recording(here).lost == {MarkKind.CALL: 2}
    assert not here.store.outbox


def test_it_is_told_that_there_is_something_to_tell(here: Member, database: FakeDatabase) -> None:
    here.journal.note(an_audit())
    here.journal.flush()
    assert recording(here).step() == 0
    assert kinds(database) == ["audit"]


def test_nothing_is_told_before_there_are_tables(here: Member, database: FakeDatabase) -> None:
    recording(here).may_begin = lambda: False
    here.store.write(Batch(audit=(an_audit(),)))
    assert tell(here) > 0
    assert kinds(database) == []


def test_another_database_is_told_what_it_lacks_and_a_day_more(
    here: Member, database: FakeDatabase
) -> None:
    ages = (1, 2, 4, 6)
    calls = tuple(a_call(-round(age * DAY), ended=NOW + 1.0) for age in ages)
    here.store.write(Batch(calls=calls))
    tell(here)
    assert len(database.history) == len(ages)
    # A replica or a backup that has what was there three days ago.
    for age in (1, 2):
        del database.history["pbx1", RecordKind.CALLS, a_call(-age * round(DAY)).id]
    database.lose(0)
    here.read()
    here.read()
    assert len(here.store.outbox) == 3
    tell(here)
    assert len(database.history) == len(ages)


# Erasure


def test_an_erasure_reaches_the_site(here: Member, database: FakeDatabase) -> None:
    here.store.write(Batch(calls=(a_call(number=NUMBER, ended=NOW + 1.0),)))
    tell(here)
    database.history["pbx2", RecordKind.CALLS, 1] = a_call(number=NUMBER)
    database.history["pbx2", RecordKind.CALLS, 2] = a_call(number=OTHER)
    here.runtime.meanwhile.append(lambda: tell(here) and None)
    erased = here.erasure.erase_person(NUMBER, "operator:maria", "r-1")
    assert Place.SITE in erased.reached
    assert Place.NODES in erased.left
    assert [each.number for each in database.history.values() if each.number] == [OTHER]
    assert recording(here).erasing == 0
    assert MarkKind.ERASURE not in {mark.kind for mark in here.store.outbox}


def test_an_erasure_follows_when_the_site_is_back_also_after_a_restart(
    here: Member, database: FakeDatabase
) -> None:
    database.history["pbx2", RecordKind.CALLS, 1] = a_call(number=NUMBER)
    here.site.is_cut = True
    here.runtime.meanwhile.append(lambda: tell(here) and None)
    erased = here.erasure.erase_person(NUMBER, "operator:maria", "r-1")
    assert Place.SITE in erased.left
    assert [mark.key for mark in here.store.outbox if mark.kind is MarkKind.ERASURE] == [NUMBER]
    here.site.is_cut = False
    again = Member("pbx1", database)
    again.store.outbox = here.store.outbox
    assert tell(again) == 0
    assert ("pbx2", RecordKind.CALLS, 1) not in database.history
    assert not again.store.outbox


def test_what_was_read_before_an_erasure_does_not_come_after_it(
    here: Member, database: FakeDatabase
) -> None:
    theirs = a_call(number=NUMBER, ended=NOW + 1.0)
    here.store.write(Batch(calls=(theirs,)))
    marked = here.store.marked

    def read_and_erase(*arguments: object) -> object:
        found = marked(*arguments)  # type: ignore[arg-type]
        here.store.marked = marked  # type: ignore[method-assign]
        here.store.calls.clear()
        here.store.mark_erasure(NUMBER)
        return found

    here.store.marked = read_and_erase  # type: ignore[method-assign,assignment]
    tell(here)
    tell(here)
    assert ("pbx1", RecordKind.CALLS, theirs.id) not in database.history


def test_one_broken_off_begins_anew(here: Member, database: FakeDatabase) -> None:
    database.history["pbx2", RecordKind.CALLS, 1] = a_call(number=NUMBER)
    here.store.mark_erasure(NUMBER)
    erase = here.site.erase

    places = []

    def note(person: Person, after: object) -> tuple[int, object]:
        places.append(after)
        here.site.is_cut = len(places) == 2
        return erase(person, after)

    here.site.erase = note  # type: ignore[method-assign]
    assert tell(here) > 0
    assert recording(here).erasing == 1
    here.site.is_cut = False
    assert tell(here) == 0
    # It may be another database by then.
    assert places == [None, 1, None, 1]
    assert not database.history


# Retention


def test_it_tells_how_long_it_keeps_and_deletes_what_was_deleted_here(
    here: Member, database: FakeDatabase
) -> None:
    here.clock.step(FIRST_AFTER)
    assert tidying(here).step() == PERIOD
    assert database.ages["pbx1"] == here.retention.ages
    # Nothing was deleted in the store yet.
    assert here.site.dropped == {}
    here.clock.step(DAY)
    here.retention.step()
    assert tidying(here).step() == PERIOD
    age = here.retention.ages[RecordKind.CALLS]
    assert here.site.dropped[RecordKind.CALLS] == here.clock.now() - age
    assert here.site.purged == here.site.dropped


def test_what_is_held_here_stays_in_the_site(here: Member) -> None:
    here.clock.step(DAY)
    here.retention.step()
    here.retention.held = {RecordKind.CALLS: 0.9}
    tidying(here).step()
    assert RecordKind.CALLS not in here.site.dropped
    assert RecordKind.AUDIT in here.site.dropped


def test_a_site_that_is_away_is_tidied_later(here: Member) -> None:
    here.clock.step(DAY)
    here.retention.step()
    here.site.is_cut = True
    assert 0 < tidying(here).step() < PERIOD
    here.site.is_cut = False
    here.clock.step(PERIOD)
    tidying(here).step()
    assert RecordKind.CALLS in here.site.dropped


def test_a_changed_record_is_told_anew(here: Member, database: FakeDatabase) -> None:
    row = an_audit()
    here.store.write(Batch(audit=(row,)))
    tell(here)
    here.store.write(Batch(audit=(replace(row, sequel="busy"),)))
    tell(here)
    assert [each.sequel for each in database.history.values()] == ["busy"]
