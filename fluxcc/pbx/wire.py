"""FreeSWITCH's words as tables: events we hear, what their headers mean, how a command is put.

No I/O. Counterparts: ``domain.events`` (what comes out), ``link`` (the bytes), ``switch`` (the
commands). Whatever a caller could have chosen is checked here before it becomes part of a command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import quote

import msgspec

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.events import LegEvent, LegRow

LEG_EVENTS = {
    "CHANNEL_CREATE": "leg_created",
    "CHANNEL_ANSWER": "leg_answered",
    "CHANNEL_BRIDGE": "legs_bridged",
    "CHANNEL_UNBRIDGE": "legs_unbridged",
    "CHANNEL_HANGUP": "leg_ended",
    "CHANNEL_DESTROY": "leg_destroyed",
}
"""Event name → the tracker's method."""
HEARTBEAT = "HEARTBEAT"
RELOADXML = "RELOADXML"
CUSTOM = "CUSTOM"
REQUEST = "fluxcc::request"
REPLY = "fluxcc::reply"
SURVEY = "fluxcc::survey"
CONFERENCE = "conference::maintenance"
JOINED = "add-member"


SUBSCRIPTION = " ".join(
    ["event json", *LEG_EVENTS, HEARTBEAT, RELOADXML, CUSTOM, REQUEST, REPLY, SURVEY, CONFERENCE]
)
"""Everything after CUSTOM is a subclass, so it stands last."""

BLOCK_REALM = "fluxcc_block"
ROOM_REALM = "fluxcc_room"
SETTINGS_REALM = "fluxcc"
_SURVEY_VARIABLE = "transfer_after_bridge"
BRIEF_PREFIX = "fluxcc_survey_"
GATE_EXTENSION = "fluxcc_gate"

_HEADERS = {
    "leg": "Unique-ID",
    "core": "Core-UUID",
    "at": "Event-Date-Timestamp",
    "direction": "Call-Direction",
    "number": "Caller-Caller-ID-Number",
    "destination": "Caller-Destination-Number",
    "context": "Caller-Context",
    "other_leg": "Other-Leg-Unique-ID",
    "other_type": "Other-Type",
    "bridge_a": "Bridge-A-Unique-ID",
    "bridge_b": "Bridge-B-Unique-ID",
    "cause": "Hangup-Cause",
    "user_name": "variable_user_name",
    "queue_side": "variable_cc_side",
    "queue_member": "variable_cc_member_session_uuid",
    "dialed_user": "variable_dialed_user",
    "state": "Channel-State",
    "conference": "Conference-Name",
}
"""Field of ``LegEvent`` → header. A field that is not here does not exist on the wire."""

_SAFE_WORD = re.compile(r"[A-Za-z0-9._:*#+@%/][A-Za-z0-9._:*#+@%/-]{0,255}", re.ASCII)
"""What may be an argument of an API command: no blank, no quote, no ``$``, no line end."""


class Event(LegEvent):
    """Any event, with the fields that tell which one it is."""

    name: str = ""
    subclass: str = ""
    sessions: str = ""
    """HEARTBEAT: how many legs FreeSWITCH has."""
    action: str = ""
    """``conference::maintenance``: what happened in the room."""
    hung_up_by: str = ""
    """SIP: how the leg ended."""

    @property
    def is_by_person(self) -> bool:
        """Whether the person at the leg's other end hung it up."""
        return self.hung_up_by in ("recv_bye", "recv_cancel")


_EVENT_HEADERS = {
    "name": "Event-Name",
    "subclass": "Event-Subclass",
    "sessions": "Session-Count",
    "action": "Action",
    "hung_up_by": "variable_sip_hangup_disposition",
    **_HEADERS,
}


class RequestHeaders(msgspec.Struct, frozen=True):
    """A board's request as it was sent (contract, section 3); nothing of it is checked yet."""

    request: str = msgspec.field(default="", name="Fluxcc-Request-ID")
    action: str = msgspec.field(default="", name="Fluxcc-Action")
    agent: str = msgspec.field(default="", name="Fluxcc-Agent")
    call: str = msgspec.field(default="", name="Fluxcc-Call")
    service: str = msgspec.field(default="", name="Fluxcc-Service")
    reason: str = msgspec.field(default="", name="Fluxcc-Reason")
    language: str = msgspec.field(default="", name="Fluxcc-Language")


