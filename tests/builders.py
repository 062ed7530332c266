"""Builders: the thing a test is about, with every field it does not care for filled in.

The core's tests live in a ``World``: the core on fakes, with
a few stories that FreeSWITCH could tell.
"""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path
from typing import Any

from fluxcc.actions.rules import Rules
from fluxcc.config import NumberSettings, Settings
from fluxcc.core.core import Core, persons
from fluxcc.core.site.port import Site
from fluxcc.domain.actions import Action
from fluxcc.domain.agents import read_agent
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call, Conversation, Direction, Leg, LegKind
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.events import LegEvent, LegRow, Snapshot
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.requests import Actor, Reply, Request, Role
from fluxcc.pbx import events
from fluxcc.pbx.frames import FrameReader
from tests.fakes import NOW, FakePbx, FakeSpool, FakeStore, InlineRuntime, SteppedClock

NUMBER = "+5511988887777"
"""The caller of the example in contract, section 2 …"""
SPELLINGS = (
    "+5511988887777",
    "5511988887777",
    "11988887777",
    "011988887777",
    "988887777",
)
"""… in every spelling that it lists."""
OTHER = "+5521977776666"
INTERNAL = (r"^\d{2,6}$",)
SAO_PAULO = NumberPlan("BR", "11", INTERNAL)
NO_HOME = NumberPlan("BR", "", INTERNAL)
SANTA_MARIA = NumberPlan("BR", "55", INTERNAL)
SETTINGS = Settings(numbers=NumberSettings(area_code="11"))
"""As delivered (contract, section 5), in São Paulo."""

DECODER = events.Decoder(("fluxcc_group", "cc_queue"), ("fluxcc_agent", "cc_agent", "dialed_user"))
"""With ``[calls]`` as delivered (contract, section 5)."""
STREAMS = Path(__file__).parent / "streams"


# Things


def a_leg(uuid: str = "leg", **changes: Any) -> Leg:
    """A caller's leg, from a trunk."""
    fields: dict[str, Any] = {
        "uuid": uuid,
        "is_inbound": True,
        "number": NUMBER,
        "destination": "5000",
        "context": "public",
        "created": NOW,
    }
    return Leg(**fields | changes)


def a_telephone(uuid: str = "telephone", extension: str = "1000", **changes: Any) -> Leg:
    """The leg of an extension's telephone that was called."""
    fields: dict[str, Any] = {
        "is_inbound": False,
        "destination": extension,
        "context": "default",
        "kind": LegKind.STATION,
        "agent": read_agent(extension),
    }
    return a_leg(uuid, **fields | changes)


def a_conversation(**changes: Any) -> Conversation:
    """A received call that agent 1000 has."""
    fields: dict[str, Any] = {
        "customer": "customer",
        "agent_leg": "telephone",
        "number": NUMBER,
        "agent": "1000",
        "group": "sales",
        "direction": Direction.RECEIVED,
        "started": NOW,
        "may_have_survey": True,
        "originatee": "telephone",
    }
    fields |= changes
    return Conversation(**fields | {"agent": read_agent(str(fields["agent"]))})


def a_block(id: str = "b1", **changes: Any) -> Block:
    """A live block of half an hour from now."""
    fields: dict[str, Any] = {
        "id": id,
        "number": NUMBER,
        "keys": SPELLINGS,
        "since": NOW,
        "until": int(NOW) + 1800,
        "by": "agent:1000",
    }
    return Block(**fields | changes)


_request_ids = itertools.count(1)


def a_request(action: Action = Action.PRANK, **changes: Any) -> Request:
    """What agent 1000 asks for through the board, each time with a new ID."""
    fields: dict[str, Any] = {
        "id": f"r-{next(_request_ids)}",
        "action": action,
        "actor": Actor(Role.AGENT, "1000"),
        "agent": "1000",
    }
    fields |= changes
    return Request(**fields | {"agent": read_agent(str(fields["agent"]))})


