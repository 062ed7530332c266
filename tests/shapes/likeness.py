"""What a shape tells on the event socket, so that two runs of it can be laid side by side.

Legs are known by their roles; a loopback's by its name, and any other by its place among those that
have neither. FreeSWITCH has
a thread for each leg, so two legs' own events come in any order: each leg's are compared in their
order, and of all legs together only those that one thread says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .recordings import Stage

IN_ORDER = {"CHANNEL_CREATE", "CHANNEL_BRIDGE"}
"""Events that come in the same order each time, whichever leg they are about."""
_IGNORED = {"HEARTBEAT", "CHANNEL_UUID"}
_FIELDS = (
    "Event-Subclass",
    "Other-Type",
    "Hangup-Cause",
    "Answer-State",
    "Action",
    "CC-Action",
    "CC-Agent-State",
    "Caller-Context",
    "Channel-Presence-ID",
)
_LEGS = ("Other-Leg-Unique-ID", "Bridge-A-Unique-ID", "Bridge-B-Unique-ID")
SHOWN = ("direction", "callstate", "context", "application", "presence_id", "state")
"""Columns of ``show channels`` that are the same in every run."""
KEPT = (
    *("Channel-State", "Channel-Call-State", "Answer-State", "Other-Type", "Call-Direction"),
    *("Caller-Context", "Channel-Presence-ID"),
    *("variable_current_application", "variable_domain_name"),
    *("variable_dialed_domain", "variable_sip_auth_realm"),
    *("variable_fluxcc_agent", "variable_fluxcc_group", "variable_cc_side"),
)
KEPT_LEGS = (
    *("Other-Leg-Unique-ID", "Channel-Call-UUID", "variable_bridge_to", "variable_signal_bond"),
    *("variable_soft_holding_uuid", "variable_originator"),
)
"""What of ``uuid_dump`` is the same in every run; and which of it name legs."""
KEPT_NUMBERS = (
    *("Caller-Caller-ID-Number", "Caller-Callee-ID-Number", "Caller-Destination-Number"),
    *("variable_dialed_user", "variable_dialed_extension", "variable_user_name"),
)
"""What of it names people, whose numbers are others in each run."""

Event = dict[str, Any]


class Told(NamedTuple):
    """One event: what it is, whose, and what it says."""

    name: str
    role: str
    says: tuple[str, ...]


class Roles:
    """Names of legs, as they come."""

    def __init__(self, legs: Mapping[str, str]) -> None:
        self._names = {uuid: role for role, uuid in legs.items()}
        self._others = 0

    def learn(self, events: Sequence[Event], numbers: Mapping[str, str]) -> None:
        """The names of loopback legs, which two threads create at once."""
        for event in events:
            name = str(event.get("Channel-Name", ""))
            if event["Event-Name"] == "CHANNEL_CREATE" and name.startswith("loopback/"):
                for number in filter(None, numbers):
                    name = name.replace(number, f"<{numbers[number]}>")
                self._names[event["Unique-ID"]] = name

    def of(self, uuid: str) -> str:
        """Whose leg it is."""
        if uuid and uuid not in self._names:
            self._others += 1
            self._names[uuid] = f"leg {self._others}"
        return self._names.get(uuid, "")


def tell(events: Sequence[Event], roles: Roles) -> list[Told]:
    """Each event of a run that counts."""
    return [
        _told(event, roles)
        for event in events
        if event["Event-Name"] not in _IGNORED and event.get("Action") != "floor-change"
    ]


def own(events: Sequence[Event]) -> list[Event]:
    """Without what is told of legs that were there before."""
    new = {event["Unique-ID"] for event in events if event["Event-Name"] == "CHANNEL_CREATE"}
    return [
        event
        for event in events
        if event.get("Unique-ID", "") in {"", *new}
        or event.get("Channel-Name", "").startswith("pickup/")
    ]


def _told(event: Event, roles: Roles) -> Told:
    says = [f"{name}={event[name]}" for name in _FIELDS if event.get(name)]
    says += [f"{name}={roles.of(event[name])}" for name in _LEGS if event.get(name)]
    if "Channel-Presence-ID" in event:
        says = [word.partition("@")[0][:-4] if "Presence" in word else word for word in says]
    if event.get("Event-Subclass", "").startswith("callcenter"):
        says = [word for word in says if "Action" in word or "State" in word]
    return Told(event["Event-Name"], roles.of(event.get("Unique-ID", "")), tuple(says))


def differences(
    real: Sequence[Told], simulated: Sequence[Told], in_order: Collection[str] = IN_ORDER
) -> Iterator[str]:
    """What one run tells and the other does not."""
    for role in sorted({told.role for told in (*real, *simulated)}):
        expected = [told for told in real if told.role == role]
        got = [told for told in simulated if told.role == role]
        yield from _lines(role or "nobody", expected, got)
    expected, got = ([one for one in run if one.name in in_order] for run in (real, simulated))
    if [one[:2] for one in expected] != [one[:2] for one in got]:
        yield from _lines("in order", expected, got)


def _lines(title: str, expected: Sequence[Told], got: Sequence[Told]) -> Iterator[str]:
    if expected == got:
        return
    yield f"of {title}:"
    for place in range(max(len(expected), len(got))):
        wanted = expected[place] if place < len(expected) else None
        found = got[place] if place < len(got) else None
        if wanted != found:
            yield f"  {place}: FreeSWITCH {_text(wanted)}"
            yield f"  {place}: simulator  {_text(found)}"


def _text(told: Told | None) -> str:
    return "nothing" if told is None else f"{told.name} {told.role} {' '.join(told.says)}"


def people(events: Sequence[Event], legs: Mapping[str, str]) -> dict[str, str]:
    """Whose each number is: of a role, or which one in the order in which they come. Numbers differ
    from run to run."""
    names = {"": ""}
    created = [event for event in events if event["Event-Name"] == "CHANNEL_CREATE"]
    for role, leg in legs.items():
        for event in (one for one in created if one["Unique-ID"] == leg):
            is_called = event["Call-Direction"] == "outbound"
            key = "Caller-Destination-Number" if is_called else "Caller-Caller-ID-Number"
            names.setdefault(str(event.get(key, "")), role)
    for event in created:
        for key in ("Caller-Caller-ID-Number", "Caller-Destination-Number"):
            names.setdefault(str(event.get(key, "")), f"number {len(names)}")
    return names


def snapshot(stage: Stage, roles: Roles, numbers: Mapping[str, str]) -> dict[str, str]:
    """What is shown of each leg at one stage, as ``ROLE FIELD`` → value."""
    shown: dict[str, str] = {}
    for row in stage.channels.get("rows", ()):
        role = roles.of(row["uuid"])
        shown |= {f"{role} show {name}": _masked(name, row[name]) for name in SHOWN}
    for uuid, dump in stage.variables.items():
        role = roles.of(uuid)
        shown |= {f"{role} {name}": _masked(name, str(dump.get(name, ""))) for name in KEPT}
        shown |= {f"{role} {name}": roles.of(str(dump.get(name, ""))) for name in KEPT_LEGS}
        for name in KEPT_NUMBERS:
            value = str(dump.get(name, ""))
            shown[f"{role} {name}"] = numbers.get(value, "another")
    return shown


def _masked(name: str, value: str) -> str:
    """Extensions differ from run to run."""
    is_person = name.lower() in ("presence_id", "channel-presence-id", "variable_fluxcc_agent")
    return "somebody" if is_person and value else value