class Decoder:
    """Event bodies to events, with the channel variables that ``[calls]`` names.

    The fast way is msgspec, which reads only the headers above. An event that it does not take (a
    caller's name in Latin-1, a variable that was pushed to and became a list) goes a slow way that
    takes anything: a strange caller must not make a call invisible.
    """

    def __init__(self, group_variables: Sequence[str], agent_variables: Sequence[str]) -> None:
        self._type = _event_type(group_variables, agent_variables)
        self._decode = msgspec.json.Decoder(self._type).decode

    def event(self, body: bytes) -> Event:
        """The event in a frame's body. Raises ``ValueError`` where there is none at all."""
        try:
            return self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.convert(read_loosely(body), self._type)

    @staticmethod
    def request(body: bytes) -> RequestHeaders:
        """The request in the body of a ``fluxcc::request`` event. Raises ``ValueError``."""
        return msgspec.convert(read_loosely(body), RequestHeaders)


def read_loosely(body: bytes) -> dict[str, str]:
    """Every header of an event that may be no clean JSON: all values as texts that can be stored.

    Bytes that are no UTF-8 become U+FFFD, a list its first element. Raises ``ValueError``.
    """
    document = _load(body.decode("utf-8", "replace"))
    if not isinstance(document, dict):
        raise ValueError("an event that is not an object")
    return {_as_text(name): _as_text(value) for name, value in document.items()}


def _load(text: str) -> Any:
    """JSON that may be no clean one. Raises ``ValueError``, also where it is nested too deep."""
    try:
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise ValueError("JSON that is too deep") from error


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _event_type(group_variables: Sequence[str], agent_variables: Sequence[str]) -> type[Event]:
    fields = [
        (field, str, msgspec.field(default="", name=header))
        for field, header in _EVENT_HEADERS.items()
    ]
    taken = {header: field for field, header in _EVENT_HEADERS.items()}

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

    def first_set(event: Event, names: tuple[str, ...]) -> tuple[int, str]:
        for rank, name in enumerate(names):
            value = getattr(event, name)
            if value:
                return rank, value.partition("@")[0]
        return 0, ""

    namespace = {
        "group": property(lambda event: first_set(event, groups)[1]),
        "agent": property(lambda event: first_set(event, agents)[1]),
        "agent_rank": property(lambda event: first_set(event, agents)[0]),
    }
    return cast(
        type[Event],
        msgspec.defstruct("WireEvent", fields, bases=(Event,), namespace=namespace, gc=False),
    )


# Commands: each function gives the text that goes on the wire after ``api ``


def end_leg(leg: str, cause: str) -> str:
    """Hang a leg up."""
    return f"uuid_kill {_word(leg)} {_word(cause)}"


def move_leg(leg: str, destination: str, context: str) -> str:
    """Send a leg to a destination of the dialplan."""
    return f"uuid_transfer {_word(leg)} {_word(destination)} XML {_word(context)}"


def move_pair(leg: str, destination: str, context: str) -> str:
    """Send a leg and the one bridged to it there. On a leg that is not bridged it goes wrong.

    FreeSWITCH moves the other leg first and this one a moment later (``mod_commands.c``), and on a
    busy machine this one may find its bridge over in between. An originatee then waits to be moved
    (``switch_ivr_bridge.c``, ``audio_bridge_on_exchange_media``); the originator goes on in its
    dialplan, and hangs up where that ends. So ``leg`` is to be the originatee.
    """
    return f"uuid_transfer {_word(leg)} -both {_word(destination)} XML {_word(context)}"


def arm_survey(leg: str, destination: str, context: str) -> str:
    """Let a leg go to a destination when the other leg of its bridge ends.

    FreeSWITCH does so by itself (``switch_ivr_bridge.c``), whether or not we are still there.
    """
    target = f"{_word(destination)}:XML:{_word(context)}"
    return f"uuid_setvar {_word(leg)} {_SURVEY_VARIABLE} {target}"


def disarm_survey(leg: str) -> str:
    """Take ``arm_survey`` back; a transfer does not."""
    return f"uuid_setvar {_word(leg)} {_SURVEY_VARIABLE}"


