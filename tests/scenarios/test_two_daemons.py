"""A second daemon on what one daemon alone may use says so, ends, and takes nothing from the first;
one that is gone keeps nobody off (contract, section 5)."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluxcc.cli.session import MISCONFIGURED
from fluxcc.pbx.claim import DAEMON_VARIABLE
from tests.testing.daemon import Daemon

from .scene import Scene

UNSET = "-ERR no reply"


@pytest.fixture
def make_second(scene: Scene, tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """A second daemon beside the scene's, with a store and a socket of its own."""
    made: list[Daemon] = []

    def make(**settings: str) -> Daemon:
        made.append(Daemon(scene.lab, tmp_path, settings))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


def claim(scene: Scene) -> str:
    """Who FreeSWITCH says that it is served by."""
    return scene.lab.api(f"global_getvar {DAEMON_VARIABLE}").strip()


def refused(second: Daemon) -> str:
    """What it says as it ends."""
    second.start(connected=False)
    assert second.wait_ended(20) == MISCONFIGURED
    return second.log.splitlines()[-1]


def test_a_second_daemon_on_one_freeswitch(
    scene: Scene, make_second: Callable[..., Daemon]
) -> None:
    """Each request is answered once, and each call ended once."""
    said = refused(make_second())
    assert f"another daemon (process {scene.daemon.pid} on " in said
    assert "serves this FreeSWITCH" in said
    call = scene.talk(scene.number)
    assert scene.board.prank("1000").code == "blocked"
    assert scene.are_gone(*call.call["legs"])
    assert (
        len([row for row in scene.daemon.store.audit(limit=99) if row.call == call.customer]) == 1
    )


def test_a_second_daemon_on_one_store(scene: Scene, make_second: Callable[..., Daemon]) -> None:
    """By whichever path; its socket is elsewhere."""
    second = make_second()
    second.database.symlink_to(scene.daemon.database)
    said = refused(second)
    assert f"another daemon (process {scene.daemon.pid}) uses {scene.daemon.database}" in said
    assert scene.daemon.status()["connected"]


def test_a_second_daemon_on_one_socket(scene: Scene, make_second: Callable[..., Daemon]) -> None:
    said = refused(make_second(FLUXCC_CONTROL_SOCKET=str(scene.daemon.socket)))
    assert f"another daemon (process {scene.daemon.pid}) uses {scene.daemon.socket}" in said
    assert scene.daemon.status()["connected"]


def test_a_file_at_the_sockets_path(
    scene: Scene, make_second: Callable[..., Daemon], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("precious")
    assert "is no socket" in refused(make_second(FLUXCC_CONTROL_SOCKET=str(kept)))
    assert kept.read_text() == "precious"


def test_the_next_daemon_takes_over_at_once(
    scene: Scene, make_second: Callable[..., Daemon]
) -> None:
    """After an end, and after a kill, which leaves the claim; one that is stopped is alive."""
    second, pid = make_second(), scene.daemon.pid
    scene.daemon.signal(signal.SIGSTOP)
    assert "serves this FreeSWITCH" in refused(second)
    scene.daemon.signal(signal.SIGCONT)
    scene.daemon.kill()
    assert f":{pid}/" in claim(scene)
    second.start(connected=False)
    second.wait_connected(timeout=5)
    assert second.stop() == 0
    assert claim(scene) == UNSET
    scene.daemon.start()
    assert scene.daemon.status()["connected"]


def test_a_daemon_that_was_taken_over_ends(
    scene: Scene, make_daemon: Callable[..., Daemon]
) -> None:
    """It finds at its next health check that one of another machine is there, which writes."""
    daemon = make_daemon()
    daemon.start()
    theirs = f"{'f' * 12}@elsewhere:1/{'e' * 12}"
    scene.lab.api(f"global_setvar {DAEMON_VARIABLE}={theirs}/1")
    beats = 1

    def beat_until_ended() -> int:
        nonlocal beats
        while daemon.is_running:
            beats += 1
            scene.lab.api(f"global_setvar {DAEMON_VARIABLE}={theirs}/{beats}")
        return daemon.wait_ended()

    assert beat_until_ended() == MISCONFIGURED
    assert "another daemon (process 1 on elsewhere) serves this FreeSWITCH" in daemon.log
    scene.lab.api(f"global_setvar {DAEMON_VARIABLE}=")
