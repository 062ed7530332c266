"""The scene of a scenario: a PBX, the daemon beside it, and the people who do something there.

``scene.talk`` and ``scene.connect`` let a customer and an agent talk, ``scene.board`` is the
agent's board, ``scene.supervisor`` sets what holds for groups, rooms and services, ``scene.person``
and ``scene.somebody_else`` never called before. Counterpart: ``conftest``, which makes one for each
test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fluxcc.client import Board
from fluxcc.domain.provisioning import Entry, Group, Room, Service, key
from fluxcc.lab.port import Caller, Lab
from tests.testing import gate
from tests.testing.daemon import Daemon
from tests.testing.waiting import PATIENCE, until

from . import pbx
from .kinds import GROUP, Kind
from .pbx import AGENT, AGENTS, COLLEAGUE, bridge_of, exists
from .people import STRANGERS, Person


@dataclass(frozen=True)
class Conversation:
    """A customer and agent 1000 who talk."""

    lab: Lab
    number: str
    call: dict[str, Any]
    """As ``fluxcc calls --json`` shows it."""
    caller: Caller | None

    @property
    def customer(self) -> str:
        """The UUID of the customer's leg."""
        return str(self.call["call"])

    @property
    def agent_leg(self) -> str:
        """The UUID of the agent's leg."""
        return next(leg for leg in self.call["legs"] if leg != self.customer)

    @property
    def is_up(self) -> bool:
        """Whether the two are bridged to each other, as the PBX itself says."""
        return bridge_of(self.lab, self.customer) == self.agent_leg

    def customer_hangs_up(self) -> None:
        """The customer puts the receiver down, wherever they are by now."""
        if self.caller is not None:
            self.caller.hang_up()
        else:
            self.lab.hang_up_phone(self.number)

    def agent_hangs_up(self) -> None:
        """The agent puts the receiver down."""
        self.lab.hang_up_phone(AGENT)

    def customer_is_gone(self) -> bool:
        """Whether the customer's leg has hung up."""
        return not exists(self.lab, self.customer)

    def agent_is_gone(self) -> bool:
        """Whether the agent's leg has hung up."""
        return not exists(self.lab, self.agent_leg)

    def wait_over(self, timeout: float = PATIENCE) -> None:
        """Return once both have hung up."""
        until(lambda: self.customer_is_gone() and self.agent_is_gone(), "the call is over", timeout)