def brief(leg: str, name: str, value: str) -> str:
    """One fact for the survey, as a channel variable: percent-encoded, so that a group's name can
    hold any letter and still nothing that a dialplan would expand."""
    return (
        f"uuid_setvar {_word(leg)} {BRIEF_PREFIX}{_word(name)} {quote(value, safe='*#+')}".rstrip()
    )


def put_hash(realm: str, key: str, value: str) -> str:
    """Write a key of mod_hash."""
    return f"hash insert/{_part(realm)}/{_part(key)}/{_part(value)}"


def look_up(realm: str, key: str) -> str:
    """Read a key of mod_hash; one that is not there answers ``-ERR``."""
    return f"hash select/{_part(realm)}/{_part(key)}"


def dump_hash(realm: str) -> str:
    """Read every key of a realm."""
    return f"hash_dump db {_part(realm)}"


def put_hashes(realm: str, entries: Iterable[tuple[str, str]]) -> str:
    """Write many keys of mod_hash at once, by a line of Lua that answers how many it wrote.

    A third of what it costs FreeSWITCH one by one: it reads commands byte by byte. What ``_part``
    lets through ends no text in Lua and is no separator.
    """
    words = ";".join(f"{_part(key)}={_part(value)}" for key, value in entries)
    return (
        f"lua ~local api, done = freeswitch.API(), 0 "
        f"for key, value in ('{words}'):gmatch('([^=;]+)=([^=;]+)') do "
        f"local answer = api:execute('hash', 'insert/{_part(realm)}/'..key..'/'..value) "
        f"if answer and answer:sub(1, 3) == '+OK' then done = done + 1 end end "
        f"stream:write('+OK '..done)"
    )


def drop_hash(realm: str, key: str) -> str:
    """Forget a key of mod_hash."""
    return f"hash delete/{_part(realm)}/{_part(key)}"


def read_context(context: str) -> str:
    """The XML of a dialplan context."""
    return f"xml_locate dialplan context name {_word(context)}"


def exists(leg: str) -> str:
    """Whether a leg is there; unlike a snapshot, the answer does not lag."""
    return f"uuid_exists {_word(leg)}"


def describe(leg: str) -> str:
    """Everything about a leg, as an event would tell it."""
    return f"uuid_dump {_word(leg)} json"


TRUE = "true"
CHANNELS = "show channels as json"
BRIDGES = "show bridged_calls as json"
CLOCK = "strepoch"
STORAGE_FOLDER = "global_getvar storage_dir"


def custom_event(subclass: str, headers: Iterable[tuple[str, str]]) -> str:
    """A CUSTOM event with these headers, whose control characters, line ends among them, become
    blanks: who hears it may show them on a terminal. No ``api`` before it."""
    lines = [f"sendevent {CUSTOM}", f"Event-Subclass: {_word(subclass)}"]
    lines += [f"{name}: {_CONTROLS.sub(' ', value)}" for name, value in headers if value]
    return "\n".join(lines)


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def _word(text: str) -> str:
    if not _SAFE_WORD.fullmatch(text):
        raise PbxRejectedError(f"not to be put into a command: {text[:60]!r}")
    return text


def _part(text: str) -> str:
    if "/" in text:
        raise PbxRejectedError(f"not to be put between slashes: {text[:60]!r}")
    return _word(text)


# Answers


def read_hash(dump: str, realm: str) -> dict[str, str]:
    """The keys and values in the answer to ``dump_hash``: a line ``D/REALM_KEY/VALUE`` each."""
    start = f"D/{realm}_"
    lines = (line[len(start) :] for line in dump.splitlines() if line.startswith(start))
    return {key: value for key, _, value in (line.rpartition("/") for line in lines)}


def is_ok(answer: str) -> bool:
    """Whether an API command's answer says that it was accepted."""
    return not answer.startswith("-ERR")


def is_no_such_leg(answer: str) -> bool:
    """Whether it says that the leg it named does not exist."""
    return answer.startswith("-ERR No such channel")


def is_taken(description: str, destination: str) -> bool:
    """Whether the answer to ``describe`` shows the leg in the dialplan's hands at a destination."""
    if not is_ok(description):
        return False
    try:
        leg = _load(description)
    except ValueError:
        return False
    if not isinstance(leg, dict):
        return False
    history = leg.get("variable_transfer_history", "")
    transfers = history if isinstance(history, list) else [history]
    # A dialplan may have sent it on already: then only the history tells that it was there.
    was_sent = any(f":bl_xfer:{destination}/" in _as_text(transfer) for transfer in transfers)
    is_there = leg.get("Caller-Destination-Number") == destination
    return (was_sent or is_there) and _as_text(leg.get("Channel-State", "")) in _IN_DIALPLAN


