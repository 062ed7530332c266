"""A recording for human readers: one line an event, with what says who somebody is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .listener import Heard

_INITIALS = {
    "customer": "C",
    "second": "C2nd",
    "agent": "S",
    "agent 2": "S2",
    "colleague": "K",
    "partner": "P",
    "supervisor": "V",
    "device": "D",
}
_HEADERS = {
    "Channel-Name": "",
    "Call-Direction": "dir",
    "Other-Leg-Unique-ID": "other",
    "Other-Type": "other-type",
    "Bridge-A-Unique-ID": "A",
    "Bridge-B-Unique-ID": "B",
    "Hangup-Cause": "cause",
    "Answer-State": "answer",
    "Channel-Call-State": "callstate",
    "Channel-State": "state",
    "Caller-Caller-ID-Number": "cid",
    "Caller-Callee-ID-Number": "callee",
    "Caller-Destination-Number": "dest",
    "Caller-Context": "ctx",
    "Channel-Presence-ID": "presence",
    "Old-Unique-ID": "old-uuid",
    "Channel-Call-UUID": "call-uuid",
}
_VARIABLES = (
    "dialed_user",
    "dialed_extension",
    "presence_id",
    "user_name",
    "cc_side",
    "cc_agent",
    "cc_agent_type",
    "cc_member_session_uuid",
    "fluxcc_agent",
    "fluxcc_group",
    "current_application",
    "signal_bond",
    "bridge_uuid",
    "last_bridge_to",
    "originator",
    "originate_signal_bond",
    "park_after_bridge",
    "hangup_after_bridge",
    "transfer_after_bridge",
    "att_xfer_kill_uuid",
    "att_xfer_peer_uuid",
    "att_xfer_destination",
    "attended_transfer",
    "sip_hangup_disposition",
    "sip_refer_to",
    "sip_replaces_call_id",
    "bypass_media",
    "proxy_media",
    "pickup_group",
    "eavesdrop_uuid",
    "intercepted_by",
    "originate_disposition",
    "endpoint_disposition",
    "transfer_source",
    "ent_originate_aleg_uuid",
)
_PREFIXES = ("fifo_", "valet_", "loopback_", "other_loopback", "bowout", "intercept", "xfer_")
_CUSTOM = re.compile(
    r"^(CC-|FIFO-|Valet-|Action$|Conference-Name$|Member-ID$|Event-Subclass$|Hear$)"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Names:
    """Short names of legs."""

    def __init__(self, legs: Mapping[str, str]) -> None:
        self._names = {
            leg: _INITIALS.get(role, role.replace(" ", "-")) for role, leg in legs.items()
        }

    def legend(self, legs: Mapping[str, str]) -> str:
        """Which name is whose."""
        return "  ".join(f"{self.short(leg)} = {role} ({leg})" for role, leg in legs.items())

    def short(self, leg: str) -> str:
        """``C``, or the beginning of the UUID."""
        return self._names.get(leg) or leg[:6]

    def shorten(self, text: str) -> str:
        """The same for every UUID in a text."""
        for leg, name in self._names.items():
            if not _UUID.fullmatch(leg):
                text = text.replace(leg, name)
        return _UUID.sub(lambda found: self.short(found[0]), text)


def digest(heard: Sequence[Heard], stages: Mapping[int, str], names: Names) -> Iterator[str]:
    """The lines; ``stages`` are what was reached before the event of that place."""
    begin = heard[0].time if heard else 0.0
    for place in range(len(heard) + 1):
        if place in stages:
            yield f"------ {stages[place]}"
        if place < len(heard) and heard[place].event["Event-Name"] != "HEARTBEAT":
            yield _line(heard[place], begin, names)


def _line(heard: Heard, begin: float, names: Names) -> str:
    event = heard.event
    stamp = int(event.get("Event-Date-Timestamp", "0")) // 1000 % 1_000_000
    name = event["Event-Name"].removeprefix("CHANNEL_")
    leg = names.short(str(event.get("Unique-ID", "-")))
    fields = [f"{label}={event[key]}" if label else str(event[key]) for key, label in _known(event)]
    fields += [f"{key}={value}" for key, value in _others(event)]
    text = names.shorten(" ".join(fields))
    return f"{(heard.time - begin) * 1000:7.0f} (t{stamp:06d}) {name:14} {leg:5} {text}"


def _known(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((key, label) for key, label in _HEADERS.items() if event.get(key))


def _others(event: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in event.items():
        name = key.removeprefix("variable_")
        if key == name:
            if _CUSTOM.match(key):
                yield key, value
        elif name in _VARIABLES or name.startswith(_PREFIXES):
            yield name, value
