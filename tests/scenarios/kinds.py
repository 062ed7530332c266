"""The kinds of call between a customer and agent 1000, and what the two can do in one.

The same must hold for a call that was received, originated or dialled by a campaign, by
mod_callcenter or by a plain bridge (contract, section 1). All of them belong to the group
``sales``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fluxcc.domain.provisioning import Entry, Group, Room, Service, key
from fluxcc.lab.port import Caller, Lab
from fluxcc.store.history import History
from tests.testing.daemon import Daemon
from tests.testing.waiting import PATIENCE, until

from .people import Person
from .tap import Event, Tap

AGENT, COLLEAGUE = "1000", "1001"
GROUP = "sales"
TALKING = "In a queue call"
FREED = 1.0
"""Seconds within which an agent is free again."""


@dataclass(frozen=True)
class Kind:
    """How a customer and agent 1000 come to talk."""

    name: str
    direction: str
    has_queue: bool
    dial: Callable[[Lab, str], Caller | None]

    def __str__(self) -> str:
        return self.name


def _receive(destination: str) -> Callable[[Lab, str], Caller]:
    def dial(lab: Lab, number: str) -> Caller:
        caller = lab.call(number, destination)
        caller.wait_answered()
        return caller

    return dial


def _originate(lab: Lab, number: str) -> None:
    _api_ok(lab, f"originate {{fluxcc_group={GROUP}}}user/{AGENT} &bridge({outside(lab, number)})")


def _campaign(destination: str) -> Callable[[Lab, str], None]:
    def dial(lab: Lab, number: str) -> None:
        whom = f"{{fluxcc_group={GROUP}}}{outside(lab, number)}"
        _api_ok(lab, f"originate {whom} {destination}")

    return dial


def outside(lab: Lab, number: str) -> str:
    """The dial string of somebody out there."""
    port = lab.api("global_getvar lab_phones_port").strip()
    return f"sofia/external/{number}@127.0.0.1:{port}"


def _api_ok(lab: Lab, command: str) -> None:
    answer = lab.api(command)
    assert answer.startswith("+OK"), f"{command}: {answer}"


RECEIVED = Kind("received", "received", False, _receive(AGENT))
RECEIVED_BY_QUEUE = Kind("received-queue", "received", True, _receive("5000"))
ORIGINATED = Kind("originated", "originated", False, _originate)
CAMPAIGN = Kind("campaign", "campaign", False, _campaign(f"{AGENT} XML default"))
CAMPAIGN_BY_QUEUE = Kind("campaign-queue", "campaign", True, _campaign("5000 XML public"))

KINDS = (RECEIVED, RECEIVED_BY_QUEUE, ORIGINATED, CAMPAIGN, CAMPAIGN_BY_QUEUE)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
both_ways = pytest.mark.parametrize("kind", [RECEIVED, RECEIVED_BY_QUEUE], ids=str)
"""By mod_callcenter and by a plain bridge, where the rest of a call's story makes no difference."""


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


class Calls:
    """Connects customers with agent 1000."""

    def __init__(self, lab: Lab, daemon: Daemon) -> None:
        self._lab = lab
        self._daemon = daemon

    def connect(self, kind: Kind, person: Person) -> Conversation:
        """A call in which the two talk, and the daemon knows that."""
        number = person.other_spellings[0]
        caller = kind.dial(self._lab, number)
        call = self._daemon.wait_talking(number)
        seen = (call["direction"], call["agent"], call["group"])
        assert seen == (kind.direction, AGENT, GROUP), call
        talk = Conversation(self._lab, number, call, caller)
        if kind.has_queue:
            until(lambda: state(self._lab) == TALKING, "mod_callcenter knows, too")
        return talk


class Supervisor:
    """Sets what holds for groups, rooms and services, and takes it back at the end."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._undo: dict[tuple[type[Entry], str], Entry] = {}

    def sets_group(self, **settings: Any) -> None:
        """``fluxcc group set sales``"""
        self._set(Group(GROUP, **settings))

    def adds_room(self, extension: str = AGENT, **settings: Any) -> None:
        """``fluxcc room add``"""
        self._set(Room(extension, **settings))

    def adds_service(self, name: str, destination: str, context: str = "default") -> None:
        """``fluxcc service add``"""
        self._set(Service(name, destination, context))

    def undoes(self) -> None:
        """Leave nothing behind."""
        for entry in self._undo.values():
            self._daemon.operate("remove", entry=entry)

    def _set(self, entry: Entry) -> None:
        self._undo[type(entry), key(entry)] = entry
        assert self._daemon.operate("set", entry=entry)["reply"]["code"] == "saved"


def exists(lab: Lab, leg: str) -> bool:
    """Whether the leg has not hung up."""
    return lab.api(f"uuid_exists {leg}") == "true"


def bridge_of(lab: Lab, leg: str) -> str:
    """Whom the leg talks to, as the PBX says."""
    return lab.api(f"uuid_getvar {leg} bridge_to").strip()


def state(lab: Lab, agent: str = AGENT) -> str:
    """What mod_callcenter says of an agent."""
    return lab.api(f"callcenter_config agent get state {agent}@default").strip()


def wait_free(lab: Lab) -> None:
    """Return once agent 1000 may take the next call; fails where that takes too long."""
    until(lambda: state(lab) == "Waiting", "the agent is free", FREED)


def sequel_of(store: History, request: str) -> str:
    """What became of the call that this request transferred, as far as the audit knows."""
    rows = [row for row in store.audit(limit=50) if row.request == request]
    assert len(rows) == 1
    return rows[0].sequel


class Ear:
    """Hears what is played to customers and what the survey tells, and presses keys for them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.tap = Tap(lab, "PLAYBACK_START CUSTOM fluxcc::survey")

    def waits_for(self, leg: str, sound: str, count: int = 1) -> None:
        """Return once this was played to the leg so many times."""
        heard: list[Event] = []

        def is_wanted(event: Event) -> bool:
            if (
                event.get("Event-Name") == "PLAYBACK_START"
                and event.get("Unique-ID") == leg
                and sound in event.get("Playback-File-Path", "")
                and event not in heard
            ):
                heard.append(event)
            return len(heard) >= count

        self.tap.wait(is_wanted, f"{sound} for the {count}. time", timeout=30)

    def presses(self, leg: str, keys: str) -> None:
        """The person on this leg presses keys."""
        assert self._lab.api(f"uuid_recv_dtmf {leg} {keys}").startswith("+OK")

    def answers(self, leg: str, question: int, keys: str, times: int = 1) -> None:
        """Press these keys as soon as the question is asked (for the second time, …)."""
        self.waits_for(leg, f"question_{question}_", times)
        self.presses(leg, keys)

    def surveys(self, leg: str) -> list[Event]:
        """What the survey has told of this leg so far."""
        self.tap.catch_up()
        told = self.tap.of("fluxcc::survey")
        return [event for event in told if event["Fluxcc-Call"] == leg]

    def waits_told(self, leg: str, told: str, timeout: float = 6.0) -> Event:
        """The survey's event of this kind: ``offered``, ``answer``, ``ended``."""
        return self.tap.wait(
            lambda event: event.get("Fluxcc-Call") == leg and event.get("Fluxcc-State") == told,
            f"the survey tells {told}",
            timeout,
        )