_IN_DIALPLAN = frozenset({"CS_EXECUTE", "CS_SOFT_EXECUTE", "CS_EXCHANGE_MEDIA", "CS_PARK"})


class _ChannelRow(msgspec.Struct):
    """What is read of a row of ``CHANNELS``."""

    uuid: str
    direction: str = ""
    created_epoch: str = ""
    state: str = ""
    callstate: str = ""
    presence_id: str = ""
    cid_num: str = ""
    initial_cid_num: str = ""
    dest: str = ""
    initial_dest: str = ""
    context: str = ""
    initial_context: str = ""


class _BridgeRow(msgspec.Struct):
    """What is read of a row of ``BRIDGES``."""

    uuid: str
    b_uuid: str = ""


class _Rows(msgspec.Struct):
    """The answer to either: each row is decoded in its turn."""

    row_count: int
    rows: list[msgspec.Raw] = []


SLICE = 200
"""Rows that are read, or adopted, before others may have their turn: some 2 ms."""
_Row = TypeVar("_Row", _ChannelRow, _BridgeRow)


def read_snapshot(
    channels: str, bridges: str, pause: Callable[[], None] = lambda: None
) -> list[LegRow]:
    """The live legs in the answers to ``CHANNELS`` and ``BRIDGES``.

    There may be 20,000: ``pause`` is called now and then, to let others have their turn. Raises
    ``PbxRejectedError`` where they are not what FreeSWITCH answers: a snapshot that failed is not
    an empty one.
    """
    pairs = {row.b_uuid: row.uuid for row in _rows(bridges, _BridgeRow, pause)}
    return [
        LegRow(
            uuid=row.uuid,
            direction=row.direction,
            number=row.initial_cid_num or row.cid_num,
            destination=row.initial_dest or row.dest,
            context=row.initial_context or row.context,
            user=row.presence_id.partition("@")[0],
            is_answered=row.callstate in _ANSWERED,
            created=_created(row),
            bridged_to=pairs.get(row.uuid, ""),
        )
        for row in _rows(channels, _ChannelRow, pause)
        if row.state not in _GONE
    ]


_ANSWERED = frozenset({"ACTIVE", "HELD", "UNHELD"})
_GONE = frozenset({"CS_HANGUP", "CS_REPORTING", "CS_DESTROY"})


def _created(row: _ChannelRow) -> float:
    if not (row.created_epoch or "0").isdigit():
        raise PbxRejectedError(f"no snapshot: a leg created at {row.created_epoch[:40]!r}")
    return float(row.created_epoch or 0)


def _read_rows(answer: str) -> _Rows:
    try:
        return msgspec.json.decode(answer, type=_Rows)
    except (msgspec.DecodeError, RecursionError):
        # No clean JSON somewhere: the slow way, as for events.
        return msgspec.json.decode(json.dumps(_load(answer)), type=_Rows)


def _rows(answer: str, kind: type[_Row], pause: Callable[[], None]) -> Iterator[_Row]:
    # The answer came in this turn, and it took its time.
    pause()
    try:
        document = _read_rows(answer)
        if len(document.rows) != document.row_count:
            raise ValueError("rows are missing")
        decode = msgspec.json.Decoder(kind).decode
        for number, raw in enumerate(document.rows, 1):
            try:
                row = decode(raw)
            except (msgspec.DecodeError, RecursionError):
                row = msgspec.convert(read_loosely(bytes(raw)), kind)
            if not row.uuid:
                raise ValueError("a row that is no leg's")
            yield row
            if number % SLICE == 0:
                pause()
    except (ValueError, msgspec.DecodeError) as error:
        raise PbxRejectedError(f"no snapshot: {answer[:80]!r}") from error


_FIRST_EXTENSION: Callable[[str], re.Match[str] | None] = re.compile(
    r"<extension\b[^>]*\bname=[\"']([^\"']*)[\"']"
).search


def first_extension(context_xml: str) -> str:
    """The name of the first extension of a dialplan context; empty where it has none."""
    found = _FIRST_EXTENSION(context_xml)
    return found.group(1) if found else ""
