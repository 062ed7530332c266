"""One trial on a site of two domains, in which every agent has a twin: the same extension in the
other domain. Whatever is asked by an agent is asked by the twin first, and never touches the call.

The twin asks under every name, while nobody called them and while they have a call of their own;
then for that call, which alone is touched; for a room both ask at once, and get one each.
Counterparts: ``cells`` plays the trial itself, ``run --domains`` many side by side.
"""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.client import Reply
from tests.testing.daemon import Daemon

from .cast import Cast, Pool
from .cells import OUTCOMES, SUCCESS, Ask, Play, Trial, Wish, number_end
from .domains import Home


class TwinPlay(Play):
    """One trial, with the twins of everybody who may ask."""

    twins: Cast
    """The twin of who asks last, with a customer of their own."""

    def __init__(self, trial: Trial, pool: Pool, daemon: Daemon) -> None:
        super().__init__(trial, pool, daemon)
        self.wishes = 0
        """How often a twin asked for something."""
        self.touched = 0
        """How often that touched the other's call."""

    @property
    def other(self) -> Home:
        """The twin's domain."""
        return self.cast.other

    def reach(self) -> None:
        """Bring everybody to the stage; the twin has no call yet."""
        super().reach()
        self.twins = self._pool.cast(self.other)
        self.twins.admit("agent", self.cast.twin_of(self._twin_extension))
        self.twins.outside()

    def act(self, ask: Ask) -> None:
        """First the twins ask, then the people of this domain."""
        self.let_daemon_see(ask)
        for wish, code in self._wishes("no-live-call"):
            self._must_not_touch(ask, wish, code, "idle twin")
        if self._has_own_call:
            self.twins.connect()
            self.let_daemon_see(ask)
            for wish, code in self._wishes(""):
                self._must_not_touch(ask, wish, code, "talking twin")
            if self.trial.action != "conference":
                before = self._legs()
                (reply,) = ask([self._own_wish()])
                self._check_own(reply)
                self._untouched(f"{self.trial}; twin's own call", reply, before)
        super().act(ask)
        if self._has_own_call:
            self._check_own_call(f"{self.trial}; twin's own call in the end")

    def close(self) -> None:
        """Everybody hangs up, the twin first."""
        try:
            self.twins.close()
        finally:
            super().close()

    # What the twins ask for

    @property
    def _has_own_call(self) -> bool:
        """Once a stage: the twin of the one who has the customer, or of nobody in particular."""
        return self.trial.asker == (self.stage.agent or "idle")

    @property
    def _twin_extension(self) -> str:
        return self._extension(self.stage.agent or "idle")

    def _wishes(self, unnamed: str) -> Iterator[tuple[Wish, str]]:
        """What the twins ask for, and what is replied. ``unnamed`` is the code where no call is
        named and the domain is; without it nobody asks so."""
        extension, domain = self._twin_extension, self.other.domain
        action, service = self.trial.action, self._service
        call = self.cast.legs[self.stage.customer]
        for named in ("", call):
            yield Wish(action, extension, named, service), "ambiguous-agent"
            code = self._code_for_call if named else unnamed
            if code:
                yield Wish(action, self.other.agent(extension), named, service), code
                yield Wish(action, extension, named, service, domain), code
        if unnamed:
            for role in self._others():
                agent = self.other.agent(self._extension(role))
                yield Wish(action, agent, "", service), unnamed
                yield Wish(action, agent, call, service), self._code_for_call

    @property
    def _code_for_call(self) -> str:
        """What is replied to a twin who names the other's leg."""
        return "no-live-call" if self.stage.alone else "not-your-call"

    def _others(self) -> Iterator[str]:
        """Everybody else whose twin has a wish, each extension once."""
        stage = self.stage
        extensions = {self._twin_extension}
        for role in (
            *stage.former,
            *stage.rings,
            *(stage.asked, stage.beside, stage.rings_beside, stage.watches),
            "idle",
        ):
            if role and self._extension(role) not in extensions:
                extensions.add(self._extension(role))
                yield role

    def _own_wish(self) -> Wish:
        """For the twin's own call, without naming it or by its leg."""
        extension, action, service = self._twin_extension, self.trial.action, self._service
        if self.trial.names_call:
            call = self.twins.legs["customer"]
            return Wish(action, extension, call, service, self.other.domain)
        return Wish(action, self.other.agent(extension), "", service)

    def _ask_last(self, ask: Ask) -> Reply:
        if not self._has_own_call or self.trial.action != "conference":
            return super()._ask_last(ask)
        reply, own = ask([self._wish(self.trial.asker), self._own_wish()])
        self._check_own(own)
        return reply

    # What must come of it

    def _must_not_touch(self, ask: Ask, wish: Wish, code: str, who: str) -> None:
        named = " with call" if wish.call else ""
        agent = f"{wish.agent} and {wish.domain}" if wish.domain else wish.agent
        cell = f"{self.trial}; {who} as {agent}{named}"
        before, own = self._legs(), self._own_legs()
        (reply,) = ask([wish])
        self.findings.check(cell, reply.code, code)
        self._untouched(cell, reply, before)
        self.findings.check(f"{cell}: the twin's own legs", self._own_legs(), own)

    def _untouched(self, cell: str, reply: Reply, before: dict[str, str]) -> None:
        self.findings.cells += 1
        self.wishes += 1
        legs = self._legs()
        is_touched = legs != before or (reply.is_ok and reply.call in self.cast.legs.values())
        self.touched += is_touched
        self.findings.check(f"{cell}: legs", legs, before)

    def _own_legs(self) -> dict[str, str]:
        return {
            role: self.twins.partner(leg)
            for role, leg in self.twins.legs.items()
            if self.twins.exists(leg)
        }

    def _check_own(self, reply: Reply) -> None:
        """The twin got what was asked for, on the twin's own call."""
        cell = f"{self.trial}; twin's own call"
        self.findings.cells += 1
        found = reply.code, reply.call, reply.domain
        expected = SUCCESS[self.trial.action], self.twins.legs["customer"], self.other.domain
        self.findings.check(cell, found, expected)
        if reply.code == SUCCESS[self.trial.action]:
            agent = self.other.agent(self._twin_extension)
            number = number_end(self.twins.people["customer"].user)
            self.rows.append((number, agent, OUTCOMES[reply.code]))
            self._check_own_call(cell)

    def _check_own_call(self, cell: str) -> None:
        """Where the twin and their customer are by now."""
        action, legs = self.trial.action, self.twins.legs
        stays = {"prank": [], "conference": ["agent", "customer"]}.get(action, ["customer"])

        def left() -> list[str]:
            return [role for role in sorted(legs) if self.twins.exists(legs[role])]

        self._wait(f"{cell}: left", left, stays)
        if action == "conference":
            count = f"conference {self.other.agent(self._twin_extension)} list count"
            self._wait(f"{cell}: in the room", lambda: self.cast.site.api(count).strip(), "2")
        if action == "transfer":
            application = "current_application"
            found = self.twins.variable("customer", application)
            self.findings.check(f"{cell}: where the customer is", found, "playback")
