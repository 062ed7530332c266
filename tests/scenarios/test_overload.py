"""More comes than can be handled: some of it is dropped, and what is known is true all the same."""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .pbx import legs
from .people import STRANGERS, Person

CALLS = 10


def test_what_was_dropped_is_counted_and_mended(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    daemon = make_daemon()
    daemon.start(spoil="slow_events")

    def told() -> str:
        return f"the daemon knows what the PBX does: {daemon.status()} and {legs(lab)}"

    callers = [lab.call(next(STRANGERS).number, "9999") for _ in range(CALLS)]
    for caller in callers:
        caller.wait_answered()
    until(lambda: daemon.status()["events_dropped"], "events are dropped")
    until(lambda: daemon.status()["legs"] == legs(lab) == CALLS, told, 10)

    for caller in callers[CALLS // 2 :]:
        caller.hang_up()
    until(lambda: daemon.status()["legs"] == legs(lab) == CALLS // 2, told, 10)
    assert daemon.status()["resyncs"] > 2
    assert daemon.cli("block", person.number).code == 0
    assert is_refused(lab, person.number)