def an_operators(action: Action, **changes: Any) -> Request:
    """What the operator Maria asks for by ``fluxcc``."""
    fields: dict[str, Any] = {"actor": Actor(Role.OPERATOR, "maria"), "agent": ""}
    return a_request(action, **fields | changes)


def some_rules(*known: Block | Entry, settings: Settings = SETTINGS) -> Rules:
    """The rules as they are by default, with these numbers blocked and these entries set."""
    world = World(settings)
    for thing in known:
        if isinstance(thing, Block):
            world.blocklist.put(thing)
        else:
            world.provisioning.put(thing)
    return world.rules


# Events


def event_body(name: str, leg: str = "", **headers: str) -> bytes:
    """An event as FreeSWITCH would send it. Keywords are headers, their hyphens underscores; one
    that begins with ``variable_`` is a channel variable."""
    document = {"Event-Name": name}
    if leg:
        document["Unique-ID"] = leg
    for header, value in headers.items():
        is_variable = header.startswith("variable_")
        document[header if is_variable else header.replace("_", "-")] = value
    return json.dumps(document).encode()


def an_event(name: str, leg: str = "", **headers: str) -> events.Event:
    """The same, decoded."""
    return DECODER.event(event_body(name, leg, **headers))


def a_row(uuid: str, **changes: Any) -> LegRow:
    """A caller's leg in a snapshot."""
    fields: dict[str, Any] = {
        "uuid": uuid,
        "direction": "inbound",
        "number": NUMBER,
        "destination": "5000",
        "context": "public",
        "user": "",
        "is_answered": True,
        "created": NOW,
        "bridged_to": "",
    }
    return LegRow(**fields | changes)


def a_snapshot(*rows: LegRow, too_new: tuple[str, ...] = ()) -> Snapshot:
    """These rows, and legs that are too new to have one."""
    return Snapshot(list(rows), frozenset({row.uuid for row in rows} | set(too_new)))


def recorded_bodies(scenario: str) -> list[bytes]:
    """The events of a call on a real FreeSWITCH, as its event socket sent them."""
    stream = gzip.decompress((STREAMS / f"{scenario}.esl.gz").read_bytes())
    return [frame.body for frame in FrameReader().feed(stream)]


# The daemon on fakes


