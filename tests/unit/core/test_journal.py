"""What is written down, when, and what happens while it cannot be."""

from __future__ import annotations

import pytest

from fluxcc.core.backlog import PER_BATCH
from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import (
    COMMIT_TIMEOUT,
    FIRST_PAUSE,
    IDLE_CHECK,
    LAG,
    LONGEST_PAUSE,
    Journal,
)
from fluxcc.core.ports import Batch
from fluxcc.domain.agents import Agent
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.calls import Call
from fluxcc.domain.errors import StoreUnavailableError
from tests.builders import a_block
from tests.fakes import NOW, FakeStore, InlineRuntime, SteppedClock


class Desk:
    """A journal on fakes, whose writer's greenlet is the test."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.store = FakeStore()
        self.runtime = InlineRuntime(self.clock)
        self.happenings = Happenings()
        self.journal = Journal(self.store, self.runtime, self.clock, self.happenings)

    def write_when_waited_for(self) -> None:
        """Let the writer's greenlet run whenever somebody waits."""
        self.runtime.meanwhile.append(self.journal.flush)

    def pause(self) -> float:
        """How long the writer sleeps when nobody wakes it."""
        before = self.clock.monotonic()
        self.journal.wait_for_work()
        return self.clock.monotonic() - before


@pytest.fixture
def desk() -> Desk:
    """A journal with nothing in it."""
    return Desk()


def an_audit(id: int = 1, **changes: object) -> AuditRecord:
    fields = {
        "id": id,
        "at": NOW,
        "request": f"r-{id}",
        "action": "prank",
        "by": "agent:1000",
        "agent": "1000",
        "call": "",
        "number": "",
        "reason": "",
    }
    return AuditRecord(**fields | changes)  # type: ignore[arg-type]


# Batches


def test_what_changes_many_times_within_the_lag_is_written_once_as_it_is_in_the_end(
    desk: Desk,
) -> None:
    call = Call(id=1, started=NOW)
    for agent in ("1000", "1001", "1002"):
        call.agent = Agent(agent)
        desk.journal.call_changed(call)
    desk.journal.note(a_block(attempts=1))
    desk.journal.note(a_block(attempts=2))
    assert desk.journal.pending == 2
    desk.journal.flush()
    (batch,) = desk.store.batches
    assert [call.agent for call in batch.calls] == ["1002"]
    assert [block.attempts for block in batch.blocks] == [2]
    assert desk.journal.pending == 0


def test_history_lags_by_at_most_100_ms(desk: Desk) -> None:
    """Ordinary history is written in batches and may lag by at most 100 ms."""
    assert LAG <= 0.1
    desk.journal.note(a_block())
    assert desk.pause() == pytest.approx(LAG)


def test_nothing_to_write_costs_no_transaction(desk: Desk) -> None:
    desk.journal.flush()
    assert desk.store.batches == []
    assert desk.journal.written == 0


def test_with_nothing_to_write_the_writer_sleeps(desk: Desk) -> None:
    assert desk.pause() == IDLE_CHECK


def test_the_oldest_thing_is_written_first(desk: Desk) -> None:
    for id in (3, 1, 2):
        desk.journal.note(an_audit(id))
    desk.journal.flush()
    assert [row.id for row in desk.store.batches[0].audit] == [3, 1, 2]


# Promises


def test_a_commit_wakes_the_writer_and_is_on_disk_when_it_returns(desk: Desk) -> None:
    desk.write_when_waited_for()
    before = desk.clock.monotonic()
    assert desk.journal.commit(a_block(), an_audit())
    assert set(desk.store.blocks) == {"b1"}
    assert desk.clock.monotonic() == before


def test_a_commit_does_not_wait_for_the_lag(desk: Desk) -> None:
    desk.journal.commit(a_block())
    assert desk.pause() == 0


def test_a_commit_and_what_waits_share_a_transaction(desk: Desk) -> None:
    desk.write_when_waited_for()
    desk.journal.note(an_audit(1))
    desk.journal.commit(a_block(), an_audit(2))
    (batch,) = desk.store.batches
    assert [row.id for row in batch.audit] == [1, 2]


