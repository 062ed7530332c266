"""What is kept of one person goes when asked, from every place, and it is told what is left."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest

from fluxcc.core.backlog import PER_BATCH
from fluxcc.core.erasure import Erasure, StoredLiveData
from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Batch, SpoolContents
from fluxcc.domain.actions import Action
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.calls import Call
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError, StoreUnavailableError
from fluxcc.domain.persons import Person
from fluxcc.domain.provisioning import Group, Service
from fluxcc.domain.retention import OUTSIDE, Erased, Place, RecordKind
from tests.builders import NUMBER, OTHER, SPELLINGS, World, a_request, an_operators
from tests.fakes import NOW
from tests.unit.core.requests.moves import transfer
from tests.unit.core.test_retention import DAY, a_call, everything, rows
from tests.unit.core.test_surveys import ANSWERS

# One person


@pytest.fixture
def erasing(world: World) -> Erasure:
    """As in the daemon."""
    return world.erasure


@pytest.fixture
def stored(world: World) -> Erasure:
    """As in a command, while no daemon is running."""

    def write(row: AuditRecord) -> bool:
        world.store.write(Batch(audit=(row,)))
        return True

    return Erasure(
        store=world.store,
        spool=world.spool,
        runtime=world.runtime,
        clock=world.clock,
        persons=world.persons,
        live_data=StoredLiveData(world.store, world.clock),
        write=write,
        ids=MomentIds(),
    )


def erase(erasing: Erasure, number: str = NUMBER, **how: bool) -> Erased:
    return erasing.erase_person(number, "operator:maria", "operator-1", **how)


@pytest.mark.parametrize("spelling", [*SPELLINGS, " (11) 98888-7777 "])
@pytest.mark.parametrize("door", ["erasing", "stored"])
def test_every_spelling_means_the_person(
    world: World, request: pytest.FixtureRequest, door: str, spelling: str
) -> None:
    world.store.write(everything(NOW))
    world.store.write(everything(NOW + 1, OTHER))
    world.store.write(Batch(calls=(a_call(7, number="988887777"),)))
    erased = erase(request.getfixturevalue(door), spelling)
    assert erased.counts == {
        RecordKind.CALLS: 2,
        RecordKind.SURVEYS: 1,
        RecordKind.BLOCKS: 1,
        RecordKind.AUDIT: 1,
    }
    for records in (world.store.calls, world.store.surveys, world.store.blocks):
        assert {record.number for record in records.values()} == {OTHER}


@pytest.mark.parametrize("door", ["erasing", "stored"])
def test_the_audit_says_what_was_erased_and_not_whose(
    world: World, request: pytest.FixtureRequest, door: str
) -> None:
    world.store.write(everything(NOW))
    erase(request.getfixturevalue(door))
    (row,) = rows(world, "purge")
    assert (row.by, row.request, row.status, row.code) == (
        "operator:maria",
        "operator-1",
        "ok",
        "erased",
    )
    assert json.loads(row.subject) == {"calls": 1, "surveys": 1, "blocks": 1, "audit": 1}
    assert not any(spelling in str(world.store.audit) for spelling in SPELLINGS)
    (prank,) = rows(world, "prank")
    assert (prank.number, prank.reason, prank.by) == ("", "", "agent:1000")


@pytest.mark.parametrize("number", ["", "anonymous", "Unknown", "0000", "a\nb"])
def test_what_is_nobodys_number_is_refused(world: World, erasing: Erasure, number: str) -> None:
    world.store.write(everything(NOW, number))
    with pytest.raises(RefusedError) as refused:
        erase(erasing, number)
    assert refused.value.code is Code.NUMBER_UNUSABLE
    assert world.store.calls


def test_a_live_block_stays_and_is_told(world: World, erasing: Erasure) -> None:
    block = world.blocks()
    erased = erase(erasing)
    assert erased.blocked_until == block.until
    assert erased.counts[RecordKind.BLOCKS] == 0
    assert world.blocklist.match(NUMBER) is not None
    assert world.store.blocks


def test_a_live_block_ends_where_that_is_asked_for(world: World, erasing: Erasure) -> None:
    world.blocks()
    erased = erase(erasing, with_live_block=True)
    assert (erased.blocked_until, erased.counts[RecordKind.BLOCKS]) == (None, 1)
    assert world.blocklist.match(NUMBER) is None
    assert world.pbx.gate == {}
    assert world.pbx.heard("fluxcc::block")[-1]["Fluxcc-Change"] == "released"
    world.journal.flush()
    assert not world.store.blocks


@pytest.mark.parametrize("door", ["erasing", "stored"])
def test_a_block_that_is_over_although_nobody_said_so_is_erased(
    world: World, request: pytest.FixtureRequest, door: str
) -> None:
    world.blocks(until=int(NOW) + 5)
    world.clock.step(6)
    erased = erase(request.getfixturevalue(door))
    assert (erased.blocked_until, erased.counts[RecordKind.BLOCKS]) == (None, 1)
    assert not world.store.blocks


def test_without_a_daemon_a_live_block_is_told_too(world: World, stored: Erasure) -> None:
    block = world.blocks()
    assert erase(stored).blocked_until == block.until


@pytest.mark.parametrize("door", ["erasing", "stored"])
def test_texts_about_others_lose_the_number(
    world: World, request: pytest.FixtureRequest, door: str
) -> None:
    told = f"called for {SPELLINGS[2]}"
    other = world.blocks(OTHER, reason=told)
    world.received_call(number=OTHER)
    (call,) = world.tracker.calls.values()
    call.sequel = ("consulted:1001", f"handed-over:{NUMBER}")
    world.store.write(Batch(calls=(a_call(8, number=OTHER, sequel=f"handed-over:{NUMBER}"),)))
    erased = erase(request.getfixturevalue(door))
    assert Place.OTHERS in erased.reached
    assert (world.store.blocks[other.id].reason, world.store.calls[8].sequel) == (
        "called for ***",
        "handed-over:***",
    )
    if door == "erasing":
        assert world.blocklist.match(OTHER).reason == "called for ***"
        assert call.sequel == ("consulted:1001", "handed-over:***")


def test_what_is_still_on_its_way_to_the_store_is_erased_with_the_rest(
    world: World, erasing: Erasure
) -> None:
    world.received_call()
    world.hung_up("customer")
    world.hung_up("telephone")
    assert world.journal.pending
    assert erase(erasing).counts[RecordKind.CALLS] == 1
    world.journal.flush()
    assert not world.store.calls


def test_what_became_of_a_transferred_call_does_not_bring_the_number_back(
    world: World, erasing: Erasure
) -> None:
    """The row is written again when the call's sequel is known."""
    transfer(world, arrives=True)
    assert [row.number for row in rows(world, "transfer")] == [NUMBER]
    erase(erasing)
    world.telephone_rings("colleague", "1001")
    world.bridged("customer", "colleague")
    (row,) = rows(world, "transfer")
    assert (row.sequel, row.number, row.reason) == ("answered:1001", "", "")


