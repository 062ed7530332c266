"""Long and busy: all four actions mixed, one restart of each side, and nothing grows.

Resident memory after a quarter of the time and at its end differs by less than 5 %, open files,
threads and greenlets are constant, and in the end no channel, no agent in a call and no key of
mod_hash is left over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from chaos.actors import Actors
from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Crowd, Line
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.waiting import until

DESTINATIONS = (*("1000", "1001") * 5, "5000")
"""One in eleven comes through the queue."""
BLOCK = 20
"""Seconds: so that keys come and go."""
GROWTH = 0.05
THREADS = 7
"""The loop's own, those of ``runtime.THREADS`` and of gevent's resolver; they come as needed."""


def run(
    report: Report,
    make_lab: Callable[[], Lab],
    folder: Path,
    *,
    quick: bool,
    minutes: float = 20.0,
    rate: float = 15.0,
) -> None:
    """``soak``."""
    if quick:
        minutes = min(minutes, 0.2)
    with make_lab() as lab:
        lab.install_kit(find_kit())
        check(report, lab, folder, minutes * 60, rate, block=5 if quick else BLOCK)


def check(
    report: Report, lab: Lab, folder: Path, seconds: float, rate: float, *, block: int
) -> None:
    """Both sides are restarted early, so that what is compared is one life."""
    daemon = Subject(lab, folder, {"FLUXCC_BLOCKS_DURATION": f"{block}s"})
    daemon.start()
    _set_up(daemon)
    idle = daemon.vitals()
    faults: list[str] = []
    began = time.monotonic()
    with (
        Crowd(lab, rate, 3.0, DESTINATIONS) as crowd,
        Actors(lab, daemon, ("prank", "conference", "transfer", "hangup"), count=3) as actors,
    ):
        _wait(began + seconds * 0.05)
        said = daemon.connects
        lab.kill()
        lab.start()
        daemon.wait_connected(said + 1, 20)
        _wait(began + seconds * 0.1)
        daemon.stop()
        daemon.start()
        time.sleep(min(5.0, seconds * 0.05))
        young = daemon.vitals()
        _wait(began + seconds * 0.25)
        early = daemon.vitals()
        _wait(began + seconds)
        late, status = daemon.vitals(), daemon.status()
        asked = dict(actors.codes)
    growth = late.resident / early.resident - 1
    if growth > GROWTH and seconds > 300:
        faults.append(f"memory grew by {growth:.1%}")
    line = Line(lab)
    line.api("hupall")
    try:
        until(lambda: not line.channels() and not daemon.legs(), "no channel is left", 10)
        until(lambda: not line.gate(), lambda: f"no key is left: {line.gate()}", block + 10)
        until(lambda: _agents(line) <= {"Waiting"}, lambda: f"agents: {_agents(line)}", 20)
        until(lambda: not daemon.status()["records_pending"], "everything is written", 5)
    except AssertionError as error:
        faults.append(str(error))
    time.sleep(3)
    rest = daemon.vitals()
    if rest.greenlets > idle.greenlets + 1:
        faults.append(f"{rest.greenlets} greenlets at rest, {idle.greenlets} before the first call")
    if late.files > young.files + 2 or late.threads > THREADS:
        faults.append(f"files or threads grew: {young} to {late}")
    if "Traceback" in daemon.log:
        faults.append("the daemon logged a traceback")
    if crowd.error:
        faults.append(f"the crowd broke off: {crowd.error}")
    report.figure(
        "soak",
        faults,
        minutes=seconds / 60,
        calls=crowd.dialled,
        calls_a_second=crowd.dialled / seconds,
        events=status["events"],
        dropped=status["events_dropped"],
        memory_kb=f"{early.resident}/{late.resident}",
        growth=f"{growth:+.1%}",
        files=f"{young.files}/{late.files}",
        threads=f"{young.threads}/{late.threads}",
        greenlets_at_rest=rest.greenlets,
        slowest_answer_s=max(actors.seconds, default=0.0),
        codes=asked,
    )
    daemon.close()
    line.close()


def _set_up(daemon: Subject) -> None:
    entries = (Group("sales", has_survey=True), Room("1000"), Room("1001"), Service("tone", "7001"))
    for entry in entries:
        answer = daemon.operate("set", entry=entry)
        assert answer.get("status") == "ok", answer


def _agents(line: Line) -> set[str]:
    states = {line.api(f"callcenter_config agent get state {a}@default") for a in (1000, 1001)}
    return {state.strip() for state in states}


def _wait(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
