"""What is too old goes once a day; what is somebody's goes when asked; the audit tells of both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from fluxcc.core import retention as retention_module
from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Batch
from fluxcc.core.retention import (
    FIRST_AFTER,
    PERIOD,
    RETRY_AFTER,
    Retention,
)
from fluxcc.domain.audit import REQUESTED, AuditRecord
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.surveys import Survey
from tests.builders import NUMBER, World, a_block
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


def overdue() -> Batch:
    """A record of each kind that was not too old yesterday."""
    younger, older = everything(NOW - 91 * DAY), everything(NOW - 366 * DAY)
    return replace(older, calls=younger.calls, surveys=younger.surveys)


def rows(world: World, action: str) -> list[AuditRecord]:
    world.journal.flush()
    return [row for row in world.store.audit.values() if row.action == action]


# Retention


@pytest.fixture
def retention(world: World) -> Retention:
    return Retention(world.store, world.journal, world.runtime, world.clock, AGES, MomentIds())


def test_calls_come_before_old_ones(world: World, retention: Retention) -> None:
    world.store.write(overdue())
    assert retention.step() == pytest.approx(FIRST_AFTER)
    assert world.store.calls
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert not world.store.calls


def test_each_kind_goes_at_its_age(world: World, retention: Retention) -> None:
    for age in (1, 89, 91):
        world.store.write(everything(NOW - age * DAY))
    for age in (364, 366):
        world.store.write(replace(everything(NOW - age * DAY), calls=(), surveys=()))
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
    world.store.write(overdue())
    assert retention.step() == pytest.approx(PERIOD)
    assert world.store.calls
    world.clock.step(PERIOD)
    retention.step()
    assert not world.store.calls


def test_the_audit_says_how_many_went_by_time(world: World, retention: Retention) -> None:
    world.store.write(overdue())
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
        at = NOW - 91 * DAY
        world.store.write(Batch(calls=(a_call(int(at * 1e6) + id, at),)))
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
    world.store.write(overdue())
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
