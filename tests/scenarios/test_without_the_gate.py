"""What the daemon does itself where the dialplan does not refuse (contract, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .people import Person
from .scene import Scene


@pytest.fixture
def without_kit(scene: Scene) -> Iterator[None]:
    """The daemon runs already when somebody takes the gate away."""
    scene.lab.install_kit(None)
    yield
    scene.lab.install_kit(find_kit())


@pytest.mark.usefixtures("without_kit")
def test_the_daemon_ends_a_blocked_callers_call_itself(scene: Scene) -> None:
    """Contract, section 2: ended when its leg is created; log and ``status`` say that the gate is
    gone."""
    assert scene.daemon.cli("block", scene.number).code == 0
    assert scene.is_turned_away(scene.number)
    assert scene.is_turned_away(scene.person.other_spellings[2], "9999")
    until(lambda: _attempts(scene.daemon, scene.person) == 2, "both attempts are counted")

    other = scene.lab.call(scene.somebody_else.number, "1000")
    other.wait_answered()
    with pytest.raises(LabError):
        other.wait_ended(0.3)

    assert "the gate is missing from a dialplan context" in scene.daemon.log
    assert "context=public" in scene.daemon.log
    assert scene.daemon.cli("status", "--json").json["contexts_without_gate"] == ["public"]
    assert "MISSING" in scene.daemon.cli("status").stdout

    scene.lab.install_kit(find_kit())
    until(lambda: not scene.daemon.status()["contexts_without_gate"], "the gate is seen to be back")
    assert scene.is_refused(scene.number)
    assert "MISSING" not in scene.daemon.cli("status").stdout


def test_a_call_in_a_spelling_that_no_key_has_is_an_attempt(scene: Scene) -> None:
    """Contract, section 2a: a carrier's code in front is the same person, to gate and daemon."""
    assert scene.daemon.cli("block", scene.number).code == 0
    assert scene.is_refused(f"02111{scene.person.local}")
    until(lambda: _attempts(scene.daemon, scene.person) == 1, "the attempt is counted")


def test_another_cause_can_be_configured(lab: Lab, make_daemon, person: Person) -> None:
    """Contract, sections 2 and 5, ``[blocks] reject_cause``: the gate uses it too."""
    daemon = make_daemon(FLUXCC_BLOCKS_REJECT_CAUSE="USER_BUSY")
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    assert lab.call(person.number, "1000").wait_ended() == 486


def _attempts(daemon: Daemon, person: Person) -> int:
    block = daemon.block_of(person.number)
    return block.attempts if block is not None else 0
