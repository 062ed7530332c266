"""Reads FreeSWITCH's lists of people: the directory, registrations, mod_callcenter's agents.

No I/O. Counterpart: ``inquiry``, which asks for them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fluxcc.pbx.json_texts import as_text, load

_USER = re.compile(r"\buser/([^@/,|{}\s]+)@([^@/,|{}:\s]+)")
_LOOPBACK = re.compile(r"\bloopback/([^@/,|{}\s]+)/([^@/,|{}:\s]+)")

_CONTACT = re.compile(r"sips?:([^;?>\s]+)")


class QueueAgent(NamedTuple):
    """An agent of mod_callcenter."""

    name: str
    extension: str = ""
    """Of the telephone that its contact calls; empty where that is none of the directory's."""
    domain: str = ""


def read_stations(listed: str) -> list[tuple[str, str]]:
    """The users and their domains in the answer to ``list_users``, each once: it has one line for
    each group that a user is in."""
    rows = (line.split("|") for line in listed.splitlines()[1:] if "|" in line)
    return list(dict.fromkeys((row[0], "".join(row[2:3])) for row in rows if row[0]))


def read_registrations(shown: str) -> list[tuple[str, str]]:
    """The users and their domains in the answer to ``show registrations as json``."""
    try:
        rows = load(shown).get("rows", [])
        found = [(as_text(row["reg_user"]), as_text(row["realm"])) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return list(dict.fromkeys(found))


def read_contact(text: str) -> str:
    """User and host of a contact, as the name of a channel to it has them (``sofia_glue.c``,
    ``sofia_glue_set_name``); empty where there is none. A name in front of it may have any text."""
    found = _CONTACT.search(text.rpartition("<")[2])
    return found[1] if found else ""


def read_queue_agents(listed: str) -> list[QueueAgent]:
    """The agents in the answer to ``callcenter_config agent list``. A contact may have the bars
    that part its columns, so it is looked for in the whole line."""
    agents = []
    for line in listed.splitlines()[1:]:
        name, bar, rest = line.partition("|")
        if bar and name:
            found = _USER.search(rest) or _LOOPBACK.search(rest)
            agents.append(QueueAgent(name, *(found.groups() if found else ())))
    return agents


def read_names(listed: str) -> list[str]:
    """The first column of a list of mod_callcenter's."""
    lines = listed.splitlines()[1:]
    return [name for name, bar, _rest in (line.partition("|") for line in lines) if bar and name]
