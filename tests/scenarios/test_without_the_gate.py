"""What the daemon does itself where the dialplan does not refuse (contract, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import is_refused
from .people import Person


@pytest.fixture
def without_kit(lab: Lab, daemon: Daemon) -> Iterator[None]:
    """The daemon runs already when somebody takes the gate away."""
    lab.install_kit(None)
    yield
    lab.install_kit(find_kit())


@pytest.mark.usefixtures("without_kit")
def test_the_daemon_ends_a_blocked_callers_call_itself(
    lab: Lab, daemon: Daemon, person: Person, somebody_else: Person
) -> None:
    """Contract, section 2: ended when its leg is created; log and ``status`` say that the gate is
    gone."""
    assert daemon.cli("block", person.number).code == 0
    _ends_by_itself(lab, person.number)
    _ends_by_itself(lab, person.other_spellings[2], "9999")
    until(lambda: _attempts(daemon, person) == 2, "both attempts are counted")

    other = lab.call(somebody_else.number, "1000")
    other.wait_answered()
    with pytest.raises(LabError):
        other.wait_ended(0.3)

    assert "the gate is missing from a dialplan context" in daemon.log
    assert "context=public" in daemon.log
    assert daemon.cli("status", "--json").json["contexts_without_gate"] == ["public"]
    assert "MISSING" in daemon.cli("status").stdout

    lab.install_kit(find_kit())
    until(lambda: not daemon.status()["contexts_without_gate"], "the gate is seen to be back")
    assert is_refused(lab, person.number)
    assert "MISSING" not in daemon.cli("status").stdout


def test_the_daemon_ends_a_call_in_a_spelling_that_no_key_has(
    lab: Lab, daemon: Daemon, person: Person
) -> None:
    """Contract, section 2, every spelling: a carrier's code in front is the same person."""
    assert daemon.cli("block", person.number).code == 0
    _ends_by_itself(lab, f"02111{person.local}")
    until(lambda: _attempts(daemon, person) == 1, "the attempt is counted")


def test_another_cause_can_be_configured(lab: Lab, make_daemon, person: Person) -> None:
    """Contract, sections 2 and 5, ``[blocks] reject_cause``: the gate uses it too."""
    daemon = make_daemon(FLUXCC_BLOCKS_REJECT_CAUSE="USER_BUSY")
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    assert lab.call(person.number, "1000").wait_ended() == 486


def _ends_by_itself(lab: Lab, number: str, destination: str = "1000") -> None:
    # The agent's telephone may have answered before the daemon could end the call.
    assert lab.call(number, destination).wait_ended(timeout=2) in {200, 603}


def _attempts(daemon: Daemon, person: Person) -> int:
    block = daemon.block_of(person.number)
    return block.attempts if block is not None else 0