def test_a_store_that_takes_too_long_makes_a_commit_pending_and_it_is_written_all_the_same(
    desk: Desk,
) -> None:
    assert not desk.journal.commit(a_block())
    assert desk.clock.monotonic() == pytest.approx(COMMIT_TIMEOUT)
    assert desk.journal.pending == 1
    desk.journal.flush()
    assert set(desk.store.blocks) == {"b1"}


def test_an_agent_does_not_wait_for_a_store_that_is_known_to_be_down(desk: Desk) -> None:
    desk.write_when_waited_for()
    desk.store.failure = "the disk is full"
    assert not desk.journal.commit(a_block())
    before = desk.clock.monotonic()
    assert not desk.journal.commit(an_audit())
    assert desk.clock.monotonic() == before


# Failure


def test_a_failure_keeps_everything_and_says_why(desk: Desk) -> None:
    desk.store.failure = "the disk is full"
    desk.journal.call_changed(Call(id=1, started=NOW))
    desk.journal.note(a_block(), an_audit())
    desk.journal.flush()
    assert desk.journal.pending == 3
    assert desk.journal.failure == "the disk is full"
    desk.store.failure = ""
    desk.journal.flush()
    (batch,) = desk.store.batches
    assert (len(batch.calls), len(batch.blocks), len(batch.audit)) == (1, 1, 1)
    assert (desk.journal.pending, desk.journal.failure) == (0, "")


def test_the_newest_state_wins_over_one_that_failed(desk: Desk) -> None:
    """The change came while the writer was busy failing."""

    class Failing(FakeStore):
        def write(self, batch: Batch) -> None:
            journal.note(a_block(attempts=2))
            raise StoreUnavailableError("gone")

    failing = Failing()
    journal = Journal(failing, desk.runtime, desk.clock, Happenings())
    journal.note(a_block(attempts=1))
    journal.flush()
    assert journal.pending == 1
    kept = []
    failing.write = kept.append  # type: ignore[method-assign]
    journal.flush()
    assert [block.attempts for block in kept[0].blocks] == [2]


def test_a_failing_store_is_tried_ever_more_seldom_and_at_once_again_when_it_is_back(
    desk: Desk,
) -> None:
    desk.store.failure = "gone"
    desk.journal.note(a_block())
    pauses = []
    for _ in range(8):
        desk.journal.flush()
        pauses.append(desk.pause())
    assert pauses[0] == pytest.approx(FIRST_PAUSE)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE)
    desk.store.failure = ""
    desk.journal.flush()
    desk.journal.note(a_block())
    assert desk.pause() == pytest.approx(LAG)


def test_a_commit_that_fails_is_told_at_once(desk: Desk) -> None:
    desk.write_when_waited_for()
    desk.store.failure = "gone"
    assert not desk.journal.commit(a_block())
    assert desk.clock.monotonic() < COMMIT_TIMEOUT


def test_a_thousand_commits_while_the_store_is_down_hold_every_newest_state(desk: Desk) -> None:
    desk.write_when_waited_for()
    desk.store.failure = "gone"
    for attempts in range(1000):
        desk.journal.commit(a_block(attempts=attempts))
    assert desk.journal.pending == 1
    desk.store.failure = ""
    desk.journal.flush()
    assert desk.store.blocks["b1"].attempts == 999


def test_many_calls_are_written_in_several_batches_without_a_pause(desk: Desk) -> None:
    for number in range(PER_BATCH + 1):
        desk.journal.call_changed(Call(id=number, started=NOW))
    desk.journal.note(a_block())
    desk.journal.flush()
    assert [len(batch.calls) for batch in desk.store.batches] == [PER_BATCH]
    assert len(desk.store.batches[0].blocks) == 1
    assert desk.pause() == 0
    desk.journal.flush()
    assert [call.id for call in desk.store.batches[1].calls] == [PER_BATCH]
    assert desk.journal.pending == 0
