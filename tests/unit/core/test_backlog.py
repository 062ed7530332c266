"""What waits for a store that is away: promises for ever, history up to a limit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fluxcc.core import backlog as backlog_module
from fluxcc.core.backlog import Backlog
from fluxcc.core.calls.memory import record
from fluxcc.domain.calls import Call, CallRecord, Outcome
from fluxcc.domain.codes import Status
from fluxcc.domain.retention import RecordKind
from tests.builders import a_block
from tests.fakes import NOW
from tests.unit.core.test_journal import an_audit


@pytest.fixture
def backlog(monkeypatch: pytest.MonkeyPatch) -> Backlog:
    monkeypatch.setattr(backlog_module, "MOST_ENDED", 3)
    monkeypatch.setattr(backlog_module, "MOST_HISTORY", 2)
    return Backlog()


def ended(id: int) -> Call:
    return Call(id=id, started=NOW, ended=NOW + 60, outcome=Outcome.ANSWERED, number="+5511")


def calls(backlog: Backlog) -> list[CallRecord]:
    return list(backlog.take().batch().calls)


def test_an_ended_call_that_waited_as_bytes_is_written_as_it_was(backlog: Backlog) -> None:
    backlog.change(ended(1), is_away=True)
    assert calls(backlog) == [record(ended(1))]


def test_the_oldest_ended_calls_are_given_up_and_counted(backlog: Backlog) -> None:
    for id in range(5):
        backlog.change(ended(id), is_away=True)
    assert backlog.lost == {RecordKind.CALLS: 2}
    assert [call.id for call in calls(backlog)] == [2, 3, 4]


def test_a_live_call_is_never_given_up(backlog: Backlog) -> None:
    for id in range(5):
        backlog.change(Call(id=id, started=NOW), is_away=True)
    assert not backlog.lost
    assert len(calls(backlog)) == 5


def test_promises_are_never_given_up(backlog: Backlog) -> None:
    for id in range(9):
        backlog.promise((an_audit(id), a_block(f"b{id}")))
    for id in range(10, 15):
        backlog.note((an_audit(id, status=Status.REFUSED),))
    batch = backlog.take().batch()
    assert len(batch.blocks) == 9
    assert {row.id for row in batch.audit} == {*range(9), 13, 14}
    assert backlog.lost == {RecordKind.AUDIT: 3}


def test_a_promise_stays_one_when_it_is_noted_again(backlog: Backlog) -> None:
    backlog.promise((an_audit(1),))
    for id in (1, 2, 3, 4):
        backlog.note((an_audit(id, status=Status.REFUSED),))
    rows = backlog.take().batch().audit
    assert sorted((row.id, row.status) for row in rows) == [
        (1, "refused"),
        (3, "refused"),
        (4, "refused"),
    ]


def test_what_is_put_back_waits_in_front_and_never_over_what_is_newer(backlog: Backlog) -> None:
    first = ended(1)
    backlog.change(first, is_away=False)
    backlog.change(Call(id=2, started=NOW), is_away=False)
    backlog.note((an_audit(7),))
    taken = backlog.take()
    backlog.change(ended(2), is_away=True)
    backlog.change(ended(3), is_away=True)
    backlog.note((an_audit(7, status=Status.REFUSED),))
    backlog.put_back(taken)
    again = backlog.take().batch()
    assert [call.id for call in again.calls] == [2, 3, 1]
    assert [call.ended for call in again.calls] == [NOW + 60] * 3
    assert [row.status for row in again.audit] == [Status.REFUSED]
    assert len(backlog) == 0


MEASURE = """
import resource
from fluxcc.core.backlog import Backlog
from fluxcc.domain.calls import Call, Direction
from fluxcc.domain.agents import Agent
backlog = Backlog()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
for id in range(300_000):
    backlog.change(Call(
        id=1_795_000_000_000_000 + id, started=1_795_000_000.0 + id, ended=1_795_000_060.0 + id,
        bridged=1_795_000_005.0, agent=Agent("1000"), number=f"+55119{id:08d}", group="sales",
        customer_uuid=f"{id:036d}", agent_uuid=f"{id:036x}", cause="NORMAL_CLEARING",
        direction=Direction.RECEIVED,
    ), is_away=True)
print(before, peak(), sum(backlog.lost.values()))
"""


def test_ended_calls_take_no_more_memory_than_as_many_as_may_wait() -> None:
    """The unit's limit is 512 MB, and the daemon's own use 60 to 90."""
    printed = subprocess.run(
        [sys.executable, "-c", MEASURE], check=True, capture_output=True, text=True
    ).stdout
    before, after, lost = map(int, printed.split())
    assert lost == 200_000
    assert after - before < 80, f"{after - before} MB"
