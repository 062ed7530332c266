"""What supervisors have set: groups with their survey, agents' rooms, services to transfer to."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from fluxcc.domain.agents import clean_domain

NAME = re.compile(r"[\w.@ +-]{1,64}")
"""A group's or a service's name: letters of any alphabet, digits, and a few signs."""
DESTINATION = re.compile(r"[A-Za-z0-9_.*#+][A-Za-z0-9_.*#+-]{0,63}", re.ASCII)
"""What is dialled. It must not begin with a dash: FreeSWITCH would take it for an option."""
CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
FOLDER = re.compile(r"/[A-Za-z0-9_./-]{1,200}", re.ASCII)
DOMAIN = "{domain}"
PLACEHOLDERS = frozenset({DOMAIN, "{context}"})
"""Contexts that depend on the agent: the own SIP domain, and the context of the own telephone."""
LONGEST_WAIT = 60
"""Seconds that a room may take to let its people in."""
MOST_QUESTIONS = 3
"""Questions of a survey."""


class Trigger(StrEnum):
    """What starts the survey of a group that has it on (contract, section 1)."""

    BOARD = "board"
    """The agent ends the call through the board."""
    ANY = "any"
    """Also when the agent's telephone hangs up."""


class Scale(StrEnum):
    """What a customer may press for an answer."""

    FIVE = "1-5"
    TEN = "0-10"


class Language(StrEnum):
    """A language in which the kit has recordings."""

    PORTUGUESE = "pt_BR"
    ENGLISH = "en"


class Group(msgspec.Struct, frozen=True, tag_field="kind", tag="group"):
    """A group, and what happens after its calls."""

    name: str
    has_survey: bool = False
    trigger: Trigger = Trigger.BOARD
    destination: str = ""
    """Where the survey answers; empty for the configured one."""
    questions: int = 1
    scale: Scale = Scale.FIVE
    prompts: str = ""
    """Folder of the group's own recordings; empty for those of the kit."""
    domain: str = ""
    """The SIP domain that it belongs to; empty for all."""
    language: Language = Language.PORTUGUESE
    """Of the kit's recordings."""


class Room(msgspec.Struct, frozen=True, tag_field="kind", tag="room"):
    """An agent's conference room."""

    extension: str
    is_served_by_pbx: bool = False
    """Whether the PBX's own dialplan has it; otherwise the kit's serves it."""
    wait: float = 0.0
    """Seconds that the PBX's room may take until both are in it, where it greets them, asks for a
    PIN or announces them; 0 for no longer than usual."""
    domain: str = ""
    """The agent's SIP domain; empty for the agent of that extension in each domain."""


class Service(msgspec.Struct, frozen=True, tag_field="kind", tag="service"):
    """Something to transfer a customer to."""

    name: str
    destination: str
    context: str = "default"
    """A dialplan context; ``{domain}`` stands for the agent's SIP domain, ``{context}`` for the
    context in which the agent's telephone is."""
    description: str = ""
    domain: str = ""
    """The SIP domain that it belongs to; empty for all."""


Entry = Group | Room | Service


def key(entry: Entry) -> str:
    """The entry's name among its kind, with its domain: ``8000``, ``8000@a.example``. A room's is
    the agent's."""
    return scoped(entry.extension if isinstance(entry, Room) else entry.name, entry.domain)


def scoped(name: str, domain: str) -> str:
    """A name with the domain that it belongs to, if any."""
    return f"{name}@{domain}" if domain else name


def faults(entry: Entry) -> list[str]:
    """What is wrong with an entry, in English, for the log and the operator; empty if nothing."""
    wrong = []
    if entry.domain != clean_domain(entry.domain):
        wrong.append("domain must be a SIP domain in small letters, such as a.example")
    if isinstance(entry, Room):
        if not CONTEXT.fullmatch(entry.extension):
            wrong.append("extension must be letters and digits")
        if not 0 <= entry.wait <= LONGEST_WAIT:
            wrong.append(f"wait must be from 0 to {LONGEST_WAIT} seconds")
        if entry.wait and not entry.is_served_by_pbx:
            wrong.append("wait goes with a room that the PBX serves")
        return wrong
    if not NAME.fullmatch(entry.name) or entry.name != entry.name.strip():
        wrong.append("name must be letters, digits, blanks and . @ + - only")
    if isinstance(entry, Service):
        if not DESTINATION.fullmatch(entry.destination):
            wrong.append("destination must be something to dial, such as 7001 or *28")
        if entry.context not in PLACEHOLDERS and not CONTEXT.fullmatch(entry.context):
            wrong.append("context must be a dialplan context's name")
        return wrong
    if entry.destination and not DESTINATION.fullmatch(entry.destination):
        wrong.append("destination must be something to dial, such as *28")
    if not 1 <= entry.questions <= MOST_QUESTIONS:
        wrong.append("questions must be 1, 2 or 3")
    if entry.prompts and (not FOLDER.fullmatch(entry.prompts) or "/../" in f"{entry.prompts}/"):
        wrong.append("prompts must be an absolute folder without blanks")
    return wrong
