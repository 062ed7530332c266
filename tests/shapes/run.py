"""Plays the matrix on a site, many stages side by side: ``make shapes``.

``python -m tests.shapes.run [SHAPE …] [--site real|simulator] [--domains] [--restart]
[--at-once N]``

With ``--domains`` the site has two domains, the matrix is played in both, and everybody has a twin
in the other one (``twins.py``). With ``--restart`` the daemon is killed and started again just
before the actions. Prints what is wrong, and how many cells there were.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from uuid import uuid4

from fluxcc.client import Board, Reply
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from tests.testing.daemon import Daemon
from tests.testing.waiting import PATIENCE, until

from . import scripts
from .cast import Pool
from .cells import SERVICE, SERVICE_NAME, Findings, Play, Trial, Wish, number_end, trials
from .domains import CARRIER, GATEWAY, ONE, TWO, Home
from .matrix import ACTIONS, MATRIX, Stage
from .port import LabError, Site
from .simulated import SimulatedSite
from .site import RealSite
from .twins import TwinPlay

AT_ONCE = 24
LEFT_OVER = "in the end: "
ROOMS = range(2000, 2400)
SITES = {"real": RealSite, "simulator": SimulatedSite}


def settings(homes: Sequence[Home]) -> dict[str, str]:
    """The daemon's, for a site of these domains."""
    found = {"FLUXCC_CALLS_TRUNK_USERS": f"^({CARRIER}|{GATEWAY})$"}
    if len(homes) > 1:
        found |= dict.fromkeys(("FLUXCC_CONFERENCE_CONTEXT", "FLUXCC_SURVEY_CONTEXT"), "{domain}")
    return found


class Run:
    """One run over a site."""

    def __init__(self, site: Site, daemon: Daemon, *, restarts: bool) -> None:
        self._pool = Pool(site)
        self._make: type[Play] = TwinPlay if len(site.homes) > 1 else Play
        self._site = site
        self._daemon = daemon
        self._restarts = restarts
        self._boards = threading.local()
        self._opened = ExitStack()
        self._asked: dict[str, str] = {}
        """Request ID → the code that was replied."""
        self._connecting = threading.Lock()
        self.findings = Findings()
        self.wishes = self.touched = 0
        """How often a twin asked for something; how often that touched the other's call."""

    def provision(self) -> None:
        """The group's survey, everybody's room, one service."""
        for entry in self._entries():
            code = self._daemon.operate("set", entry=entry)["reply"]["code"]
            assert code == "saved", f"{entry}: {code}"

    def _entries(self) -> Iterator[Entry]:
        """On a site of two domains every other room is one for both, and is two rooms then."""
        homes = self._site.homes
        domains = [home.domain for home in homes] if len(homes) > 1 else [""]
        context = "{domain}" if len(homes) > 1 else homes[0].context
        yield Service(SERVICE_NAME, SERVICE, context)
        for domain in domains:
            yield Group("sales", has_survey=True, domain=domain)
        for extension in ROOMS:
            for domain in domains if extension % 2 else [""]:
                yield Room(str(extension), domain=domain)

    def play(self, wanted: Iterable[Trial], at_once: int) -> None:
        """Wave after wave: all reach their stage, then all act, then all hang up. What a wave left
        in history is looked at after the next one."""
        rest = iter(wanted)
        before: list[Play] = []
        with ThreadPoolExecutor(at_once) as threads:
            while wave := list(islice(rest, at_once)):
                plays = [self._make(trial, self._pool, self._daemon) for trial in wave]
                ready = [play for play in threads.map(self._reach, plays) if play]
                if self._restarts:
                    self._daemon.kill()
                    self._daemon.start()
                list(threads.map(self._act, ready))
                list(threads.map(self._close, ready))
                self._note(before)
                before = plays
        self._note(before)

    def close(self) -> None:
        """Leave the boards."""
        self._opened.close()

    def _reach(self, play: Play) -> Play | None:
        try:
            play.reach()
        except Exception as error:
            play.findings.wrong.append(f"{play.trial}: not reached: {error}")
            return None
        return play

    def _act(self, play: Play) -> None:
        try:
            play.act(self._ask)
        except Exception:
            play.findings.wrong.append(f"{play.trial}: {traceback.format_exc(limit=3)}")

    def _ask(self, wishes: Sequence[Wish]) -> list[Reply]:
        board = self._board()
        requests = [uuid4().hex for _ in wishes]
        for request, wish in zip(requests, wishes, strict=True):
            board.send(
                {
                    "Fluxcc-Request-ID": request,
                    "Fluxcc-Action": wish.action,
                    "Fluxcc-Agent": wish.agent,
                    "Fluxcc-Domain": wish.domain,
                    "Fluxcc-Call": wish.call,
                    "Fluxcc-Service": wish.service,
                }
            )
        replies = [board.wait(request) for request in requests]
        self._asked |= {reply.request: reply.code for reply in replies}
        return replies

    def check_left_over(self) -> None:
        """Once everybody has gone, nothing is left; and the audit says what was replied."""

        def check(what: str, found: object, expected: object) -> None:
            self.findings.check(f"{LEFT_OVER}{what}", found, expected)

        deadline = time.monotonic() + PATIENCE
        # A refusal's row may lag.
        while (audit := self._audited()) != self._asked and time.monotonic() < deadline:
            time.sleep(0.1)
        check("the audit", audit, self._asked)
        until(lambda: not self._daemon.calls(), "the daemon knows of no call")
        check("legs of the daemon", self._daemon.status()["legs"], 0)
        check("legs", self._site.api("show channels count").split()[0], "0")
        check(
            "rooms", self._site.api("conference list count").strip(), "+OK No active conferences."
        )
        members = self._site.api("callcenter_config agent list").splitlines()[1:-1]
        check("agents of queues", members, [])
        for block in self._daemon.operate("blocks")["reading"]:
            self._daemon.operate("unblock", number=block["number"])
        for entry in self._entries():
            self._daemon.operate("remove", entry=entry)
        keys = self._site.api("hash_dump db").splitlines()
        left = [key for key in keys if "fluxcc_block" in key or "fluxcc_room" in key]
        check("keys of mod_hash", left, [])

    def _audited(self) -> dict[str, str | None]:
        """What the audit has of each request that was asked."""
        audit = {row.request: row.code for row in self._daemon.store.audit(limit=100_000)}
        return {request: audit.get(request) for request in self._asked}

    def _board(self) -> Board:
        board: Board | None = getattr(self._boards, "board", None)
        if board is None:
            # One after the other: FreeSWITCH is slow to greet many connections at once.
            with self._connecting:
                board = self._boards.board = self._opened.enter_context(self._daemon.board())
        return board

    @staticmethod
    def _close(play: Play) -> None:
        try:
            play.close()
        except LabError as error:
            play.findings.wrong.append(f"{play.trial}: the end: {error}")

    def _history(self) -> dict[str, list[CallRecord]]:
        """The rows by the end of the number."""
        rows: dict[str, list[CallRecord]] = {}
        for row in self._daemon.store.ended_calls(limit=2_000):
            rows.setdefault(number_end(row.number), []).append(row)
        return rows

    def _note(self, plays: list[Play]) -> None:
        wanted = {number for play in plays for number, *_ in play.rows}
        deadline = time.monotonic() + PATIENCE
        while not wanted <= (rows := self._history()).keys() and time.monotonic() < deadline:
            time.sleep(0.05)
        for play in plays:
            play.history_is(rows)
            if isinstance(play, TwinPlay):
                self.wishes += play.wishes
                self.touched += play.touched
            self.findings.cells += play.findings.cells
            self.findings.wrong += play.findings.wrong
            for line in play.findings.wrong:
                print(line, flush=True)


