"""Somebody sets the clock, summer time ends, the machine sleeps.

Blocks end when FreeSWITCH's clock says, none is lost and none is endless. The daemon runs under
libfaketime (Debian's ``faketime``), whose offset is changed while it runs; FreeSWITCH goes on with
the clock it has, as a real one does.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Line, fresh_number, is_refused
from fluxcc.client import Board
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.waiting import until

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
STEPS = {
    "set back an hour": "-1h",
    "set forward a day": "+1d",
    # Where summer time ends and begins; the daemon runs in New York.
    "an hour before summer time ends": "@2027-11-07 01:30:00",
    "when summer time begins": "@2028-03-12 01:59:58",
    "right again": "+0",
}
SHORT = 4
"""Seconds that a block of the test lasts."""


def run(report: Report, make_lab: Callable[[], Lab], folder: Path, *, quick: bool) -> None:
    """``time``."""
    with make_lab() as lab:
        lab.install_kit(find_kit())
        if LIBRARIES:
            chosen = dict(list(STEPS.items())[:2]) if quick else STEPS
            steps(report, lab, folder / "steps", chosen)
        else:
            report.figure("time steps", skipped="no libfaketime here (Debian: faketime)")
        suspended(report, lab, folder / "suspended", 3.0 if quick else 600.0)


def steps(report: Report, lab: Lab, folder: Path, chosen: dict[str, str]) -> None:
    """The clock is set, again and again; after each step a prank, and a block that ends."""
    folder.mkdir(parents=True)
    offset = folder / "offset"
    offset.write_text("+0")
    daemon = Subject(
        lab,
        folder,
        {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "TZ": "America/New_York",
        },
    )
    daemon.start()
    line, faults = Line(lab), list[str]()
    lasting = fresh_number()
    _block(daemon, lasting, 7200)
    worst = 0.0
    for name, value in chosen.items():
        offset.write_text(value)
        for wait in (0.0, 6.0)[
            : 2 if chosen is STEPS else 1
        ]:  # At once, and after FreeSWITCH's clock was asked again.
            time.sleep(wait)
            number = fresh_number()
            lab.call(number, "1000").wait_answered()
            call = daemon.wait_talking(number)
            with Board(lab.host, lab.port, lab.password) as board:
                reply = board.prank("1000", call=call["call"])
            theirs = int(line.api("strepoch"))
            if reply.code != "blocked" or not 1795 <= (reply.expires or 0) - theirs <= 1803:
                faults.append(f"{name}: {reply.code} until {(reply.expires or 0) - theirs} s on")
            if not is_refused(lab, number):
                faults.append(f"{name}: a number that was marked got through")
            worst = max(worst, _ends_on_time(lab, daemon, line, name, faults))
        if not is_refused(lab, lasting):
            faults.append(f"{name}: a block of before was lost")
    # A new life in a wrong clock: nothing ends before FreeSWITCH was asked.
    offset.write_text("+1d")
    daemon.kill()
    daemon.start()
    time.sleep(2)
    if not is_refused(lab, lasting) or daemon.status()["blocks"] < 2:
        faults.append("a restart in a wrong clock lost blocks")
    report.figure(
        "time steps",
        faults,
        steps=len(chosen),
        ended_after_their_second_at_most=worst,
        clock_offset=daemon.status()["clock_offset"],
    )
    daemon.close()
    line.close()


def _block(daemon: Subject, number: str, seconds: int) -> int:
    end: int = daemon.operate("block", number=number, duration=seconds)["reply"]["expires"]
    return end


def _ends_on_time(lab: Lab, daemon: Subject, line: Line, name: str, faults: list[str]) -> float:
    """A short block is at the gate until its second, and is forgotten soon after it."""
    number = fresh_number()
    end = _block(daemon, number, SHORT)
    if not is_refused(lab, number):
        faults.append(f"{name}: a short block let its caller through")
    until(lambda: int(line.api("strepoch")) >= end, "its second", SHORT + 8)
    if is_refused(lab, number):
        faults.append(f"{name}: a block is longer than FreeSWITCH's clock says")
    began = time.monotonic()
    until(lambda: number not in line.gate(), f"{name}: the key is gone", 10)
    return time.monotonic() - began


def suspended(report: Report, lab: Lab, folder: Path, seconds: float) -> None:
    """The daemon sleeps, and the PBX does not."""
    daemon = Subject(lab, folder)
    daemon.start()
    line, faults = Line(lab), list[str]()
    short, lasting = fresh_number(), fresh_number()
    end = _block(daemon, short, 2)
    _block(daemon, lasting, 7200)
    lab.call(fresh_number(), "1000").wait_answered()
    daemon.signal(signal.SIGSTOP)
    time.sleep(seconds / 2)
    lab.call(fresh_number(), "1001").wait_answered()
    time.sleep(seconds / 2)
    if not is_refused(lab, lasting):
        faults.append("a block was not enforced while the daemon slept")
    until(lambda: time.time() > end + 1, "the short block's end", 10)
    if is_refused(lab, short):
        faults.append("a block did not end while the daemon slept")
    daemon.signal(signal.SIGCONT)
    began = time.monotonic()
    until(lambda: _knows(daemon, line), "it knows the calls again", 20)
    took = time.monotonic() - began
    until(lambda: short not in line.gate(), "the ended block's key is gone", 10)
    call = daemon.calls()[0]
    with Board(lab.host, lab.port, lab.password) as board:
        reply = board.prank(call["agent"], call=call["call"])
    if reply.code != "blocked":
        faults.append(f"the first prank afterwards was answered {reply.code}")
    report.figure("time suspended", faults, seconds=seconds, knows_all_after_s=took)
    line.api("hupall")
    daemon.close()
    line.close()


def _knows(daemon: Subject, line: Line) -> bool:
    try:
        return daemon.agrees(line) and bool(daemon.status()["connected"])
    except (OSError, ValueError):
        return False
