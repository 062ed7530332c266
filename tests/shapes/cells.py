"""Plays one stage of the matrix for one action, and compares all that came of it.

A cell is one request and everything that must follow from it: the reply, the legs that are left and
where they are, whether a number is blocked, the row of history. Requests that must be refused are
asked first, all at one stage, as they must change nothing; then the one that succeeds.
Counterparts: ``matrix`` says what is right, ``run`` plays many side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fluxcc.client import Reply
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.provisioning import scoped
from tests.testing.daemon import Daemon

from .cast import Cast, Pool
from .domains import Home
from .matrix import Stage
from .port import LabError
from .shape import SHAPES

SERVICE, SERVICE_NAME = "8003", "tone"
"""Answers, and plays a tone for minutes."""
SETTLED = 10.0
"""Seconds within which the PBX shows what a reply says."""
SUCCESS = {
    "prank": "blocked",
    "conference": "conference-joined",
    "transfer": "transferred",
    "hangup": "survey-started",
}
OUTCOMES = {
    "blocked": "prank",
    "conference-joined": "conference",
    "transferred": "transferred",
    "survey-started": "surveyed",
}
ASKED = {
    "prank": "not-blocked-internal",
    "hangup": "ended",
    "transfer": "not-your-call",
    "conference": "not-your-call",
}
REFUSALS = frozenset(
    {
        *("no-live-call", "not-your-call", "room-occupied"),
        *("conference-not-joined", "pbx-rejected"),
    }
)
BESIDE = {**SUCCESS, "prank": "not-blocked-internal", "hangup": "ended"}


class Wish(NamedTuple):
    """What an agent asks for on a board."""

    action: str
    agent: str
    call: str = ""
    service: str = ""
    domain: str = ""


Ask = Callable[[Sequence[Wish]], list[Reply]]
"""Asks for all of them at once, on one board."""
Row = tuple[str, str, str]
"""One of history: the end of the number, agent, outcome."""


@dataclass(frozen=True)
class Trial:
    """One stage, one action, and who asks last."""

    stage: Stage
    action: str
    asker: str
    """A role, ``idle``, or ``operator``."""
    names_call: bool
    home: Home
    """The domain in which it is played."""

    def __str__(self) -> str:
        named = " with call" if self.names_call else ""
        return f"{self.stage}{self.home.at}: {self.action} by {self.asker}{named}"


@dataclass
class Findings:
    """What was found: how many cells, and what was wrong in which."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)

    def check(self, cell: str, found: object, expected: object) -> None:
        """Note a cell that is not as it should be."""
        if found != expected:
            self.wrong.append(f"{cell}: {found!r}, not {expected!r}")


def trials(stage: Stage, action: str, home: Home) -> Iterator[Trial]:
    """Everybody whose request ends the stage, each with a stage of their own."""
    last = stage.agent or "idle"
    yield Trial(stage, action, last, names_call=False, home=home)
    if stage.alone:
        return
    yield Trial(stage, action, last, names_call=True, home=home)
    if stage.asked and action in ("prank", "hangup"):
        yield Trial(stage, action, stage.asked, names_call=False, home=home)
    if stage.beside:
        yield Trial(stage, action, stage.beside, names_call=False, home=home)
    if not stage.internal:
        yield Trial(stage, action, "operator", names_call=True, home=home)


