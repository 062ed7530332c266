"""Runs the main job, start to end, and prints each step: ``fluxcc demo``.

It uses a FreeSWITCH of its own where this machine has one, the built-in simulator elsewhere. The
machine's own FreeSWITCH, configuration and store are not touched: everything is in a temporary
folder and on loopback. Counterpart: ``cli.demo``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fluxcc.client import Board, Reply
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError, Reason
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.marking import _

PRANKSTER = "+5511988887777"
OTHER_SPELLINGS = ("5511988887777", "011988887777")
OTHER_CALLER = "5521977776666"
AGENT = "1000"
BLOCK = 6
"""Seconds that a block holds in the demo."""
REFUSED = 603
LONGEST_WAIT = 10.0
"""Seconds for which each step's result is waited for."""


class Printer:
    """Prints the steps and their results, in the reader's language."""

    def __init__(
        self, language: str, translate: Callable[[str], str], write: Callable[[str], None]
    ) -> None:
        """``language`` is also that of the daemon's replies; ``write`` prints a line."""
        self.language = language
        self._translate = translate
        self._write = write
        self._step = 0

    def title(self, message: str, **facts: object) -> None:
        """Print a line without a number."""
        self._write(self._translate(message).format(**facts))

    def step(self, message: str, **facts: object) -> None:
        """Print a numbered step that was done."""
        self._step += 1
        self._write(f"{self._step:3}. {self._translate(message).format(**facts)}")

    def place(self, lab: Lab, reason: Reason | None) -> None:
        """Print on which PBX it runs, and the reason where that is not a FreeSWITCH."""
        name = self._translate(lab.name)
        if reason is None:
            self.title(_("On {name}"), name=name)
        else:
            why = self._translate(reason.sentence).format(facts=reason.facts)
            self.title(_("On {name} ({reason})"), name=name, reason=why)


def choose_lab(*, simulated: bool) -> tuple[Lab, Reason | None]:
    """The PBX to run on, and the reason where it is not a FreeSWITCH."""
    reason = why_unavailable()
    if reason is None and not simulated:
        return RealLab(), None
    return SimulatedLab(), reason


def run(printer: Printer, *, simulated: bool) -> None:
    """Run the demo. Raises ``LabError`` where a step has another result than it should."""
    lab, reason = choose_lab(simulated=simulated)
    with tempfile.TemporaryDirectory(prefix="fluxcc-demo-") as folder, lab:
        printer.place(lab, reason)
        lab.install_kit(find_kit())
        with running_daemon(lab, Path(folder), printer.language):
            _run_steps(printer, lab)
    printer.title(_("That is the whole story: it worked."))


def _run_steps(printer: Printer, lab: Lab) -> None:
    with Board(lab.host, lab.port, lab.password) as board:
        caller = lab.call(PRANKSTER, "5000")
        printer.step(_("{number} calls the queue sales"), number=PRANKSTER)
        caller.wait_answered()
        printer.step(_("Agent {agent} answers; the two are talking"), agent=AGENT)
        reply = mark(board)
        printer.step(
            _("The agent marks the call as a prank; the board reads: {text}"),
            text=f"{reply.code}: {reply.text}",
        )
        caller.wait_ended()
        _wait_until_empty(lab)
        printer.step(_("Both legs are gone"))
        for spelling in OTHER_SPELLINGS:
            status = lab.call(spelling, "5000").wait_ended()
            if status != REFUSED:
                raise LabError(f"{spelling} was not refused: SIP {status}")
            printer.step(
                _("The same caller as {number} is refused before any answer (SIP {status})"),
                number=spelling,
                status=status,
            )
        other = lab.call(OTHER_CALLER, AGENT)
        other.wait_answered()
        other.hang_up()
        printer.step(_("Somebody else, {number}, gets through"), number=OTHER_CALLER)
        time.sleep(max(0.0, (reply.expires or 0) - time.time()))
        printer.step(_("The block ends ({seconds} s here, 30 minutes as delivered)"), seconds=BLOCK)
        again = lab.call(PRANKSTER, AGENT)
        again.wait_answered()
        again.hang_up()
        printer.step(_("{number} gets through again"), number=PRANKSTER)


def mark(board: Board) -> Reply:
    """Mark the agent's call as a prank, as soon as the daemon has seen that there is one."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        reply = board.prank(AGENT)
        if reply.is_ok:
            return reply
        if reply.code != "no-live-call" or time.monotonic() > deadline:
            raise LabError(f"the prank was not accepted: {reply.code}: {reply.text}")
        time.sleep(0.05)


def _wait_until_empty(lab: Lab) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not lab.api("show channels count").strip().startswith("0 "):
        if time.monotonic() > deadline:
            raise LabError(f"legs are left over: {lab.api('show channels')}")
        time.sleep(0.05)


@contextmanager
def running_daemon(lab: Lab, folder: Path, language: str) -> Iterator[None]:
    """A daemon for the demo, as a process of its own."""
    log = folder / "daemon.log"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("FLUXCC_")
    } | {
        "FLUXCC_PBX_HOST": lab.host,
        "FLUXCC_PBX_PORT": str(lab.port),
        "FLUXCC_PBX_PASSWORD": lab.password,
        "FLUXCC_STORE_URL": f"sqlite:///{folder / 'demo.db'}",
        "FLUXCC_LANG": language,
        "FLUXCC_BLOCKS_DURATION": f"{BLOCK}s",
        "FLUXCC_NUMBERS_AREA_CODE": "11",
        # A service on this machine may use the default port.
        "FLUXCC_METRICS_LISTEN": "",
        "FLUXCC_CONFIG": os.devnull,
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fluxcc", "run"], env=environment, stderr=output
        )
        try:
            _wait_until_connected(process, log)
            yield
        finally:
            process.terminate()
            process.wait(LONGEST_WAIT)


def _wait_until_connected(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while "connected to FreeSWITCH" not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError(f"the daemon did not connect: {log.read_text()}")
        time.sleep(0.05)
