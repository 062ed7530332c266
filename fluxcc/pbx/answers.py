"""What the event socket's API commands answer, read.

No I/O. Counterpart: ``commands`` has the commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fluxcc.domain.applications import Application
from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.media import PROXY_CODEC, Media
from fluxcc.kit.names import DIVERTED_VARIABLE
from fluxcc.pbx.commands import APPLICATION
from fluxcc.pbx.json_texts import as_text, load


def read_value(answer: str) -> str:
    """An answer that is a value; empty where it is none."""
    value = answer.strip()
    return "" if value.startswith("-ERR") else value


def read_hash(dump: Iterable[str], realm: str) -> Iterator[tuple[str, str]]:
    """Key and value, from lines of the answer to ``dump_hash``: ``D/REALM_KEY/VALUE`` each."""
    start = f"D/{realm}_"
    for line in dump:
        if line.startswith(start):
            key, _, value = line[len(start) :].rpartition("/")
            yield key, value


NO_REPLY = "-ERR no reply"
"""The answer where an API command wrote nothing."""


def is_ok(answer: str) -> bool:
    """Whether an API command's answer says that it was accepted."""
    return not answer.startswith("-ERR")


def is_no_such_leg(answer: str) -> bool:
    """Whether a command's answer says that its leg does not exist."""
    return answer.startswith("-ERR No such channel")


def read_media(description: str) -> Media:
    """The way of a bridge's media, from the answer to ``describe`` for its originatee."""
    leg = _read_leg(description)
    if leg.get("Channel-Read-Codec-Name") == PROXY_CODEC:
        return Media.PROXIED
    return _MEDIA.get(as_text(leg.get("Channel-State", "")), Media.UNKNOWN)


_MEDIA = {"CS_EXCHANGE_MEDIA": Media.HERE, "CS_HIBERNATE": Media.PAST}


def read_members(answer: str) -> frozenset[str]:
    """The legs in the answer to ``list_members``; none where there is no such conference. Raises
    ``PbxRejectedError`` where it cannot be read."""
    if not is_ok(answer):
        return frozenset()
    try:
        [conference] = load(answer)
        members = conference["members"]
        return frozenset(as_text(member["uuid"]) for member in members if "uuid" in member)
    except (ValueError, TypeError, KeyError) as error:
        raise PbxRejectedError(f"no list of a conference: {answer[:60]!r}") from error


def application_of(description: str, destination: str) -> Application | None:
    """What the answer to ``describe`` says the dialplan does with the leg at a destination; None
    where the leg has not come there."""
    leg = _read_leg(description)
    history = leg.get("variable_transfer_history", "")
    transfers = history if isinstance(history, list) else [history]
    # The dialplan may have sent it on already: then only its transfer history has the destination.
    was_sent = any(f":bl_xfer:{destination}/" in as_text(transfer) for transfer in transfers)
    is_there = leg.get("Caller-Destination-Number") == destination
    if not (was_sent or is_there) or as_text(leg.get("Channel-State", "")) not in _IN_DIALPLAN:
        return None
    return Application(
        as_text(leg.get(f"variable_{APPLICATION}", "")),
        as_text(leg.get(f"variable_{APPLICATION}_data", "")),
    )


def is_past_gate(description: str, announcement: str) -> bool:
    """Whether the answer to ``describe`` tells of a leg that the kit's gate does not have in its
    hands: it neither diverted it nor plays the announcement, of that file, to it."""
    leg = _read_leg(description)
    if not leg or leg.get("Channel-State") in _ENDING:
        return False
    is_told = bool(announcement) and (
        leg.get(f"variable_{APPLICATION}"),
        leg.get(f"variable_{APPLICATION}_data"),
    ) in (("pre_answer", None), ("playback", announcement))
    return leg.get(f"variable_{DIVERTED_VARIABLE}") != "true" and not is_told


_ENDING = frozenset({"CS_HANGUP", "CS_REPORTING", "CS_DESTROY"})


def _read_leg(description: str) -> dict[str, Any]:
    """Header → value of the answer to ``describe``; empty where it describes nothing."""
    if not is_ok(description):
        return {}
    try:
        leg = load(description)
    except ValueError:
        return {}
    return leg if isinstance(leg, dict) else {}


_IN_DIALPLAN = frozenset({"CS_EXECUTE", "CS_SOFT_EXECUTE", "CS_EXCHANGE_MEDIA", "CS_PARK"})
