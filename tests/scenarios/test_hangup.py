"""An agent ends a call of a group without a survey (contract, section 1)."""

from __future__ import annotations

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .kinds import AGENT, GROUP, Calls, Kind, Supervisor, both_ways, every_kind, wait_free
from .people import Person


@every_kind
def test_both_legs_end(
    *, lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """Both are gone when the board hears so, and the number may call again."""
    talk = calls.connect(kind, person)
    reply = board.ask("hangup", AGENT)
    assert talk.customer_is_gone()
    assert talk.agent_is_gone()
    assert (reply.status, reply.code, reply.call) == ("ok", "ended", talk.customer)
    wait_free(lab)
    if talk.caller is not None:
        assert talk.caller.wait_ended() == 200
    (row,) = until(lambda: daemon.store.ended_calls(number=talk.number, limit=9), "history")
    assert (row.direction, row.agent, row.group) == (kind.direction, AGENT, GROUP)
    assert row.outcome == "answered"
    assert daemon.block_of(person.number) is None


@both_ways
def test_a_survey_that_was_switched_off(
    board: Board, calls: Calls, supervisor: Supervisor, person: Person, kind: Kind
) -> None:
    """The supervisor's change counts for a call that is up already."""
    supervisor.sets_group(has_survey=True, trigger="any")
    talk = calls.connect(kind, person)
    supervisor.sets_group(has_survey=False)
    assert board.ask("encerrar", AGENT).code == "ended"
    assert talk.customer_is_gone()
    talk.wait_over()
