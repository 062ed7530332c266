"""FreeSWITCH's events as tables: which are subscribed to, what their headers mean, and the decoder.

No I/O. Counterparts: bodies come from ``frames`` and ``inbox``, become ``domain.events``, and are
handled by ``daemon.intake``.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from typing import Any, cast

import msgspec

from fluxcc.domain.agents import Agent, Registration, clean_domain
from fluxcc.domain.events import LegEvent
from fluxcc.pbx.json_texts import read_loosely
from fluxcc.pbx.people import read_contact

LEG_EVENTS = {
    "CHANNEL_CREATE": "leg_created",
    "CHANNEL_ANSWER": "leg_answered",
    "CHANNEL_BRIDGE": "legs_bridged",
    "CHANNEL_UNBRIDGE": "legs_unbridged",
    "CHANNEL_HOLD": "leg_held",
    "CHANNEL_UNHOLD": "leg_resumed",
    "CHANNEL_PARK": "leg_parked",
    "CHANNEL_UNPARK": "leg_unparked",
    "CHANNEL_HANGUP": "leg_ended",
    "CHANNEL_DESTROY": "leg_destroyed",
}
"""Event name → the tracker's method."""
HEARTBEAT = "HEARTBEAT"
RELOADXML = "RELOADXML"
MODULE_LOAD = "MODULE_LOAD"
MODULE_UNLOAD = "MODULE_UNLOAD"
"""An interface came with a module, or went with it; one event for each (``Decoder.is_of_hash``)."""
CUSTOM = "CUSTOM"
REQUEST = "fluxcc::request"
REPLY = "fluxcc::reply"
SURVEY = "fluxcc::survey"
CONFERENCE = "conference::maintenance"
JOINED = "add-member"
LEFT = "del-member"
"""``Action`` of ``CONFERENCE``: a leg entered a conference, or left it. Both carry the leg's
``Unique-ID`` and ``Conference-Name``, and ``Conference-Size`` as it is afterwards."""
REGISTERED = "sofia::register"
"""A telephone registered, or did so again: ``from-user``, ``from-host`` and
``contact``."""
VALET = "valet_parking::info"
PARKED = "hold"
"""What a parking lot says of a leg that was parked there; anything else means that it left."""
FUSIONPBX_CACHES = ("fusion::file", "fusion::memcache")
"""FusionPBX deletes from its cache, in which its dialplan is too (``resources/classes/cache.php``,
``resources/functions/cache.lua``); named by the kind of its cache."""

SUBSCRIPTION = " ".join(
    [
        *("event json", *LEG_EVENTS, HEARTBEAT, RELOADXML, MODULE_LOAD, MODULE_UNLOAD, CUSTOM),
        *(REQUEST, REPLY, SURVEY, CONFERENCE, VALET, REGISTERED, *FUSIONPBX_CACHES),
    ]
)
"""The command that subscribes. CUSTOM is followed by its subclasses, so they stand last."""

_HEADERS = {
    "leg": "Unique-ID",
    "at": "Event-Date-Timestamp",
    "direction": "Call-Direction",
    "number": "Caller-Caller-ID-Number",
    "hides_number": "Caller-Privacy-Hide-Number",
    "destination": "Caller-Destination-Number",
    "context": "Caller-Context",
    "other_leg": "Other-Leg-Unique-ID",
    "other_type": "Other-Type",
    "bridge_a": "Bridge-A-Unique-ID",
    "bridge_b": "Bridge-B-Unique-ID",
    "cause": "Hangup-Cause",
    "user_name": "variable_user_name",
    "domain": "variable_domain_name",
    "realm": "variable_sip_auth_realm",
    "queue_side": "variable_cc_side",
    "queue_member": "variable_cc_member_session_uuid",
    "dialed_user": "variable_dialed_user",
    "dialed_domain": "variable_dialed_domain",
    "dialed_extension": "variable_dialed_extension",
    "presence": "Channel-Presence-ID",
    "gateway": "variable_sip_gateway_name",
    "came_by": "variable_sip_gateway",
    "channel": "Channel-Name",
    "answer_state": "Answer-State",
    "other_half": "variable_other_loopback_leg_uuid",
    "dialled_by": "variable_other_loopback_from_uuid",
    "enterprise_for": "variable_ent_originate_aleg_uuid",
    "consults_for": "variable_soft_holding_uuid",
    "bridged_to": "variable_bridge_to",
    "agent_type": "variable_cc_agent_type",
    "fifo_role": "variable_fifo_role",
    "standing": "variable_fluxcc_standing",
    "codec": "Channel-Read-Codec-Name",
    "parks_after_bridge": "variable_park_after_bridge",
    "action": "Action",
    "conference": "Conference-Name",
    "application": "variable_current_application",
    "application_data": "variable_current_application_data",
}
"""Field of ``LegEvent`` → header. A field that is not here does not exist on the wire."""
_DETAILS = frozenset(
    {
        *(
            "hides_number",
            "user_name",
            "realm",
            "dialed_domain",
            "dialed_extension",
            "presence",
            "gateway",
            "came_by",
            "channel",
            "answer_state",
        ),
        *("other_half", "dialled_by", "enterprise_for", "consults_for", "bridged_to"),
        *("agent_type",),
        *("fifo_role", "standing", "codec", "parks_after_bridge", "application_data"),
        *("queue_member", "conference", "action"),
    }
)
"""Fields that say what a leg is, and what its bridge is like."""
_BRIEFLY_READ = tuple(
    f'{{"Event-Name":"CHANNEL_{name}"'.encode()
    for name in ("ANSWER", "UNBRIDGE", "HANGUP", "DESTROY", "HOLD", "UNHOLD", "UNPARK")
)
"""How the bodies of events begin of which no detail is needed once their leg is known. Each header
of an event is compared with each field: half the fields are half the work."""
_CALL = "Fluxcc-Call"
_LEG_FIELDS = (
    *("leg", "other_leg", "bridge_a", "bridge_b", "queue_member"),
    *("other_half", "dialled_by", "enterprise_for", "consults_for"),
)
_LEG_NAMES = (*(_HEADERS[field] for field in _LEG_FIELDS), _CALL)
"""Headers that are a leg's name, of which no character may be lost."""


