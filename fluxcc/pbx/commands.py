"""The event socket's API commands, each as text.

No I/O: each function returns the text after ``api ``. Counterparts: ``switch`` and ``inquiry``,
which send them, ``answers`` for what comes back. A text that a caller may have chosen is checked
here before it becomes part of a command; one that is not allowed raises ``PbxRejectedError``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.shown import visible
from fluxcc.kit.names import BRIEF_PREFIX, DIVERTED_VARIABLE
from fluxcc.pbx.events import CUSTOM

_SURVEY_VARIABLE = "transfer_after_bridge"
APPLICATION = "current_application"
_SAFE_WORD = re.compile(r"[A-Za-z0-9._:*#+@%/][A-Za-z0-9._:*#+@%/-]{0,255}", re.ASCII)
"""What may be an argument of an API command: no blank, no quote, no ``$``, no line end."""
_VARIABLE_VALUE = re.compile(r"[!-~]*", re.ASCII)
_OF_FREESWITCH = frozenset("\\'\"=$")
_NOTHING = "-"
"""In a line of Lua, in place of a value: the key is deleted."""
_SCRIPT = re.compile(r"[A-Za-z0-9_./-]+(?: [A-Za-z0-9_./-]+)*", re.ASCII)
_LEG = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)
"""What a leg's name may be: all that a SIP Call-ID is made of (``inbound-use-callid-as-uuid``; RFC
3261, ``word``), and FreeSWITCH keeps 256 characters of it. One with a blank cannot be addressed:
to ``uuid_kill`` it ends there."""


def end_leg(leg: str, cause: str) -> str:
    """Hang a leg up. FreeSWITCH takes all up to the first blank as its name."""
    return f"uuid_kill {_leg(leg)} {_word(cause)}"


def move_leg(leg: str, destination: str, context: str) -> str:
    """Send a leg to a destination of the dialplan."""
    return f"uuid_transfer {_quoted(leg)} {_word(destination)} XML {_word(context)}"


def mark_diverted(leg: str) -> str:
    """Mark a blocked caller's leg, so that it passes the gates from now on."""
    return f"uuid_setvar {_quoted(leg)} {DIVERTED_VARIABLE} true"


def forget_application(leg: str) -> str:
    """Clear what the leg shows as its application, until it executes the next one. Otherwise it
    shows the ``bridge`` that it left, together with the new destination, for up to 20 ms after
    ``move_leg``."""
    return f"uuid_setvar {_quoted(leg)} {APPLICATION}"


def move_pair(leg: str, destination: str, context: str) -> str:
    """Send a leg and the leg it is bridged to there; ``leg`` must be the bridge's originatee. On a
    leg that is not bridged the command fails.

    FreeSWITCH moves the other leg first and this one a moment later (``mod_commands.c``); on a busy
    machine the bridge may have ended for this one in between. An originatee then waits to be moved
    (``switch_ivr_bridge.c``, ``audio_bridge_on_exchange_media``); an originator goes on in its
    dialplan, and hangs up at the end of it.
    """
    return f"uuid_transfer {_quoted(leg)} -both {_word(destination)} XML {_word(context)}"


def bring_media_back(leg: str) -> str:
    """Make the media of a leg and of the one it is bridged to run through FreeSWITCH again.

    It waits for both telephones, for more than 10 s where one does not answer, so it is to be run
    in the background (``switch_ivr.c``, ``switch_ivr_media``).
    """
    return f"uuid_media {_quoted(leg)}"


def user_exists(agent: Agent) -> str:
    """Ask whether the directory has this user; the answer is ``true`` or ``false``."""
    return f"user_exists id {_word(agent.extension)} {_word(agent.domain)}"


def user_context(agent: Agent) -> str:
    """Ask for the dialplan context of a user."""
    return f"user_data {_word(str(agent))} var user_context"


def list_members(room: str) -> str:
    """Ask who is in a conference. As JSON: a caller's name may have the separators of ``list``."""
    return f"conference {_word(room)} json_list"


