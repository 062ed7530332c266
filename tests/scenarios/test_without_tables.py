"""A FreeSWITCH that was started with ``-nosql`` lists no calls: the daemon works by events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .people import STRANGERS, Person
from .scene import Scene


@pytest.fixture
def scene(lab: Lab, make_daemon: Callable[..., Daemon]) -> Iterator[Scene]:
    """As ever, beside a PBX without tables."""
    lab.kill()
    lab.start(has_tables=False)
    daemon = make_daemon()
    daemon.start()
    scene = Scene(lab, daemon)
    yield scene
    scene.close()
    lab.kill()
    lab.start()


def test_an_action_works_and_everybody_is_told_what_is_missing(scene: Scene) -> None:
    """Once in the log, in ``status`` and by ``doctor`` with the remedy."""
    person = scene.person
    talk = scene.talk(person.number)
    assert scene.board.prank("1000").code == "blocked"
    talk.wait_over()
    assert is_refused(scene.lab, person.number)
    daemon = scene.daemon
    assert daemon.log.count("-nosql") == 1
    assert daemon.cli("status", "--json").json["calls_listed"] is False
    assert "does NOT list its calls" in daemon.cli("status").stdout
    found = {f["code"]: f for f in daemon.cli("doctor", "--json").json["findings"]}
    assert found["calls-not-listed"]["state"] == "warning"
    assert "without -nosql" in found["calls-not-listed"]["remedy"]


def test_a_daemon_that_comes_back_finds_the_calls_that_it_knew(scene: Scene) -> None:
    """And not those that began without it, which it says."""
    person, unseen = scene.person, next(STRANGERS)
    talk = scene.talk(person.number)
    until(lambda: is_written(scene.daemon, person), "the store has the call")
    scene.daemon.kill()
    other = scene.lab.call(unseen.number, "1001")
    other.wait_answered()
    scene.daemon.start()
    found = scene.daemon.wait_talking(person.number)
    assert (found["call"], found["agent"], set(found["legs"])) == (
        talk.customer,
        "1000",
        set(talk.call["legs"]),
    )
    assert [call["number"] for call in scene.daemon.calls()] == [person.number]
    assert scene.board.hangup("1000").code == "ended"
    talk.wait_over()
    other.hang_up()
    until(lambda: scene.legs() == 0, "nobody is left")


def is_written(daemon: Daemon, person: Person) -> bool:
    """Whether the store has a call of this person with an agent."""
    return any(
        person.number == call.number and call.agent and call.bridged
        for call in daemon.store.live_calls()
    )
