"""Whatever the machine around it does, the daemon goes on (``docs/decisions/0003``). Every scenario
fails where its daemon's event loop was blocked (``tests/testing/stalls.py``); this is about what
blocks on purpose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.testing import stalls
from tests.testing.daemon import Daemon
from tests.testing.spoilers import CHECKED
from tests.testing.waiting import until


def test_a_directory_service_that_takes_its_time(make_daemon: Callable[..., Daemon]) -> None:
    """The operator is known by the number, and nobody else waits."""
    daemon = make_daemon()
    daemon.start(spoil="slow_directory")
    begun = time.monotonic()
    assert daemon.cli("block", "11977776666").code == 0
    assert time.monotonic() - begun < 3
    (row,) = [row for row in daemon.cli("audit", "--json").json if row["action"] == "block"]
    assert row["by"] == f"operator:{os.getuid()}"
    assert daemon.stop() == 0


@pytest.mark.parametrize("spoil", ["blocked_loop", "busy_loop"])
def test_a_stall_is_found_and_told_from_a_busy_processor(
    make_daemon: Callable[..., Daemon], spoil: str
) -> None:
    daemon = make_daemon()
    daemon.start(spoil=spoil)
    until(lambda: CHECKED in daemon.log, "one health check is over")
    daemon.signal(signal.SIGSTOP)
    time.sleep(0.3)
    daemon.signal(signal.SIGCONT)
    time.sleep(0.2)
    found = daemon.stalls
    stalls.file_beside(daemon._log).unlink(missing_ok=True)
    assert bool(found) == (spoil == "blocked_loop"), found
    assert ("spoilers.py" in found) == (spoil == "blocked_loop")
