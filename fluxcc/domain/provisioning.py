"""What supervisors have set: groups with their survey, agents' rooms, services to transfer to, and
numbers that nobody can block; and the users and tokens of the page, which are the admins' business.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from fluxcc.domain.agents import clean_domain
from fluxcc.domain.protection import fault as protection_fault

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
LONGEST_COMMENT = 200
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
"""A user's or a token's name."""
EXTENSION = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
PASSWORD_HASH = re.compile(
    r"\$argon2id\$v=\d+\$[a-z0-9,=]{1,64}(\$[A-Za-z0-9+/]{1,128}){2}", re.ASCII
)
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
LEAST_PASSWORD, LONGEST_PASSWORD = 10, 200
"""Characters of a password."""


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


class UserRole(StrEnum):
    """What a user of the page, or the bearer of a token, may do."""

    VIEWER = "viewer"
    """Sees, and changes nothing."""
    AGENT = "agent"
    """Acts on the own extension's call."""
    SUPERVISOR = "supervisor"
    """Acts on any call, on numbers and on what supervisors set, in one SIP domain or in all."""
    ADMIN = "admin"
    """As a supervisor of all domains, and has the say about users and tokens."""


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


class Protected(msgspec.Struct, frozen=True, tag_field="kind", tag="protected"):
    """A number, or numbers, that nobody can block."""

    name: str
    """A number in any spelling, or a regular expression of canonical ones (``domain.protection``);
    the daemon keeps numbers canonical."""
    comment: str = ""
    domain: str = ""
    """Always empty: it holds in all SIP domains."""


class User(msgspec.Struct, frozen=True, tag_field="kind", tag="user"):
    """A person who logs in to the page."""

    name: str
    """The log-in name, one in all SIP domains."""
    role: UserRole
    extension: str = ""
    """An agent's; nobody else has one."""
    domain: str = ""
    """The one SIP domain that the user sees and acts in; empty for all, which an admin's is. Of an
    agent it is the extension's."""
    password_hash: str = ""
    """Argon2id, as argon2-cffi writes it; nobody logs in by an empty one. In a request to ``set``
    an empty one leaves the password as it is."""
    language: str = ""
    """A ``Language``; empty for the browser's."""


class Token(msgspec.Struct, frozen=True, tag_field="kind", tag="token"):
    """What a program shows in place of a log-in; its rights are those of a user of that role."""

    name: str
    role: UserRole
    extension: str = ""
    domain: str = ""
    digest: str = ""
    """SHA-256 of the token, in hexadecimal digits. The token itself is kept nowhere. In a request
    to ``set`` an empty one leaves it as it is."""
    created: float = 0.0
    """In epoch seconds."""


Entry = Group | Room | Service | Protected | User | Token
Account = User | Token
"""What is known of the one who asks through the page or its API."""
KINDS: dict[str, type[Entry]] = {
    "group": Group,
    "room": Room,
    "service": Service,
    "protected": Protected,
    "user": User,
    "token": Token,
}
"""Every kind of entry by the name under which it is stored."""
_NAMES = {kind: name for name, kind in KINDS.items()}


def kind_of(entry: Entry) -> str:
    """Which of ``KINDS`` it is."""
    return _NAMES[type(entry)]


def key(entry: Entry) -> str:
    """The entry's name among its kind, with its domain: ``8000``, ``8000@a.example``. A room's is
    the agent's; a user's or a token's has no domain."""
    if isinstance(entry, Account):
        return entry.name
    return scoped(entry.extension if isinstance(entry, Room) else entry.name, entry.domain)


def room_of(name: str) -> Room:
    """A room with that ``key``. An extension has no ``@`` in it."""
    extension, _, domain = name.partition("@")
    return Room(extension, domain=domain)


def scoped(name: str, domain: str) -> str:
    """A name with the domain that it belongs to, if any."""
    return f"{name}@{domain}" if domain else name