def arm_survey(leg: str, destination: str, context: str) -> str:
    """Send a leg to a destination when the other leg of its bridge ends.

    FreeSWITCH does so by itself (``switch_ivr_bridge.c``), also while the daemon is down.
    """
    target = f"{_word(destination)}:XML:{_word(context)}"
    return f"uuid_setvar {_quoted(leg)} {_SURVEY_VARIABLE} {target}"


def disarm_survey(leg: str) -> str:
    """Undo ``arm_survey``; a transfer does not undo it."""
    return f"uuid_setvar {_quoted(leg)} {_SURVEY_VARIABLE}"


def detain(leg: str, *, is_on: bool) -> str:
    """Park a leg when its bridge ends (``switch_ivr_bridge.c``), or not any more."""
    return f"uuid_setvar {_quoted(leg)} park_after_bridge {'true' if is_on else ''}".rstrip()


def brief(leg: str, name: str, value: str) -> str:
    """Set one fact for the survey as a channel variable. It is percent-encoded, so that a group's
    name may have any letter and nothing in it is expanded by a dialplan."""
    told = quote(value, safe="*#+")
    return f"uuid_setvar {_quoted(leg)} {BRIEF_PREFIX}{_word(name)} {told}".rstrip()


def put_hash(realm: str, key: str, value: str) -> str:
    """Write a key of mod_hash."""
    return f"hash insert/{_part(realm)}/{_part(key)}/{_part(value)}"


def look_up(realm: str, key: str) -> str:
    """Read a key of mod_hash; the answer is ``-ERR`` where it does not exist."""
    return f"hash select/{_part(realm)}/{_part(key)}"


ALL_VARIABLES = "global_getvar"
"""Every global variable, ``NAME=VALUE`` a line."""


def read_variable(name: str) -> str:
    """Ask for a global variable."""
    return f"{ALL_VARIABLES} {_word(name)}"


def set_variable(name: str, value: str, previous: str = "") -> str:
    """Set a global variable, or unset it; with ``previous`` only where that is its value now. What
    FreeSWITCH would take for its own (``switch_separate_string``, the second value of
    ``global_setvar``) is refused."""
    for text in (value, previous):
        if not _VARIABLE_VALUE.fullmatch(text) or not _OF_FREESWITCH.isdisjoint(text):
            raise PbxRejectedError(f"{name} cannot have this value")
    command = f"global_setvar {_word(name)}={value}"
    return f"{command}={previous}" if previous else command


def dump_hash(realm: str) -> str:
    """Read every key of a realm."""
    return f"hash_dump db {_part(realm)}"


def write_hashes(realm: str, entries: Iterable[tuple[str, int | None]]) -> str:
    """Write many keys of mod_hash by one line of Lua, and delete those that are to have no value;
    the answer is ``+OK`` and how many that were.

    It costs FreeSWITCH a third of single commands, which it reads byte by byte. What ``_part``
    allows has neither a quote that would end the text in Lua nor one of the separators.
    """
    words = ";".join(
        f"{_part(key)}={_NOTHING if value is None else value}" for key, value in entries
    )
    return (
        f"lua ~local api, done = freeswitch.API(), 0 "
        f"for key, value in ('{words}'):gmatch('([^=;]+)=([^=;]+)') do "
        f"if value == '{_NOTHING}' then "
        f"api:execute('hash', 'delete/{_part(realm)}/'..key) done = done + 1 "
        f"else local answer = api:execute('hash', 'insert/{_part(realm)}/'..key..'/'..value) "
        f"if answer and answer:sub(1, 3) == '+OK' then done = done + 1 end end end "
        f"stream:write('+OK '..done)"
    )


def drop_hash(realm: str, key: str) -> str:
    """Delete a key of mod_hash."""
    return f"hash delete/{_part(realm)}/{_part(key)}"


def read_context(context: str) -> str:
    """The XML of a dialplan context."""
    return f"xml_locate dialplan context name {_word(context)}"


def has_user(user: str, domain: str) -> str:
    """Ask whether the directory has a user in a domain."""
    return f"user_exists id {_word(user)} {_word(domain)}"


def read_configuration(name: str) -> str:
    """The XML of a module's configuration."""
    return f"xml_locate configuration configuration name {_word(name)}"


