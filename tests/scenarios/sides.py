"""Two agents with one extension, each in a SIP domain of their own, and their customers.

They are people of the sites of ``tests/shapes``, where telephones register in their domain.
Counterpart: ``test_two_domains``.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.shapes.cast import Cast, Pool
from tests.shapes.domains import Home
from tests.shapes.port import Line, Site, Telephone
from tests.testing.daemon import Daemon, Printed
from tests.testing.waiting import until


@dataclass
class Side:
    """One domain, an agent in it, and their customers."""

    pbx: Site
    daemon: Daemon
    cast: Cast

    @property
    def home(self) -> Home:
        return self.cast.home

    @property
    def domain(self) -> str:
        return self.home.domain

    @property
    def extension(self) -> str:
        return self.cast.people["agent"].user

    @property
    def agent(self) -> str:
        """``2000@a.example``"""
        return self.home.agent(self.extension)

    def talks(self, person: Telephone | None = None) -> str:
        """A customer calls and talks to the agent, and the daemon has seen it; their leg."""
        if person is None:
            self.cast.outside()
        else:
            self.cast.admit("customer", person)
        self.cast.connect()
        return self.wait_seen()

    def wait_seen(self) -> str:
        """The leg of the customer, once the daemon sees the call talk."""
        leg = self.cast.legs["customer"]

        def is_seen() -> bool:
            return any(call["call"] == leg and call["talking"] for call in self.daemon.calls())

        until(is_seen, "the daemon sees the call talk")
        return leg

    @property
    def is_up(self) -> bool:
        """Whether customer and agent are bridged to each other, as the PBX itself says."""
        return self.cast.partner(self.cast.legs["customer"]) == self.cast.legs["agent"]

    def is_over(self) -> bool:
        """Whether both legs are gone."""
        return not any(self.cast.exists(self.cast.legs[role]) for role in ("customer", "agent"))

    def plays(self) -> str:
        """What is played to the customer."""
        return self.cast.variable("customer", "current_application_data")

    def members(self) -> str:
        """How many are in the agent's room."""
        return self.pbx.api(f"conference {self.agent} list count").strip()

    def calls(self, person: Telephone) -> Line:
        """Somebody outside calls the agent."""
        return person.dial(f"{self.home.code}{self.extension}")

    def refuses(self, person: Telephone) -> bool:
        """Whether somebody outside is refused before any answer, as a blocked caller is."""
        line = self.calls(person)
        until(lambda: line.state in ("up", "ended"), "the call is taken or refused")
        if line.state == "up":
            self.cast.people["agent"].incoming()
        line.hang_up()
        line.wait("ended")
        return line.status == 603


class Sides:
    """Both of them: one extension, in each domain."""

    def __init__(self, site: Site, pool: Pool, daemon: Daemon) -> None:
        self.site, self.daemon = site, daemon
        casts = [pool.cast(home) for home in site.homes]
        self.a, self.b = (Side(site, daemon, cast) for cast in casts)
        extension = self.a.cast.telephone().user
        self.b.cast.admit("agent", self.a.cast.twin_of(extension))
        self._undo: list[list[str]] = []

    @property
    def extension(self) -> str:
        """What both have."""
        return self.a.extension

    def fluxcc(self, *words: str) -> Printed:
        """The operator's command, which succeeds."""
        printed = self.daemon.cli(*words)
        assert printed.code == 0, printed
        return printed

    def sets(self, *words: str, name: str, domain: str = "") -> None:
        """``group set``, ``room add``, ``service add``, taken back in the end."""
        kind, verb, *rest = words
        scope = ["--domain", domain] if domain else []
        self.fluxcc(kind, verb, name, *rest, *scope)
        self._undo.append([kind, "remove", name, *scope])

    def close(self) -> None:
        """Nobody is there any more, and nothing is set."""
        for words in reversed(self._undo):
            self.fluxcc(*words)
        for side in (self.b, self.a):
            side.cast.close()
        until(lambda: not self.daemon.calls(), "the daemon knows of nobody")
