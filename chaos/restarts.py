"""FreeSWITCH is killed and started again, sometimes after a while.

Calls of before are closed as lost, and every live block is at the gate again at most 2 s after the
event socket accepts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Crowd, Line, fresh_number
from fluxcc.core.blocks.comparison import PERIOD
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.waiting import until

BLOCKS = 200
AGAIN = 2.0
"""Seconds; contract, section 2."""
LONGEST_ABSENCE = 8.0


def run(
    report: Report,
    make_lab: Callable[[], Lab],
    folder: Path,
    *,
    quick: bool,
    count: int = 0,
    rate: float = 20.0,
) -> None:
    """``restarts``."""
    restarts = count or (2 if quick else 20)
    with make_lab() as lab:
        lab.install_kit(find_kit())
        check(report, lab, folder, restarts, rate)


def check(report: Report, lab: Lab, folder: Path, restarts: int, rate: float) -> None:
    """One restart after the other."""
    daemon = Subject(lab, folder)
    daemon.start()
    for _ in range(BLOCKS):
        daemon.operate("block", number=fresh_number(), duration=7200)
    line = Line(lab)
    wanted = line.gate()
    faults: list[str] = []
    back: list[float] = []
    lost = 0
    if len(wanted) != BLOCKS * 5:
        faults.append(f"{len(wanted)} keys at the gate before anything happened")
    for number in range(restarts):
        with Crowd(lab, rate, 3.0) as crowd:
            time.sleep(1.5)
            if isinstance(lab, SimulatedLab):
                crowd.pause()
                until(lambda line=line: daemon.agrees(line), "the calls are known")
                time.sleep(0.3)
            before = {call.id for call in daemon.store.live_calls()}
            lab.kill()
            time.sleep(random.choice([0.0, random.uniform(0, LONGEST_ABSENCE)]))
            said = daemon.connects
            lab.start()
            began = time.monotonic()
            back.append(_back_after(lab, wanted, began))
            if back[-1] > AGAIN:
                faults.append(f"restart {number}: blocks were back after {back[-1]:.1f} s")
            daemon.wait_connected(said + 1)
            time.sleep(0.5)
            ended = {call.id: call for call in daemon.store.ended_calls(limit=10_000)}
            for call in before:
                outcome = ended[call].outcome if call in ended else "live"
                lost += outcome == "lost"
                # Where nobody can be told to hold still, some end in the last moment.
                if outcome == "live" or (outcome != "lost" and isinstance(lab, SimulatedLab)):
                    faults.append(f"restart {number}: a call of before is {outcome}")
            line = Line(lab)
            try:
                # The next calls come already, so the two answers are seldom of the same moment.
                until(lambda line=line: daemon.agrees(line), "the legs agree", 10)
            except AssertionError:
                faults.append(f"restart {number}: the legs differ")
    _reload_mod_hash(line, wanted, report)
    _empty_mod_hash(line, wanted, report)
    report.figure(
        "restarts",
        faults,
        restarts=restarts,
        keys=len(wanted),
        back_after_s_at_most=max(back),
        calls_closed_as_lost=lost,
    )
    daemon.close()


def _back_after(lab: Lab, wanted: dict[str, int], began: float) -> float:
    while True:
        try:
            if Line(lab).gate() == wanted:
                return time.monotonic() - began
        except (OSError, LabError):
            pass
        if time.monotonic() - began > 15:
            return 15.0
        time.sleep(0.05)


def _reload_mod_hash(line: Line, wanted: dict[str, int], report: Report) -> None:
    """The module tells that it was loaded, and is told again at once."""
    line.api("reload mod_hash")
    took = _told_after(line, wanted, AGAIN)
    report.figure(
        "restarts mod-hash-reloaded", ["not told"] if took > AGAIN else [], back_after=took
    )


def _empty_mod_hash(line: Line, wanted: dict[str, int], report: Report) -> None:
    """Nothing tells that a person deleted keys by hand; the next comparison sees it."""
    for key in ("fluxcc/reject_cause", *(f"fluxcc_block/{key}" for key in wanted)):
        line.api(f"hash delete/{key}")
    limit = PERIOD + AGAIN
    took = _told_after(line, wanted, limit)
    report.figure(
        "restarts mod-hash-emptied", ["not told"] if took > limit else [], back_after=took
    )


def _told_after(line: Line, wanted: dict[str, int], limit: float) -> float:
    began = time.monotonic()
    while line.gate() != wanted and time.monotonic() - began <= limit:
        time.sleep(0.1)
    return time.monotonic() - began