def test_the_end_of_a_request_does_not_bring_the_number_back(
    world: World, erasing: Erasure
) -> None:
    """It is carried out while the number is erased."""

    def move(leg: str, destination: str) -> None:
        erase(erasing)
        world.pbx.places[leg] = destination

    transfer(world, arrives=True, meanwhile=move)
    (row,) = rows(world, "transfer")
    assert (row.code, row.number, row.reason) == ("transferred", "", "")


@pytest.mark.parametrize("moment", ["write_blocks", "announce"])
def test_the_end_of_a_request_about_another_does_not_bring_the_number_back(
    world: World, erasing: Erasure, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Its reason names the person, who is erased while it is carried out."""
    is_begun: list[bool] = []
    plain = getattr(world.pbx, moment)

    def erase_first(*arguments: Any) -> None:
        if not is_begun:
            is_begun.append(True)
            erase(erasing)
        plain(*arguments)

    monkeypatch.setattr(world.pbx, moment, erase_first)
    world.ask(an_operators(Action.BLOCK, number=OTHER, reason=f"also calls as {SPELLINGS[2]}"))
    world.journal.flush()
    assert is_begun
    (row,) = rows(world, "block")
    (block,) = world.store.blocks.values()
    assert (row.status, row.number) == ("ok", OTHER)
    assert (row.reason, block.reason) == ("also calls as ***", "also calls as ***")


def test_nothing_is_erased_while_much_waits_for_the_store(world: World, erasing: Erasure) -> None:
    """It would be written after the erasure."""
    for id in range(PER_BATCH + 1):
        world.journal.call_changed(Call(id=id, started=NOW, ended=NOW, number=NUMBER))
    with pytest.raises(StoreUnavailableError):
        erase(erasing)
    while world.journal.pending:
        world.journal.flush()
    assert erase(erasing).counts[RecordKind.CALLS] == PER_BATCH + 1


def test_a_call_that_goes_on_stays(world: World, erasing: Erasure) -> None:
    world.received_call()
    erased = erase(erasing)
    assert (erased.counts[RecordKind.CALLS], erased.left[Place.LIVE_CALL]) == (0, "1")
    world.journal.flush()
    assert world.store.calls


def test_a_request_that_comes_again_is_answered_without_the_number(
    world: World, erasing: Erasure
) -> None:
    world.received_call()
    prank = a_request()
    assert world.ask(prank).number == NUMBER
    erase(erasing)
    again = world.ask(prank)
    assert (again.code, again.number) == (Code.BLOCKED, "")


def test_nothing_is_erased_while_the_store_cannot_be_written(
    world: World, erasing: Erasure
) -> None:
    world.store.write(everything(NOW))
    world.store.failure = "the disk is full"
    with pytest.raises(StoreUnavailableError):
        erase(erasing)
    world.store.failure = ""
    assert world.store.calls


# Where


def test_it_is_told_what_was_reached_and_what_nothing_here_reaches(
    world: World, erasing: Erasure
) -> None:
    world.store.write(everything(NOW))
    erased = erase(erasing)
    assert set(erased.reached) >= {
        Place.ROWS,
        Place.FILE,
        Place.SPOOL,
        Place.GATE,
        Place.MEMORY,
        Place.LIVE_CALL,
        Place.ENTRIES,
    }
    assert tuple(erased.left) == OUTSIDE


def test_without_a_daemon_the_gate_is_not_reached(stored: Erasure) -> None:
    assert Place.GATE in erase(stored).left


def test_the_survey_on_its_way_goes_and_one_that_is_going_on_is_told(
    world: World, erasing: Erasure
) -> None:
    world.spool.files = {
        "theirs.done": [{"Fluxcc-Number": "988887777"}],
        "others.done": [{"Fluxcc-Number": OTHER}],
    }
    world.spool.going_on = "fluxcc-survey-1.part"
    assert erase(erasing).left[Place.SPOOL] == "fluxcc-survey-1.part"
    assert set(world.spool.files) == {"others.done"}
    world.spool.failure = PermissionError(13, "Permission denied")
    assert erase(erasing).left[Place.SPOOL] == "Permission denied"


def test_keys_that_no_block_holds_go_from_the_gate(world: World, erasing: Erasure) -> None:
    world.pbx.gate = {"11988887777": 1, "988887777@a.example": 2, OTHER: 3}
    assert Place.GATE in erase(erasing).reached
    assert world.pbx.gate == {OTHER: 3}


def test_a_gate_that_cannot_be_read_is_told(world: World, erasing: Erasure) -> None:
    world.pbx.lose()
    assert erase(erasing).left[Place.GATE]


def test_a_live_block_is_left_in_the_gate(world: World, erasing: Erasure) -> None:
    world.blocks()
    assert erase(erasing).left[Place.GATE] == str(len(world.pbx.gate)) != "0"


def test_settings_that_name_the_number_stay_and_are_told(world: World, erasing: Erasure) -> None:
    entries = (Service("sales", "011988887777"), Service("help", OTHER), Group("vip"))
    world.store.write(Batch(entries=entries))
    assert erase(erasing).left[Place.ENTRIES] == "sales"


def test_memory_is_overwritten_after_the_answer(world: World, erasing: Erasure) -> None:
    erase(erasing)
    assert world.runtime.wiped == 1


def test_whoever_keeps_something_of_a_person_hears_of_it(world: World, erasing: Erasure) -> None:
    heard: list[Person] = []
    world.happenings.person_erased.connect(heard.append)
    erase(erasing)
    assert [person.canonical for person in heard] == [NUMBER]


# By age, when asked


@pytest.mark.parametrize("door", ["erasing", "stored"])
def test_an_operator_may_have_everything_older_go(
    world: World, request: pytest.FixtureRequest, door: str
) -> None:
    world.ask(an_operators(Action.BLOCK, number=OTHER))
    world.journal.flush()
    world.store.write(everything(NOW - 10 * DAY))
    world.store.write(everything(NOW - DAY))
    erased = request.getfixturevalue(door).erase_older(NOW - 5 * DAY, "operator:maria", "o-1")
    assert erased.counts == dict.fromkeys(RecordKind, 1)
    assert len(world.store.calls) == 1
    assert len(rows(world, "purge")) == 1
    assert world.blocklist.match(OTHER) is not None


def test_an_answer_that_was_read_before_does_not_come_back(
    world: World, erasing: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool's files were read, and are not noted yet, while the number is erased."""
    read = world.spool.read

    def read_and_erase(known: Collection[str]) -> SpoolContents:
        contents = read(known)
        erase(erasing)
        return contents

    others = ANSWERS | {"Fluxcc-Number": OTHER, "Fluxcc-Survey": "s-2"}
    world.spool.files = {"theirs.done": [ANSWERS], "others.done": [others]}
    monkeypatch.setattr(world.spool, "read", read_and_erase)
    world.surveys.empty_spool()
    world.journal.flush()
    assert [survey.number for survey in world.store.surveys.values()] == [OTHER]
    assert not world.spool.files
    assert not world.spool.kept_aside


def test_the_spool_is_erased_before_what_was_read_from_it(
    world: World, erasing: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it could be read once more in between."""
    world.spool.files = {"theirs.done": [ANSWERS]}
    seen = []
    monkeypatch.setattr(world.surveys, "forget", lambda _: seen.append(dict(world.spool.files)))
    world.happenings.person_erased.connect(world.surveys.forget)
    erase(erasing)
    assert seen == [{}]
