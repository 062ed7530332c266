"""More comes than can be handled: some of it is dropped, and what is known is true all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fluxcc.lab.port import Lab

from .conftest import is_refused, legs
from .daemon import Daemon
from .people import Person
from .waiting import until

SLOW = """
import gevent
from fluxcc.daemon.intake import Intake
from fluxcc.pbx.inbox import Inbox
Inbox.__init__.__defaults__ = (2,)
handle = Intake.handle
Intake.handle = lambda self, body: (gevent.sleep(0.005), handle(self, body))
"""
"""Two events may wait in place of thousands, and each takes 5 ms in place of 25 µs."""
CALLS = 10


def test_what_was_dropped_is_counted_and_mended(
    lab: Lab, make_daemon: Callable[..., Daemon], people: Iterator[Person], person: Person
) -> None:
    daemon = make_daemon()
    daemon.start(spoil=SLOW)

    def told() -> str:
        return f"the daemon knows what the PBX does: {daemon.status()} and {legs(lab)}"

    callers = [lab.call(next(people).number, "9999") for _ in range(CALLS)]
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