class Play:
    """One trial, from the first call to the end of the last leg."""

    cast: Cast

    def __init__(self, trial: Trial, pool: Pool, daemon: Daemon) -> None:
        self.trial = trial
        self.stage = trial.stage
        self._pool = pool
        self._daemon = daemon
        self.findings = Findings()
        self.rows: list[Row] = []
        """Those of history that must be there in the end."""

    @property
    def customer(self) -> str:
        """The customer's number."""
        return self.cast.people[self.stage.customer].user

    def reach(self) -> None:
        """Bring everybody to the stage."""
        self.cast, _ = SHAPES[self.stage.shape].reach(self._pool, self.stage.name, self.trial.home)
        self.cast.telephone("idle")

    def let_daemon_see(self, ask: Ask) -> None:
        """Return when the daemon has seen all that happened so far: its events come in order, and
        this request after them. A FreeSWITCH has a moment more, to send what is still to come."""
        if self.cast.site.is_real:
            time.sleep(0.3)
        # Nobody's extension, and another one each time: one agent's requests may be too many.
        ask([Wish("hangup", f"0{self.cast.slot()}")])

    def act(self, ask: Ask) -> None:
        """Ask for what must be refused, then for what must succeed."""
        trial = self.trial
        self.let_daemon_see(ask)
        before = self._legs()
        for role, code in self._refused():
            reply = self._ask(ask, role)
            cell = f"{trial}; {role} before"
            self.findings.cells += 1
            self.findings.check(cell, reply.code, code)
            self.findings.check(f"{cell}: legs", self._legs(), before)
        self.findings.cells += 1
        code = self._expected()
        reply = self._ask_last(ask)
        self.findings.check(str(trial), reply.code, code)
        if reply.code == code:
            self._check_after(code, before)

    def close(self) -> None:
        """Everybody hangs up."""
        self.cast.close()

    def history_is(self, history: Mapping[str, Sequence[CallRecord]]) -> None:
        """Compare the customers' rows (by the end of their number), once everybody has gone."""
        for expected in self.rows:
            rows = history.get(expected[0], ())
            found = [(number_end(row.number), self._agent(row), row.outcome) for row in rows]
            self.findings.check(f"{self.trial}: history", found, [expected])

    def _agent(self, row: CallRecord) -> str:
        domain = row.domain if self.trial.home.at else ""
        return scoped(row.agent, domain) if row.agent else ""

    # Who asks, and what must come of it

    def _refused(self) -> Iterator[tuple[str, str]]:
        stage, named = self.stage, self.trial.names_call
        if self.trial.asker not in (stage.agent, "idle"):
            return
        for role in (*stage.former, *stage.rings):
            # The same agent may have the customer and a telephone that rings.
            if not self._is_same(role, stage.agent):
                yield role, "no-live-call"
        if stage.rings_beside:
            yield stage.rings_beside, "not-your-call" if named else "no-live-call"
        if stage.asked and self.trial.action in ("transfer", "conference"):
            yield stage.asked, "not-your-call"
        if stage.watches:
            yield stage.watches, "not-your-call" if named else "no-live-call"
        if self.trial.asker != "idle":
            yield "idle", "not-your-call" if named else "no-live-call"

    def _is_same(self, role: str, other: str) -> bool:
        people = self.cast.people
        return bool(other) and people[role].user == people[_person(other)].user

    def _expected(self) -> str:
        stage, trial = self.stage, self.trial
        action = trial.action
        if trial.asker == "idle":
            return "not-your-call" if trial.names_call else "no-live-call"
        if trial.asker == stage.asked:
            return ASKED[action]
        if trial.asker == stage.beside:
            return BESIDE[action]
        if stage.internal:
            return BESIDE[action]
        if action == "conference" and not stage.has:
            return "no-live-call"
        if action == "hangup" and (not stage.group or not self._was_talk()):
            return "ended"
        return stage.not_.get(action, SUCCESS[action])

    def _was_talk(self) -> bool:
        return bool(self.stage.agent or self.stage.former)

    def _ask(self, ask: Ask, role: str) -> Reply:
        wish = self._wish(role)
        return self._operate(wish) if role == "operator" else ask([wish])[0]

    def _ask_last(self, ask: Ask) -> Reply:
        return self._ask(ask, self.trial.asker)

    def _wish(self, role: str) -> Wish:
        call = self.cast.legs[self.stage.customer] if self.trial.names_call else ""
        agent = "" if role == "operator" else self._user(role)
        return Wish(self.trial.action, agent, call, self._service)

    @property
    def _service(self) -> str:
        return SERVICE_NAME if self.trial.action == "transfer" else ""

    def _user(self, role: str) -> str:
        return self.trial.home.agent(self._extension(role))

    def _extension(self, role: str) -> str:
        if role == "agent" and "desk" in self.cast.people:
            return self.cast.people["desk"].user
        return self.cast.people[_person(role)].user

    def _operate(self, wish: Wish) -> Reply:
        answer = self._daemon.operate(wish.action, call=wish.call, service=wish.service)["reply"]
        return Reply("", "", answer["code"], "", answer.get("call", ""))

    # What is there afterwards

    def _legs(self) -> dict[str, str]:
        return {
            role: "" if self.stage.passing else self.cast.partner(leg)
            for role, leg in self.cast.legs.items()
            if self.cast.exists(leg)
        }

    def _check_after(self, code: str, before: dict[str, str]) -> None:
        stage, trial = self.stage, self.trial
        if self._is_refusal(code):
            self.findings.check(f"{trial}: legs", self._legs(), before)
            return
        if trial.asker in (stage.asked, stage.beside):
            self._check_colleague(code)
            return
        agent = self._who_had_it()
        outcome = OUTCOMES.get(code, "answered" if self._was_talk() else "unanswered")
        if not stage.internal and code != "destination-rejected":
            self.rows.append((number_end(self.customer), agent, outcome))
        if code == "destination-rejected":
            self._wait(f"{trial}: gone", lambda: self._alive([stage.customer]), [])
            return
        gone = [stage.asked, stage.beside, stage.rings_beside]
        if not stage.stands or code == "conference-joined":
            gone += [stage.has] if code != "conference-joined" else []
        if stage.beside or stage.rings_beside:
            gone.append("agent 2")
        gone += list(stage.rings) if code in ("blocked", "ended") and not stage.agent else []
        ends = code in ("blocked", "ended", "not-blocked-internal")
        gone += [stage.customer] if ends else []
        self._wait(f"{trial}: gone", lambda: self._alive(gone), [])
        self._wait(f"{trial}: lines that are over", lambda: self._up(gone), [])
        stays = [] if ends else [stage.customer]
        stays += [stage.has] if stage.has and (stage.stands or code == "conference-joined") else []
        stays += [role for role in stage.others if role in before]
        self.findings.check(f"{trial}: left", self._alive(stays), sorted(set(stays)))
        self.findings.check(f"{trial}: lines that are up", self._up(stays), sorted(set(stays)))
        if code == "transferred":
            where = f"{trial}: where the customer is"
            self._wait(
                where, lambda: self.cast.variable(stage.customer, "current_application"), "playback"
            )
        if code == "conference-joined":
            count = f"conference {agent} list count"
            self._wait(f"{trial}: in the room", lambda: self.cast.site.api(count).strip(), "2")
        for role in stage.others:
            if role in before:
                found = self.cast.partner(self.cast.legs[role])
                self.findings.check(f"{trial}: {role} is left alone", found, before[role])

    def _check_colleague(self, code: str) -> None:
        stage = self.stage
        self.findings.check(
            f"{self.trial}: left",
            self._alive([stage.customer, stage.has]),
            sorted({stage.customer, stage.has}),
        )
        if code in ("not-blocked-internal", "ended"):
            role = self.trial.asker
            self._wait(f"{self.trial}: gone", lambda: self._alive([role]), [])

    def _who_had_it(self) -> str:
        """The agent in history."""
        stage = self.stage
        role = stage.agent or stage.dials or next(iter(stage.former), "")
        return self._user(role) if role else ""

    def _is_refusal(self, code: str) -> bool:
        return code in REFUSALS

    def _alive(self, roles: list[str]) -> list[str]:
        legs = self.cast.legs
        return sorted({role for role in roles if role in legs and self.cast.exists(legs[role])})

    def _up(self, roles: list[str]) -> list[str]:
        """Those whose telephones still have the call."""
        lines = self.cast.lines
        return sorted({role for role in roles if role in lines and lines[role].state != "ended"})

    def _wait(self, what: str, find: Callable[[], object], expected: object) -> None:
        deadline = time.monotonic() + SETTLED
        while (found := find()) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        self.findings.check(what, found, expected)


def _person(role: str) -> str:
    """The person of a line: ``agent 2`` is the agent's second line."""
    return role.removesuffix(" 2")


def number_end(number: str) -> str:
    """What of a number is the same in every spelling."""
    return number[-11:]


__all__ = ["Ask", "Findings", "LabError", "Play", "Trial", "Wish", "trials"]