class World(Core):
    """The core on fakes."""

    clock: SteppedClock
    runtime: InlineRuntime
    store: FakeStore
    pbx: FakePbx
    spool: FakeSpool

    def __init__(
        self,
        settings: Settings = SETTINGS,
        *,
        pbx: type[FakePbx] = FakePbx,
        runtime: type[InlineRuntime] = InlineRuntime,
        site: Site | None = None,
    ) -> None:
        self.story: list[str] = []
        """What the PBX was told and the store got, in order."""
        clock = SteppedClock()
        super().__init__(
            settings,
            pbx=pbx(self.story),
            store=FakeStore(self.story),
            spool=FakeSpool(),
            clock=clock,
            runtime=runtime(clock),
            persons=persons(settings),
            site=site,
        )
        self.store.node = self.standings.node
        # The journal's greenlet writes whenever somebody waits; FreeSWITCH tells at once what it
        # hung up.
        self.runtime.meanwhile.append(self.journal.flush)
        self.pbx.on_end = self.hung_up
        # It is connected, and there was nothing to tell yet.
        self.gate_table.is_told = True

    def block(self, block: Block) -> None:
        """Let a block count, and the gate know it."""
        self.blocklist.put(block)
        self.blocking.enforce(block)

    def resync(self, snapshot: Snapshot, **described: LegEvent) -> None:
        """A snapshot comes in that was asked for just now, with the channel variables of legs."""
        self.snapshots.resync(snapshot, frozenset(self.tracker.legs), described.items())

    # What FreeSWITCH tells

    def hear(self, name: str, leg: str, **headers: str) -> None:
        """An event comes in and goes to the tracker's method that is meant for it."""
        self.handle(an_event(name, leg, **headers))

    def handle(self, event: events.Event) -> None:
        """An event goes to the tracker's method that is meant for it."""
        method = events.LEG_EVENTS.get(event.name)
        if method is not None:
            getattr(self.tracker, method)(event)

    def caller_dials(
        self, leg: str = "customer", number: str = NUMBER, dialled: str = "5000", **more: str
    ) -> None:
        """A leg comes in from a trunk."""
        self.hear(
            "CHANNEL_CREATE",
            leg,
            Call_Direction="inbound",
            Caller_Caller_ID_Number=number,
            Caller_Destination_Number=dialled,
            **{"Caller_Context": "public", **more},
        )

    def telephone_rings(
        self, leg: str = "telephone", agent: str = "1000", origin: str = "customer", **more: str
    ) -> None:
        """An agent's telephone is called for the sake of a leg."""
        self.hear(
            "CHANNEL_CREATE",
            leg,
            Call_Direction="outbound",
            Caller_Caller_ID_Number=NUMBER,
            Caller_Destination_Number=agent,
            Caller_Context="default",
            variable_dialed_user=agent,
            **({"Other_Type": "originator", "Other_Leg_Unique_ID": origin} if origin else {}),
            **more,
        )

    def bridged(self, first: str, second: str, **more: str) -> None:
        """Two legs are answered and connected."""
        for leg in (second, first):
            if leg in self.tracker.legs:
                self.hear("CHANNEL_ANSWER", leg)
        self.hear(
            "CHANNEL_BRIDGE", first, Bridge_A_Unique_ID=first, Bridge_B_Unique_ID=second, **more
        )

    def unbridged(self, first: str, second: str) -> None:
        """Two legs are disconnected."""
        self.hear("CHANNEL_UNBRIDGE", first, Bridge_A_Unique_ID=first, Bridge_B_Unique_ID=second)

    def hung_up(
        self, leg: str, cause: str = "NORMAL_CLEARING", application: str = "", by: str = ""
    ) -> None:
        """A leg hangs up and is destroyed, with the application that had it last."""
        more = {"variable_current_application": application} if application else {}
        self.hear("CHANNEL_HANGUP", leg, Hangup_Cause=cause, **more)
        if by:
            more["variable_sip_hangup_disposition"] = by
        self.hear("CHANNEL_DESTROY", leg, Hangup_Cause=cause, **more)

    def received_call(
        self,
        number: str = NUMBER,
        agent: str = "1000",
        customer: str = "customer",
        telephone: str = "telephone",
    ) -> Call:
        """A caller from a trunk talks to an agent, in the group ``sales``."""
        self.caller_dials(customer, number)
        self.hear("CHANNEL_ANSWER", customer, variable_fluxcc_group="sales")
        self.telephone_rings(telephone, agent, customer)
        self.bridged(customer, telephone)
        return self.call_of(customer)

    # What is asked

    def call_of(self, leg: str) -> Call:
        """The call that a leg belongs to."""
        call = self.tracker.legs[leg].call
        assert call is not None
        return call

    def agent_calls(self, agent: str) -> list[Call]:
        """The call that this agent's actions are about; none, or the one."""
        try:
            return [self.views.find(read_agent(agent), "", by_operator=False)[0]]
        except RefusedError:
            return []

    def ask(self, request: Request) -> Reply:
        """The reply to a request, which must get one."""
        reply = self.executor.execute(request)
        assert reply is not None
        return reply

    def blocks(self, number: str = NUMBER, **changes: Any) -> Block:
        """A number is blocked already, in memory, at the gate and in the store."""
        spellings = self.numbers.read(number)
        block = a_block(number=spellings.canonical, keys=spellings.spellings, **changes)
        self.block(block)
        self.journal.note(block)
        self.journal.flush()
        return block