def faults(entry: Entry) -> list[str]:
    """What is wrong with an entry, in English, for the log and the operator; empty if nothing."""
    if isinstance(entry, Protected):
        return _protection_faults(entry)
    if isinstance(entry, Account):
        return _account_faults(entry)
    wrong = []
    if entry.domain != clean_domain(entry.domain):
        wrong.append("domain must be a SIP domain in small letters, such as a.example")
    match entry:
        case Room():
            return wrong + _room_faults(entry)
        case Service():
            return wrong + _name_faults(entry.name) + _service_faults(entry)
        case Group():
            return wrong + _name_faults(entry.name) + _group_faults(entry)


def _name_faults(name: str) -> list[str]:
    if NAME.fullmatch(name) and name == name.strip():
        return []
    return ["name must be letters, digits, blanks and . @ + - only"]


def _room_faults(room: Room) -> list[str]:
    wrong = []
    if not CONTEXT.fullmatch(room.extension):
        wrong.append("extension must be letters and digits")
    if not 0 <= room.wait <= LONGEST_WAIT:
        wrong.append(f"wait must be from 0 to {LONGEST_WAIT} seconds")
    if room.wait and not room.is_served_by_pbx:
        wrong.append("wait goes with a room that the PBX serves")
    return wrong


def _service_faults(service: Service) -> list[str]:
    wrong = []
    if not DESTINATION.fullmatch(service.destination):
        wrong.append("destination must be something to dial, such as 7001 or *28")
    if service.context not in PLACEHOLDERS and not CONTEXT.fullmatch(service.context):
        wrong.append("context must be a dialplan context's name")
    return wrong


def _group_faults(group: Group) -> list[str]:
    wrong = []
    if group.destination and not DESTINATION.fullmatch(group.destination):
        wrong.append("destination must be something to dial, such as *28")
    if not 1 <= group.questions <= MOST_QUESTIONS:
        wrong.append("questions must be 1, 2 or 3")
    if group.prompts and (not FOLDER.fullmatch(group.prompts) or "/../" in f"{group.prompts}/"):
        wrong.append("prompts must be an absolute folder without blanks")
    return wrong


def _protection_faults(entry: Protected) -> list[str]:
    wrong = []
    if entry.domain:
        wrong.append("a protected number has no domain")
    if len(entry.comment) > LONGEST_COMMENT or not entry.comment.isprintable():
        wrong.append(f"comment must be one line of {LONGEST_COMMENT} characters at most")
    if fault := protection_fault(entry.name):
        wrong.append(fault)
    return wrong


def _account_faults(account: Account) -> list[str]:
    wrong = []
    if not LOGIN.fullmatch(account.name):
        wrong.append("name must be at most 32 small letters, digits and . _ - only")
    if account.domain != clean_domain(account.domain):
        wrong.append("domain must be a SIP domain in small letters, such as a.example")
    if account.role is UserRole.ADMIN and account.domain:
        wrong.append("an admin is of all domains")
    if (account.role is UserRole.AGENT) != bool(account.extension):
        wrong.append("an extension goes with the role agent, and with no other")
    if account.extension and not EXTENSION.fullmatch(account.extension):
        wrong.append("extension must be letters and digits")
    match account:
        case User(password_hash=secret) if secret and not PASSWORD_HASH.fullmatch(secret):
            wrong.append("password_hash must be argon2id's")
        case User(language=language) if language not in ("", *Language):
            wrong.append("language must be pt_BR or en")
        case Token(digest=digest) if digest and not DIGEST.fullmatch(digest):
            wrong.append("digest must be 64 hexadecimal digits")
    return wrong


def without_secret(entry: Entry) -> Entry:
    """The entry as it may be shown, logged and written into the audit."""
    match entry:
        case User():
            return replace(entry, password_hash="")
        case Token():
            return replace(entry, digest="")
        case _:
            return entry


def digest_of(token: str) -> str:
    """What is kept of a token. It is random enough that nobody finds it by trying."""
    from hashlib import sha256  # noqa: PLC0415  # as in ``requests``

    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