class Supervisor:
    """Sets what holds for groups, rooms and services, and takes it back at the end."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._undo: dict[tuple[type[Entry], str], Entry] = {}

    def sets_group(self, **settings: Any) -> None:
        """``fluxcc group set sales``"""
        self._set(Group(GROUP, **settings))

    def adds_room(self, **settings: Any) -> None:
        """``fluxcc room add 1000``"""
        self._set(Room(AGENT, **settings))

    def adds_service(self, name: str, destination: str) -> None:
        """``fluxcc service add``"""
        self._set(Service(name, destination))

    def undoes(self) -> None:
        """Leave nothing behind."""
        for entry in self._undo.values():
            self._daemon.operate("remove", entry=entry)

    def _set(self, entry: Entry) -> None:
        self._undo[type(entry), key(entry)] = entry
        assert self._daemon.operate("set", entry=entry)["reply"]["code"] == "saved"


class Scene:
    """One per test."""

    def __init__(self, lab: Lab, daemon: Daemon) -> None:
        self.lab = lab
        self.daemon = daemon
        self.supervisor = Supervisor(daemon)
        self.person = next(STRANGERS)
        self.somebody_else = next(STRANGERS)
        self._is_one_left = self._is_without_rest = False
        self._end = ExitStack()
        self._end.callback(self.supervisor.undoes)

    def close(self) -> None:
        """Leave nothing behind, and fail where a test left the one agent in a call."""
        self._end.close()

    # People

    @property
    def number(self) -> str:
        """The person's number, as most trunks present it."""
        return self.person.number

    def stranger(self) -> Person:
        """One more who never called before."""
        return next(STRANGERS)

    @cached_property
    def board(self) -> Board:
        """A board of which only replies are asked, connected when it is first used."""
        return self._end.enter_context(self.daemon.board())

    def talk(
        self, number: str, agent: str = AGENT, *, name: str = "", call_id: str = ""
    ) -> Conversation:
        """Somebody calls an agent; the two talk, and the daemon has seen it."""
        earlier = {call["call"] for call in self.daemon.calls()}
        caller = self.lab.call(number, agent, name=name, call_id=call_id)
        caller.wait_answered()
        call = self.daemon.wait_talking(besides=earlier)
        return Conversation(self.lab, number, call, caller)

    def connect(self, kind: Kind, person: Person | None = None) -> Conversation:
        """A call of this kind with agent 1000, the queue's only one from now on and without rest
        (``leave_one_agent``); the two talk, and the daemon knows that."""
        self.leave_one_agent(rests=False)
        number = (person or self.person).other_spellings[0]
        caller = kind.dial(self.lab, number)
        call = self.daemon.wait_talking(number)
        seen = (call["direction"], call["agent"], call["group"])
        assert seen == (kind.direction, AGENT, GROUP), call
        talk = Conversation(self.lab, number, call, caller)
        if kind.has_queue:
            until(lambda: self.agent_state() == pbx.TALKING, "mod_callcenter knows, too")
        return talk

    def leave_one_agent(self, *, rests: bool = True) -> str:
        """1001 logs out, until the test ends, and 1000 is free to take a call. One who has no time
        to rest after a call saves the test a second each; no test may leave that one in a call."""
        if not self._is_one_left:
            self._is_one_left = True
            self._end.enter_context(_one_agent(self.lab))
        if not rests and not self._is_without_rest:
            self._is_without_rest = True
            self._end.enter_context(_no_rest(self.lab))
        return AGENT

    # What the PBX says

    def legs(self) -> int:
        """How many legs there are."""
        return pbx.legs(self.lab)

    def are_gone(self, *legs: str) -> bool:
        """Whether these legs have hung up, at this very moment."""
        return pbx.are_gone(self.lab, *legs)

    def is_refused(self, number: str, destination: str = AGENT) -> bool:
        """Whether this caller is refused before any answer, as a blocked one is."""
        return gate.is_refused(self.lab, number, destination)

    def is_turned_away(self, number: str, destination: str = AGENT) -> bool:
        """Whether this caller is refused, or ended as soon as the daemon hears of the call."""
        return gate.is_turned_away(self.lab, number, destination)

    def agent_state(self, agent: str = AGENT) -> str:
        """What mod_callcenter says of an agent."""
        return pbx.agent_state(self.lab, agent)

    def wait_free(self) -> None:
        """Return once agent 1000 may take the next call; fails where that takes too long."""
        pbx.wait_free(self.lab)

    def clock(self) -> int:
        """The time by which a block ends."""
        return pbx.clock(self.lab)

    # What the audit says

    def follow_up(self, request: str) -> str:
        """What became of the call that this request transferred, as far as the audit knows."""
        rows = [row for row in self.daemon.store.audit(limit=50) if row.request == request]
        assert len(rows) == 1
        return rows[0].sequel


@contextmanager
def _one_agent(lab: Lab) -> Iterator[None]:
    until(lambda: {pbx.agent_state(lab, agent) for agent in AGENTS} == {pbx.FREE}, "both are free")
    pbx.set_agent(lab, "status", COLLEAGUE, "'Logged Out'")
    yield
    pbx.set_agent(lab, "status", COLLEAGUE, "Available")


@contextmanager
def _no_rest(lab: Lab) -> Iterator[None]:
    pbx.set_agent(lab, "wrap_up_time", AGENT, "0")
    yield
    pbx.set_agent(lab, "wrap_up_time", AGENT, "1")
    until(lambda: lab.api("show channels count").strip() == "0 total.", "nobody is left over")
    pbx.wait_free(lab)
