"""What is too old goes once a day; what is somebody's goes when asked; the audit tells of both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fluxcc.core import retention as retention_module
from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Batch
from fluxcc.core.retention import (
    FIRST_AFTER,
    PERIOD,
    RETRY_AFTER,
    DaemonLiveData,
    Erasure,
    Retention,
    StoredLiveData,
)
from fluxcc.domain.actions import Action
from fluxcc.domain.audit import REQUESTED, AuditRecord
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError, StoreUnavailableError
from fluxcc.domain.retention import Erased, RecordKind
from fluxcc.domain.surveys import Survey
from tests.builders import NUMBER, OTHER, SPELLINGS, World, a_block, a_request, an_operators
from tests.fakes import NOW

DAY = 86400
AGES = {
    RecordKind.CALLS: 90 * DAY,
    RecordKind.SURVEYS: 90 * DAY,
    RecordKind.BLOCKS: 365 * DAY,
    RecordKind.AUDIT: 365 * DAY,
}


def a_call(id: int, at: float = NOW, number: str = NUMBER, **changes: Any) -> CallRecord:
    fields: dict[str, Any] = {
        "id": id,
        "direction": "received",
        "customer_leg": "c",
        "agent_leg": "a",
        "number": number,
        "agent": "1000",
        "group": "sales",
        "started": at,
        "bridged": at,
        "ended": at + 60,
        "cause": "",
        "outcome": "answered",
    }
    return CallRecord(**fields | changes)


def an_audit(id: int, at: float = NOW, number: str = NUMBER) -> AuditRecord:
    return AuditRecord(
        id=id,
        at=at,
        request=f"r{id}",
        action="prank",
        by="agent:1000",
        agent="1000",
        call="c",
        number=number,
        reason="swears",
    )


def a_survey(id: str, at: float = NOW, number: str = NUMBER) -> Survey:
    return Survey(id, "c", number, "sales", "1000", "received", at - 60, at, 1, (5,))


def over(id: str, at: float = NOW, **changes: Any):
    return a_block(id, state=BlockState.EXPIRED, since=at - 1800, ended_at=at, **changes)


def everything(at: float, number: str = NUMBER) -> Batch:
    """A record of each kind."""
    # Not the very moment: a row of the deletion itself would have the same id then.
    id = int(at * 1e6) - 1
    return Batch(
        calls=(a_call(id, at, number),),
        surveys=(a_survey(f"s{at}", at, number),),
        blocks=(over(f"b{at}", at, number=number),),
        audit=(an_audit(id, at, number),),
    )


def rows(world: World, action: str) -> list[AuditRecord]:
    world.journal.flush()
    return [row for row in world.store.audit.values() if row.action == action]


# Retention


@pytest.fixture
def retention(world: World) -> Retention:
    return Retention(world.store, world.journal, world.runtime, world.clock, AGES, MomentIds())


def test_calls_come_before_old_ones(world: World, retention: Retention) -> None:
    world.store.write(everything(NOW - 999 * DAY))
    assert retention.step() == pytest.approx(FIRST_AFTER)
    assert world.store.calls
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert not world.store.calls


def test_each_kind_goes_at_its_age(world: World, retention: Retention) -> None:
    for age in (1, 89, 91, 364, 366):
        world.store.write(everything(NOW - age * DAY))
    world.clock.step(FIRST_AFTER)
    assert retention.step() == pytest.approx(PERIOD)
    assert {int(call.started) for call in world.store.calls.values()} == {
        int(NOW - age * DAY) for age in (1, 89)
    }
    assert len(world.store.surveys) == 2
    assert len(world.store.blocks) == 4
    world.journal.flush()
    assert len([row for row in world.store.audit.values() if row.action == "prank"]) == 4


def test_it_is_done_once_a_day(world: World, retention: Retention) -> None:
    world.clock.step(FIRST_AFTER)
    retention.step()
    world.store.write(everything(NOW - 999 * DAY))
    assert retention.step() == pytest.approx(PERIOD)
    assert world.store.calls
    world.clock.step(PERIOD)
    retention.step()
    assert not world.store.calls


def test_the_audit_says_how_many_went_by_time(world: World, retention: Retention) -> None:
    world.store.write(everything(NOW - 366 * DAY))
    world.clock.step(FIRST_AFTER)
    retention.step()
    (row,) = rows(world, "retention")
    assert (row.by, row.status, row.code, row.number) == ("time", "ok", "erased", "")
    assert json.loads(row.subject) == {"calls": 1, "surveys": 1, "blocks": 1, "audit": 1}
    assert retention.deleted == dict.fromkeys(RecordKind, 1)
    assert retention.last_done == NOW + FIRST_AFTER


def test_a_day_without_anything_old_leaves_no_row(world: World, retention: Retention) -> None:
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert rows(world, "retention") == []
    assert retention.last_done == NOW + FIRST_AFTER


def test_it_goes_in_steps_between_which_others_write(
    world: World, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "RECORDS_PER_BATCH", 2)
    for id in range(5):
        world.store.write(Batch(calls=(a_call(id + 1, NOW - 91 * DAY),)))
    world.clock.step(FIRST_AFTER)
    before = world.clock.monotonic()
    retention.step()
    assert [told for told in world.store.story if told.endswith("calls")] == [
        "purge 2 calls",
        "purge 2 calls",
        "purge 1 calls",
    ]
    assert world.clock.monotonic() - before == pytest.approx(
        2 * retention_module.PAUSE_BETWEEN_BATCHES
    )


def test_what_went_before_the_store_failed_is_in_the_audit_and_the_rest_goes_later(
    world: World, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.store.write(everything(NOW - 366 * DAY))
    purge = world.store.purge

    def failing(kind: RecordKind, before: float, limit: int) -> int:
        if kind is RecordKind.BLOCKS:
            raise StoreUnavailableError("the disk is full")
        return purge(kind, before, limit)

    monkeypatch.setattr(world.store, "purge", failing)
    world.clock.step(FIRST_AFTER)
    assert retention.step() == pytest.approx(RETRY_AFTER)
    (row,) = rows(world, "retention")
    assert (row.status, json.loads(row.subject)) == (REQUESTED, {"calls": 1, "surveys": 1})
    assert retention.last_done is None
    monkeypatch.undo()
    world.clock.step(RETRY_AFTER)
    assert retention.step() == pytest.approx(PERIOD)
    assert not world.store.blocks


def test_other_ages_count_from_the_next_time_on(world: World, retention: Retention) -> None:
    world.store.write(everything(NOW - 10 * DAY))
    retention.ages = AGES | {RecordKind.CALLS: 5 * DAY}
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert (len(world.store.calls), len(world.store.surveys)) == (0, 1)


# One person


@pytest.fixture
def erasing(world: World) -> Erasure:
    """As in the daemon."""
    return Erasure(
        store=world.store,
        runtime=world.runtime,
        clock=world.clock,
        numbers=world.numbers,
        live_data=DaemonLiveData(world.blocking, world.replies),
        write=world.journal.commit,
        ids=MomentIds(),
    )


@pytest.fixture
def stored(world: World) -> Erasure:
    """As in a command, while no daemon is running."""

    def write(row: AuditRecord) -> bool:
        world.store.write(Batch(audit=(row,)))
        return True

    return Erasure(
        store=world.store,
        runtime=world.runtime,
        clock=world.clock,
        numbers=world.numbers,
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
    assert erased == Erased(
        {RecordKind.CALLS: 2, RecordKind.SURVEYS: 1, RecordKind.BLOCKS: 1, RecordKind.AUDIT: 1}
    )
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


def test_a_call_that_goes_on_stays(world: World, erasing: Erasure) -> None:
    world.received_call()
    assert erase(erasing).counts[RecordKind.CALLS] == 0
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
    assert erased == Erased(dict.fromkeys(RecordKind, 1))
    assert len(world.store.calls) == 1
    assert len(rows(world, "purge")) == 1
    assert world.blocklist.match(OTHER) is not None
