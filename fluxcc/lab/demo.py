"""The main job, start to end, told step by step: ``fluxcc demo``.

On a FreeSWITCH of its own where this machine has one, on the built-in simulator elsewhere. Nothing
of the machine's own FreeSWITCH, configuration or store is touched: everything lives in a temporary
folder and on loopback.
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

from fluxcc.client import Board, BoardError, Reply
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError, Reason
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.marking import _

PRANKSTER = "+5511988887777"
OTHER_SPELLINGS = ("5511988887777", "011988887777")
SOMEBODY_ELSE = "5521977776666"
AGENT = "1000"
BLOCK = 6
"""Seconds that a block holds in the demo."""
REFUSED = 603
LONGEST_WAIT = 30.0
"""Seconds for anything that is waited for; a busy machine takes its time to start a daemon."""


class StoryError(LabError):
    """A step did not come out as it should. ``sentence`` is English, to be translated where it is
    shown; its ``{names}`` stand for ``facts``."""

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence.format(**facts))
        self.sentence = sentence
        self.facts = facts


class Story:
    """Prints each step and what came of it, in one language: the reader's."""

    def __init__(
        self, language: str, translate: Callable[[str], str], write: Callable[[str], None]
    ) -> None:
        """``language`` is what the daemon answers in, too; ``write`` is given a line."""
        self.language = language
        self._translate = translate
        self._write = write
        self._step = 0

    def title(self, message: str, **facts: object) -> None:
        """A line of its own."""
        self._write(self._translate(message).format(**facts))

    def step(self, message: str, **facts: object) -> None:
        """The next step, done."""
        self._step += 1
        self._write(f"{self._step:3}. {self._translate(message).format(**facts)}")

    def quote(self, text: str) -> None:
        """A text that is read in that step, on a line of its own, as it is."""
        self._write(f"     {text}")

    def place(self, lab: Lab, reason: Reason | None) -> None:
        """Where it happens, and why it is not a FreeSWITCH where it is not."""
        name = self._translate(lab.name)
        if reason is None:
            self.title(_("On {name}"), name=name)
        else:
            why = self._translate(reason.sentence).format(facts=reason.facts)
            self.title(_("On {name} ({reason})"), name=name, reason=why)


def choose_lab(*, simulated: bool) -> tuple[Lab, Reason | None]:
    """The PBX to show it on, and why it is not a FreeSWITCH where it is not."""
    reason = why_unavailable()
    if reason is None and not simulated:
        return RealLab(), None
    return SimulatedLab(), reason


def run(story: Story, *, simulated: bool) -> None:
    """Tell it. Raises ``LabError`` where something did not happen as it should."""
    lab, reason = choose_lab(simulated=simulated)
    with tempfile.TemporaryDirectory(prefix="fluxcc-demo-") as folder, lab:
        story.place(lab, reason)
        lab.install_kit(find_kit())
        with running_daemon(lab, Path(folder), story.language):
            _tell(story, lab)
    story.title(_("That is the whole story: it worked."))


def _tell(story: Story, lab: Lab) -> None:
    with Board(lab.host, lab.port, lab.password) as board:
        caller = lab.call(PRANKSTER, "5000")
        story.step(_("{number} calls the queue sales"), number=PRANKSTER)
        caller.wait_answered()
        story.step(_("Agent {agent} answers; the two are talking"), agent=AGENT)
        reply = mark(board)
        story.step(_("The agent marks the call as a prank; the board reads:"))
        story.quote(reply.text)
        caller.wait_ended()
        _wait_until_empty(lab)
        story.step(_("Both legs are gone"))
        for spelling in OTHER_SPELLINGS:
            status = lab.call(spelling, "5000").wait_ended()
            if status != REFUSED:
                raise StoryError(
                    _("{number} was not refused (SIP {status})"), number=spelling, status=status
                )
            story.step(
                _("The same caller as {number} is refused before any answer (SIP {status})"),
                number=spelling,
                status=status,
            )
        other = lab.call(SOMEBODY_ELSE, AGENT)
        other.wait_answered()
        other.hang_up()
        story.step(_("Somebody else, {number}, gets through"), number=SOMEBODY_ELSE)
        time.sleep(max(0.0, (reply.expires or 0) - time.time()))
        story.step(_("The block ends ({seconds} s here, 30 minutes as delivered)"), seconds=BLOCK)
        again = lab.call(PRANKSTER, AGENT)
        again.wait_answered()
        again.hang_up()
        story.step(_("{number} gets through again"), number=PRANKSTER)


def mark(board: Board) -> Reply:
    """Mark the agent's call as a prank, as soon as the daemon has seen that there is one."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            reply = board.prank(AGENT)
        except (BoardError, OSError) as error:
            raise StoryError(_("The board got no answer: {error}"), error=error) from error
        if reply.is_ok:
            return reply
        if reply.code != "no-live-call" or time.monotonic() > deadline:
            raise StoryError(_("The call was not marked as a prank: {text}"), text=reply.text)
        time.sleep(0.05)


def _wait_until_empty(lab: Lab) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not lab.api("show channels count").strip().startswith("0 "):
        if time.monotonic() > deadline:
            legs = lab.api("show channels")
            raise StoryError(_("Legs are left over:\n{legs}"), legs=legs)
        time.sleep(0.05)


@contextmanager
def running_daemon(lab: Lab, folder: Path, language: str) -> Iterator[None]:
    """A daemon of its own for the demo, as a process like any other."""
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
        # The service that may run on this machine has the port.
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
            raise StoryError(_("The daemon did not connect; its log:\n{log}"), log=log.read_text())
        time.sleep(0.05)
