"""The event socket's commands: how each is put, and how its answer reads.

No I/O: each function gives the text that goes on the wire after ``api ``. Counterparts: ``switch``
and ``inquiry``, which send them. Whatever a caller could have chosen is checked here before it
becomes part of a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.kit.names import BRIEF_PREFIX
from fluxcc.pbx.events import CUSTOM
from fluxcc.pbx.json_texts import as_text, load

_SURVEY_VARIABLE = "transfer_after_bridge"
_SAFE_WORD = re.compile(r"[A-Za-z0-9._:*#+@%/][A-Za-z0-9._:*#+@%/-]{0,255}", re.ASCII)
"""What may be an argument of an API command: no blank, no quote, no ``$``, no line end."""


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


def is_word(text: str) -> bool:
    """Whether this may be an argument of a command. Whoever originates a call chooses the leg's
    UUID, which may be anything."""
    return bool(_SAFE_WORD.fullmatch(text))


def _word(text: str) -> str:
    if not is_word(text):
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
        leg = load(description)
    except ValueError:
        return False
    if not isinstance(leg, dict):
        return False
    history = leg.get("variable_transfer_history", "")
    transfers = history if isinstance(history, list) else [history]
    # A dialplan may have sent it on already: then only the history tells that it was there.
    was_sent = any(f":bl_xfer:{destination}/" in as_text(transfer) for transfer in transfers)
    is_there = leg.get("Caller-Destination-Number") == destination
    return (was_sent or is_there) and as_text(leg.get("Channel-State", "")) in _IN_DIALPLAN


_IN_DIALPLAN = frozenset({"CS_EXECUTE", "CS_SOFT_EXECUTE", "CS_EXCHANGE_MEDIA", "CS_PARK"})