class Event(LegEvent):
    """Any event, with the fields that identify it."""

    name: str = ""
    subclass: str = ""
    hung_up_by: str = ""
    """SIP: how the leg ended (``sip_hangup_disposition``)."""

    @property
    def is_by_person(self) -> bool:
        """Whether the person at the leg's other end hung it up."""
        return self.hung_up_by in ("recv_bye", "recv_cancel")


_EVENT_HEADERS = {
    "name": "Event-Name",
    "subclass": "Event-Subclass",
    "hung_up_by": "variable_sip_hangup_disposition",
    **_HEADERS,
}


class RequestHeaders(msgspec.Struct, frozen=True):
    """A board's request as it was sent (contract, section 3), unchecked."""

    request: str = msgspec.field(default="", name="Fluxcc-Request-ID")
    action: str = msgspec.field(default="", name="Fluxcc-Action")
    agent: str = msgspec.field(default="", name="Fluxcc-Agent")
    call: str = msgspec.field(default="", name=_CALL)
    service: str = msgspec.field(default="", name="Fluxcc-Service")
    reason: str = msgspec.field(default="", name="Fluxcc-Reason")
    language: str = msgspec.field(default="", name="Fluxcc-Language")
    survey: str = msgspec.field(default="", name="Fluxcc-Survey")
    domain: str = msgspec.field(default="", name="Fluxcc-Domain")
    zone: str = msgspec.field(default="", name="Fluxcc-Zone")
    board: str = msgspec.field(default="", name="Fluxcc-Board")


_REQUESTS = msgspec.json.Decoder(RequestHeaders)


class Decoder:
    """Decodes event bodies, with the channel variables that ``[calls]`` names.

    msgspec reads only the headers above, fast. A body that it rejects (a caller's name in Latin-1,
    a variable that was pushed to and became a list) is read slowly and leniently: no text that a
    caller chose may make a call invisible.
    """

    def __init__(self, group_variables: Sequence[str], agent_variables: Sequence[str]) -> None:
        self._type = _event_type(group_variables, agent_variables)
        self._decode = msgspec.json.Decoder(self._type).decode
        brief = _event_type(group_variables, agent_variables, without=_DETAILS)
        self._decode_briefly = msgspec.json.Decoder(brief).decode

    def event(self, body: bytes, known: Container[str] = ()) -> Event:
        """The event in a frame's body. Raises ``ValueError`` where it is no JSON object.

        ``known`` are the UUIDs of the legs that are known: most events about one of these are read
        without what says what the leg is.
        """
        if known and body.startswith(_BRIEFLY_READ):
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                event = self._decode_briefly(body)
                if event.leg in known:
                    return event
        try:
            return self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.convert(read_loosely(body, _LEG_NAMES), self._type)

    @staticmethod
    def registered(body: bytes) -> Registration:
        """The telephone that registered. Raises ``ValueError``."""
        headers = read_loosely(body)
        agent = Agent(headers.get("from-user", ""), clean_domain(headers.get("from-host", "")))
        return Registration(agent, read_contact(headers.get("contact", "")))

    @staticmethod
    def is_of_hash(body: bytes) -> bool:
        """Whether an event of a module's interface is about mod_hash's API. Raises
        ``ValueError``."""
        headers = read_loosely(body)
        return (headers.get("type"), headers.get("name")) == ("api", "hash")

    @staticmethod
    def request(body: bytes) -> RequestHeaders:
        """The request in the body of a ``fluxcc::request`` event. Raises ``ValueError``."""
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _REQUESTS.decode(body)
        return msgspec.convert(read_loosely(body, _LEG_NAMES), RequestHeaders)


def _event_type(
    group_variables: Sequence[str],
    agent_variables: Sequence[str],
    without: frozenset[str] = frozenset(),
) -> type[Event]:
    headers = {field: name for field, name in _EVENT_HEADERS.items() if field not in without}
    fields = [
        (field, str, msgspec.field(default="", name=header)) for field, header in headers.items()
    ]
    taken = {header: field for field, header in headers.items()}

    def read(variables: Sequence[str]) -> tuple[str, ...]:
        names = []
        for variable in variables:
            header = f"variable_{variable}"
            if header not in taken:
                taken[header] = f"variable_{len(taken)}"
                fields.append((taken[header], str, msgspec.field(default="", name=header)))
            names.append(taken[header])
        return tuple(names)

    groups, agents = read(group_variables), read(agent_variables)

    def first_set(event: Event, names: tuple[str, ...]) -> str:
        for name in names:
            value: str = getattr(event, name)
            if value:
                return value
        return ""

    # A field that is not read is empty.
    namespace: dict[str, Any] = {
        **dict.fromkeys(without, ""),
        "is_by_person": Event.is_by_person,
        "group": property(lambda event: first_set(event, groups)),
        "agent": property(lambda event: first_set(event, agents)),
    }
    bases = () if without else (Event,)
    return cast(
        type[Event],
        msgspec.defstruct("WireEvent", fields, bases=bases, namespace=namespace, gc=False),
    )