def wanted(
    stages: Iterable[Stage], actions: Sequence[str], homes: Sequence[Home]
) -> Iterator[Trial]:
    """The trials of these stages, in each domain."""
    for stage in stages:
        for action in actions:
            for home in homes:
                yield from trials(stage, action, home)


def main() -> int:
    """Play, and tell."""
    assert scripts
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE")
    parser.add_argument("--site", choices=SITES, default="real")
    parser.add_argument("--domains", action="store_true", help="everybody has a twin")
    parser.add_argument("--action", default="")
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--mixed", type=int, default=0, metavar="N", help="N trials at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    options = parser.parse_args()
    began = time.monotonic()
    homes = TWO if options.domains else ONE
    with SITES[options.site](homes=homes) as site, tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(site, Path(folder), settings(homes))  # type: ignore[arg-type]
        daemon.start()
        run = Run(site, daemon, restarts=options.restart)
        try:
            run.provision()
            stages = [one for one in MATRIX if not options.shapes or one.shape in options.shapes]
            plays = wanted(stages, [options.action] if options.action else ACTIONS, homes)
            if options.mixed:
                plays = iter(random.Random(options.seed).choices(list(plays), k=options.mixed))
            run.play(plays, options.at_once)
            run.check_left_over()
            for line in run.findings.wrong:
                if line.startswith(LEFT_OVER):
                    print(line)
        finally:
            run.close()
            daemon.close()
        found = run.findings
        minutes = (time.monotonic() - began) / 60
        print(f"{site.name}: {found.cells} cells, {len(found.wrong)} wrong, {minutes:.1f} minutes")
        if options.domains:
            print(f"{run.wishes} wishes of twins, {run.touched} touched the other's call")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
