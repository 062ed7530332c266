"""Acknowledged is kept: SIGKILL at random moments during pranks and operators' blocks.

After each restart every block whose reply was ``ok`` (and did not say that its record was pending)
is in the store and at the gate, and every call that was touched has an audit row that says so.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Line, fresh_number, is_refused
from fluxcc.client import Board, BoardError
from fluxcc.domain.audit import REQUESTED
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError
from tests.testing.waiting import until

AGENTS = ("1000", "1001")
OPERATORS = 2
BATCH = 50
"""Kills with one store and one PBX."""
LONGEST_LIFE = 0.6
"""Seconds of work after which the daemon has been killed at the latest."""


class Work:
    """What was asked for in one life of the daemon, and what was answered."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.acknowledged: dict[str, int] = {}
        """Number → end of its block."""
        self.pranks: dict[str, tuple[str, str, bool]] = {}
        """Request → number, leg, whether it was answered."""
        self.blocks: list[str] = []
        """Numbers that operators asked to block."""


def prank(lab: Lab, daemon: Subject, agent: str, work: Work) -> None:
    """An agent who marks one call after the other."""
    with Board(lab.host, lab.port, lab.password) as board:
        while not work.is_over.is_set():
            number = fresh_number()
            try:
                caller = lab.call(number, agent)
                caller.wait_answered()
            except LabError:
                continue
            leg = _find(daemon, number, work)
            if not leg:
                _leave(caller)
                continue
            request = uuid.uuid4().hex
            work.pranks[request] = (number, leg, False)
            board.send(
                {
                    "Fluxcc-Request-ID": request,
                    "Fluxcc-Action": "prank",
                    "Fluxcc-Agent": agent,
                    "Fluxcc-Call": leg,
                }
            )
            while not work.is_over.is_set():
                try:
                    reply = board.wait(request, 0.05)
                except BoardError:
                    continue
                work.pranks[request] = (number, leg, True)
                if reply.is_ok and reply.blocked and "Fluxcc-Record" not in reply.headers:
                    assert reply.expires is not None
                    work.acknowledged[reply.number] = reply.expires
                break


def block(daemon: Subject, work: Work) -> None:
    """An operator who blocks one number after the other."""
    while not work.is_over.is_set():
        number = fresh_number()
        work.blocks.append(number)
        try:
            reply = daemon.operate("block", number=number, duration=3600).get("reply") or {}
        except (OSError, ValueError):
            return
        if reply.get("code") == "blocked" and not reply.get("record_pending"):
            work.acknowledged[number] = reply["expires"]


def _find(daemon: Subject, number: str, work: Work) -> str:
    while not work.is_over.is_set():
        try:
            for call in daemon.calls():
                if call["number"] == number and call["talking"]:
                    return str(call["call"])
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.01)
    return ""


def _leave(caller: Any) -> None:
    try:
        caller.hang_up()
    except LabError:
        return


def live(lab: Lab, daemon: Subject, wait: float) -> Work:
    """One life: work, and the end in the middle of it."""
    work = Work()
    workers = [
        threading.Thread(target=prank, args=(lab, daemon, agent, work), daemon=True)
        for agent in AGENTS
    ]
    workers += [
        threading.Thread(target=block, args=(daemon, work), daemon=True) for _ in range(OPERATORS)
    ]
    for worker in workers:
        worker.start()
    time.sleep(wait)
    daemon.kill()
    time.sleep(0.03)
    work.is_over.set()
    for worker in workers:
        worker.join(20)
    return work


class Toll:
    """What the kills so far have shown."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.kills = self.requests = self.acknowledged = self.lost = 0
        self.without_audit = self.left_open = self.refused = 0

    def tell(self, report: Report) -> None:
        """The figure."""
        report.figure(
            "kills",
            self.faults,
            kills=self.kills,
            requests=self.requests,
            acknowledged=self.acknowledged,
            lost=self.lost,
            half_handled_without_audit=self.without_audit,
            rows_left_open=self.left_open,
            refused_by_gate=self.refused,
        )


def check(toll: Toll, lab: Lab, folder: Path, kills: int) -> None:
    """Kill it so many times, with one store and one PBX all along."""
    line = Line(lab)
    daemon = Subject(lab, folder)
    daemon.start()
    acknowledged: dict[str, int] = {}
    try:
        for _ in range(kills):
            work = live(lab, daemon, random.uniform(0.02, LONGEST_LIFE))
            evidence, alive = line.gate(), line.living(leg for _, leg, _ in work.pranks.values())
            daemon.start()
            acknowledged |= work.acknowledged
            toll.kills += 1
            toll.requests += len(work.pranks) + len(work.blocks)
            toll.acknowledged += len(work.acknowledged)
            look_for_blocks(toll, daemon, line.gate(), acknowledged)
            look_for_rows(toll, daemon, work, evidence, alive)
            if work.acknowledged:
                number = random.choice(list(work.acknowledged))
                if is_refused(lab, number):
                    toll.refused += 1
                else:
                    toll.faults.append(f"kill {toll.kills}: {number} is blocked and got through")
            line.api("hupall")
    finally:
        daemon.close()
        line.close()


def look_for_blocks(
    toll: Toll, daemon: Subject, gate: dict[str, int], acknowledged: dict[str, int]
) -> None:
    """Every block that was ever acknowledged is in the store and at the gate."""
    kept = {block.number: block.until for block in daemon.store.live_blocks()}
    for number, end in acknowledged.items():
        # In São Paulo (DDD 11), where the daemon is at home.
        spellings = {number, number[1:], number[3:], f"0{number[3:]}", number[5:]}
        if kept.get(number) != end or any(gate.get(key) != end for key in spellings):
            toll.lost += 1
            toll.faults.append(f"kill {toll.kills}: the block of {number} is gone")


def look_for_rows(
    toll: Toll, daemon: Subject, work: Work, evidence: dict[str, int], alive: set[str]
) -> None:
    """Whatever was touched has an audit row, and none of a former life is open."""
    with suppress(AssertionError):
        until(lambda: not _left_open(daemon), "the rows of former lives are closed", 3)
    rows = {row.request: row for row in daemon.store.audit(limit=5000)}
    numbers = {row.number for row in rows.values()}
    for request, (number, leg, _) in work.pranks.items():
        if (leg not in alive or number in evidence) and request not in rows:
            toll.without_audit += 1
            toll.faults.append(f"kill {toll.kills}: {request} was half handled without a row")
    for number in work.blocks:
        if number in evidence and number not in numbers:
            toll.without_audit += 1
            toll.faults.append(f"kill {toll.kills}: {number} was blocked without a row")
    left_open = sum(row.status == REQUESTED for row in rows.values())
    if left_open:
        toll.left_open += left_open
        toll.faults.append(f"kill {toll.kills}: {left_open} rows of former lives are open")


def run(report: Report, make_lab: type[Lab], folder: Path, *, quick: bool, count: int = 0) -> None:
    """``kills``."""
    toll, left = Toll(), count or (4 if quick else 300)
    try:
        while left > 0:
            with make_lab() as lab:
                lab.install_kit(find_kit())
                check(toll, lab, folder / str(left), min(left, BATCH))
            left -= BATCH
    finally:
        toll.tell(report)


def _left_open(daemon: Subject) -> bool:
    """Whether a request of the last ones began and has not ended."""
    return any(row.status == REQUESTED for row in daemon.store.audit(limit=5000))
