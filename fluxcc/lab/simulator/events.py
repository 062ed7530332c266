"""Events: their headers, their formats on the wire, and the bus that passes them to listeners.

Its counterparts are every part that fires an event and ``server.py``, which delivers them.
``Event-Calling-*`` headers name lines of FreeSWITCH's C source and are left out.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from json.encoder import encode_basestring
from urllib.parse import quote

Value = str | list[str]
"""A header's or a variable's value: FreeSWITCH knows strings, and arrays that were pushed to."""

EVENT_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    CUSTOM CLONE CHANNEL_CREATE CHANNEL_DESTROY CHANNEL_STATE CHANNEL_CALLSTATE CHANNEL_ANSWER
    CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HOLD
    CHANNEL_UNHOLD CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA
    CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_UNPARK CHANNEL_APPLICATION CHANNEL_ORIGINATE CHANNEL_UUID
    API LOG INBOUND_CHAN OUTBOUND_CHAN STARTUP SHUTDOWN PUBLISH UNPUBLISH TALK NOTALK SESSION_CRASH
    MODULE_LOAD MODULE_UNLOAD DTMF MESSAGE PRESENCE_IN NOTIFY_IN PRESENCE_OUT PRESENCE_PROBE
    MESSAGE_WAITING MESSAGE_QUERY ROSTER CODEC BACKGROUND_JOB DETECTED_SPEECH DETECTED_TONE
    PRIVATE_COMMAND HEARTBEAT TRAP ADD_SCHEDULE DEL_SCHEDULE EXE_SCHEDULE RE_SCHEDULE RELOADXML
    NOTIFY PHONE_FEATURE PHONE_FEATURE_SUBSCRIBE SEND_MESSAGE RECV_MESSAGE REQUEST_PARAMS
    CHANNEL_DATA GENERAL COMMAND SESSION_HEARTBEAT CLIENT_DISCONNECTED SERVER_DISCONNECTED SEND_INFO
    RECV_INFO RECV_RTCP_MESSAGE SEND_RTCP_MESSAGE CALL_SECURE NAT RECORD_START RECORD_STOP
    PLAYBACK_START PLAYBACK_STOP CALL_UPDATE FAILURE SOCKET_DATA MEDIA_BUG_START MEDIA_BUG_STOP
    CONFERENCE_DATA_QUERY CONFERENCE_DATA CALL_SETUP_REQ CALL_SETUP_RESULT CALL_DETAIL DEVICE_STATE
    TEXT SHUTDOWN_REQUESTED STAT ALL
    """,
    )
)

_LEFT_PLAIN = "!$'()*,-./_~"
"""Beside letters and digits, what the plain format does not escape."""


def array_text(value: Value) -> str:
    """A value as one string: FreeSWITCH writes an array as ``ARRAY::a|:b``."""
    return value if isinstance(value, str) else "ARRAY::" + "|:".join(value)


def _json_value(value: Value) -> str:
    if isinstance(value, str):
        # FreeSWITCH takes every value that begins so for an array (switch_event_base_add_header).
        if not value.startswith("ARRAY::") or value == "ARRAY::":
            return encode_basestring(value)
        value = value.removeprefix("ARRAY::").split("|:")
    return "[" + ",".join(map(encode_basestring, value)) + "]"


class Event:
    """One event: headers in the order they were added (a name may repeat), and a body."""

    def __init__(self, name: str, headers: Iterable[tuple[str, Value]], body: str = "") -> None:
        self.name = name
        self.headers = list(headers)
        self.body = body
        self._written: dict[str, bytes] = {}

    def get(self, name: str) -> str | None:
        """The first value under ``name``, whose case does not matter."""
        wanted = name.lower()
        for header, value in self.headers:
            if header.lower() == wanted:
                return array_text(value)
        return None

    def as_json(self) -> str:
        """The JSON object; bytes that are no UTF-8 stay what they were, as FreeSWITCH does it."""
        headers = list(self.headers)
        if self.body:
            headers += [("Content-Length", str(self._body_length())), ("_body", self.body)]
        pairs = (f"{encode_basestring(name)}:{_json_value(value)}" for name, value in headers)
        return "{" + ",".join(pairs) + "}"

    def as_plain(self) -> str:
        """One ``Name: value`` a line, values percent-encoded, and an empty line."""
        lines = [
            f"{name}: {quote(array_text(value), _LEFT_PLAIN, 'utf-8', 'surrogateescape')}\n"
            for name, value in self.headers
        ]
        if self.body:
            lines.append(f"Content-Length: {self._body_length()}\n")
        return "".join(lines) + "\n" + self.body

    def frame(self, form: str) -> bytes:
        """The whole frame for a listener of ``form``; written once for all listeners."""
        if form not in self._written:
            text = self.as_json() if form == "json" else self.as_plain()
            body = text.encode("utf-8", "surrogateescape")
            head = f"Content-Length: {len(body)}\nContent-Type: text/event-{form}\n\n"
            self._written[form] = head.encode() + body
        return self._written[form]

    def _body_length(self) -> int:
        return len(self.body.encode("utf-8", "surrogateescape"))


class EventBus:
    """Adds core and time to events, and passes each to every listener."""

    def __init__(self) -> None:
        self.core_uuid = str(uuid.uuid4())
        self._sequence = 0
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call ``listener`` with every event from now on."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[Event], None]) -> None:
        """Stop calling ``listener``."""
        self._listeners.remove(listener)

    def stamp(self) -> list[tuple[str, Value]]:
        """The headers every event has: which core, and when."""
        self._sequence += 1
        now = time.time()
        return [
            ("Core-UUID", self.core_uuid),
            ("FreeSWITCH-Hostname", "simulator"),
            ("FreeSWITCH-Switchname", "simulator"),
            ("FreeSWITCH-IPv4", "127.0.0.1"),
            ("FreeSWITCH-IPv6", "::1"),
            ("Event-Date-Local", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))),
            ("Event-Date-GMT", formatdate(now, usegmt=True)),
            ("Event-Date-Timestamp", str(int(now * 1_000_000))),
            ("Event-Sequence", str(self._sequence)),
        ]

    def fire(
        self,
        name: str,
        headers: Iterable[tuple[str, Value]] | Mapping[str, Value] = (),
        *,
        subclass: str = "",
        body: str = "",
    ) -> None:
        """Fire the event ``name`` (for CUSTOM, with that ``subclass``)."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        first: list[tuple[str, Value]] = [("Event-Subclass", subclass)] if subclass else []
        self.deliver(Event(name, [*first, ("Event-Name", name), *self.stamp(), *pairs], body))

    def deliver(self, event: Event) -> None:
        """Hand a finished event to the listeners."""
        for listener in tuple(self._listeners):
            listener(event)
