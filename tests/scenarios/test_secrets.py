"""Who may look at what of a daemon that runs (docs/security.md)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon

from .conftest import Talk, is_talking


def test_the_password_is_in_no_log_argument_core_or_output(
    lab: Lab, make_daemon: Callable[..., Daemon]
) -> None:
    daemon = make_daemon(FLUXCC_LOG_LEVEL="DEBUG")
    daemon.start(cold=True)
    process = Path(f"/proc/{daemon.pid}")
    assert lab.password not in (process / "cmdline").read_text()
    limits = (process / "limits").read_text().splitlines()
    assert [line.split()[4:6] for line in limits if "core file size" in line] == [["0", "0"]]
    for command in (["config", "show"], ["config", "show", "--json"], ["status"], ["doctor"]):
        printed = daemon.cli(*command)
        assert lab.password not in printed.stdout + printed.stderr
    daemon.stop()
    assert lab.password not in daemon.log


def test_a_wrong_password_is_not_told(make_daemon: Callable[..., Daemon]) -> None:
    daemon = make_daemon(FLUXCC_PBX_PASSWORD="not-the-right-one")
    printed = daemon.cli("run")
    assert printed.code == 78
    assert "not-the-right-one" not in printed.stdout + printed.stderr


def test_its_files_are_for_its_group_at_the_most(make_daemon: Callable[..., Daemon]) -> None:
    """Whatever the umask of whoever starts it."""
    former = os.umask(0)
    try:
        daemon = make_daemon()
        daemon.start(cold=True)
    finally:
        os.umask(former)
    modes = {path.name: path.stat().st_mode for path in daemon.database.parent.iterdir()}
    del modes["daemon.log"]
    assert stat.S_ISSOCK(modes["fluxcc.sock"])
    assert {name: oct(stat.S_IMODE(mode)) for name, mode in modes.items()} == {
        name: "0o660" if name == "fluxcc.sock" else "0o640" for name in modes
    }
    assert (process_umask := _umask(daemon)) & 0o027 == 0o027, oct(process_umask)


def _umask(daemon: Daemon) -> int:
    lines = Path(f"/proc/{daemon.pid}/status").read_text().splitlines()
    return next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))


def test_somebody_elses_call_is_refused_and_audited(
    lab: Lab, daemon: Daemon, board: Board, number: str, talk: Callable[..., Talk]
) -> None:
    call = talk(number, "1001")
    reply = board.ask("prank", "1000", call=call.customer, reason="not mine")
    assert (reply.status, reply.code) == ("refused", "not-your-call")
    assert is_talking(lab, call)
    row = daemon.audited(reply.request)
    assert (row["by"], row["agent"], row["call"]) == ("agent:1000", "1000", call.customer)
    assert (row["status"], row["code"], row["reason"]) == ("refused", "not-your-call", "not mine")
