"""The daemon's log is read by nobody, or it has no standard streams at all: agents are served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .people import Person

UNREAD = 'exec "$@" 2> >(exec tail --pid=$$ -f /dev/null >/dev/null 2>&1)'
"""Its stderr is a pipe from which nobody reads, for as long as it runs."""
CLOSED = 'exec "$@" <&- >&- 2>&-'
MORE_THAN_A_PIPE_TAKES = 300
"""Blocks, each of which is two lines of the log."""


@pytest.mark.parametrize("streams", [UNREAD, CLOSED], ids=["unread", "closed"])
def test_agents_are_served(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person, streams: str
) -> None:
    daemon = make_daemon()
    daemon.start(cold=True, connected=False, wrapper=["bash", "-c", streams, "wrapper"])
    until(lambda: _connected(daemon), "the daemon is connected")
    if streams is UNREAD:
        for number in range(MORE_THAN_A_PIPE_TAKES):
            daemon.operate("block", number=f"+551196{number:07d}")
    lab.call(person.number, "1000").wait_answered()
    daemon.wait_talking(person.number)
    with daemon.board() as board:
        assert board.prank("1000").code == "blocked"
    assert is_refused(lab, person.number)
    assert daemon.stop() == 0


def _connected(daemon: Daemon) -> Any:
    try:
        return daemon.status()["connected_since"]
    except OSError:
        return None