def evaluate_all(calls: Iterable[str]) -> str:
    """The results of API functions (``module_exists(mod_hash)``), with blanks between them."""
    return "eval " + " ".join(f"${{{call}}}" for call in calls)


def is_script(text: str) -> bool:
    """Whether this is a script of mod_lua with its arguments, as ``call_handler`` takes it."""
    return bool(_SCRIPT.fullmatch(text))


def call_handler(script: str, context: str) -> str:
    """Ask a script of mod_lua that serves the dialplan for a context, as a call does; the answer is
    ``+OK`` and the document, which is empty where it has none.

    The script gets what mod_lua gives it (``mod_lua.cpp``, ``lua_fetch``) and the headers of a call
    that FusionPBX's script goes by.
    """
    if not is_script(script):
        raise PbxRejectedError(f"not allowed in a command: {script[:60]!r}")
    headers = {
        "Caller-Context": _word(context),
        "Hunt-Context": _word(context),
        "Caller-Destination-Number": "0",
        "variable_sip_to_user": "0",
        "variable_sip_req_user": "0",
    }
    arguments = ",".join(f"[{place}]='{word}'" for place, word in enumerate(script.split()))
    added = " ".join(f"params:addHeader('{name}','{each}')" for name, each in headers.items())
    return (
        f"lua ~argv={{{arguments}}} "
        f"XML_REQUEST={{section='dialplan',tag_name='',key_name='',key_value=''}} "
        f"params=freeswitch.Event('REQUEST_PARAMS') {added} "
        f"local file=argv[0] if file:sub(1,1)~='/' then "
        f"file=freeswitch.API():execute('global_getvar','script_dir')..'/'..file end "
        f"local done,why=pcall(dofile,file) "
        f"if done then stream:write('+OK '..tostring(XML_STRING or '')) "
        f"else stream:write('-ERR '..tostring(why)) end"
    )


def exists(leg: str) -> str:
    """Ask whether a leg exists; unlike a snapshot, the answer does not lag. FreeSWITCH takes the
    whole argument as its name."""
    return f"uuid_exists {_leg(leg)}"


def describe(leg: str) -> str:
    """Ask for everything about a leg, in the shape of an event."""
    return f"uuid_dump {_quoted(leg)} json"


TRUE = "true"
CHANNELS = "show channels as json"
BRIDGES = "show bridged_calls as json"
REGISTRATIONS = "show registrations as json"
NO_TABLES = "-ERR SQL disabled"
"""How the answer to each of these begins where FreeSWITCH was started with ``-nosql``."""
CLOCK = "strepoch"
READ_FILES = "xml_locate root"
"""The whole configuration in FreeSWITCH's own files."""


def custom_event(subclass: str, headers: Iterable[tuple[str, str]]) -> str:
    """Fire a CUSTOM event with these headers. Their control characters, line ends among them,
    become blanks, and what nobody sees is left out: a listener may show them on a terminal.
    Sent without ``api``."""
    lines = [f"sendevent {CUSTOM}", f"Event-Subclass: {_word(subclass)}"]
    lines += [f"{name}: {visible(value)}" for name, value in headers if value]
    return "\n".join(lines)


def is_leg(text: str) -> bool:
    """Whether a leg of this name can be addressed. One need not be: a caller of ``originate`` can
    choose any text (``origination_uuid``)."""
    return bool(_LEG.fullmatch(text))


def _leg(text: str) -> str:
    if not is_leg(text):
        raise PbxRejectedError(f"a leg with such a name cannot be addressed: {text[:60]!r}")
    return text


def _quoted(leg: str) -> str:
    """A leg's name as one argument of a command that is read by ``switch_separate_string``: there a
    quote and a backslash mean something, and ``^^`` at the start changes the separator."""
    if _SAFE_WORD.fullmatch(_leg(leg)):
        return leg
    escaped = leg.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _word(text: str) -> str:
    if not _SAFE_WORD.fullmatch(text):
        raise PbxRejectedError(f"not allowed in a command: {text[:60]!r}")
    return text


def _part(text: str) -> str:
    if "/" in text:
        raise PbxRejectedError(f"not allowed between slashes: {text[:60]!r}")
    return _word(text)
