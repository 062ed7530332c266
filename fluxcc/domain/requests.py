"""Requests and replies: the same two shapes for agents and operators."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec

from fluxcc.domain.actions import Action
from fluxcc.domain.agents import NOBODY, Agent, clean_domain
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Account, Entry, User, UserRole, without_secret

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
EXTENSION = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
UUID = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)
"""A leg's name: a UUID, or on some profiles the caller's SIP Call-ID. FreeSWITCH takes any text as
one (``origination_uuid``); a leg whose name is outside of this alphabet cannot be acted on."""
BOARD = re.compile(r"[A-Za-z0-9._:-]{0,64}", re.ASCII)
REPLY_LIMIT = 5.0
"""Seconds after which a board has its reply at the latest (contract, section 3), unless the link to
FreeSWITCH is gone or a room was given longer. ``REPLY_TIMEOUT_MS`` of the kit's ``fluxcc.lua`` and
``REPLY_TIMEOUT`` of ``fluxcc.client`` are longer."""
LONGEST_REASON = 200
LONGEST_SERVICE = 65
"""What is kept of a service's name: one more than any has, so that one cut off is none."""


class Role(StrEnum):
    """What the asker may do (``actions.rights``); it follows from the door through which the
    request came, and of a user of the page from what an admin set."""

    AGENT = "agent"
    """Acts on their own call only."""
    OPERATOR = "operator"
    """May do everything."""
    VIEWER = "viewer"
    """A ``domain.provisioning.UserRole``, as the next two."""
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


WEB = "web"
TOKEN = "token/"  # noqa: S105  # the beginning of a name
"""What a token's name begins with where users' names stand too."""


class Actor(msgspec.Struct, frozen=True):
    """Who asks."""

    role: Role
    name: str
    via: str = ""
    """``WEB`` for a user of the page."""
    domain: str = ""
    """The one SIP domain to which the rights are confined; empty for all."""
    user: str = ""
    """The log-in name of a user of the page."""

    def __str__(self) -> str:
        return f"{self.role}:{self.name} via {self.via}" if self.via else f"{self.role}:{self.name}"

    @property
    def acts_on_any_call(self) -> bool:
        """Whether calls of others may be acted on, within ``domain``."""
        return self.role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN)

    @property
    def sees_whole_numbers(self) -> bool:
        """Whether also the numbers are shown that their callers hide."""
        return self.acts_on_any_call


def actor_of(account: Account) -> Actor:
    """The page's user, or the bearer of a token, as the one who asks."""
    is_user = isinstance(account, User)
    user = account.name if is_user else ""
    if account.role is UserRole.AGENT:
        agent = Agent(account.extension, account.domain)
        return Actor(Role.AGENT, str(agent), WEB, user=user)
    name = account.name if is_user else f"{TOKEN}{account.name}"
    return Actor(Role(account.role.value), name, WEB, account.domain, user)


class Asked(msgspec.Struct, frozen=True):
    """A request as far as another one of the same ID is compared with it."""

    id: str
    by: str
    """The asker: ``agent:1000``."""
    action: str
    content: str = ""
    """A digest of everything that was asked for, and of the board that asked; empty where it is
    not known any more, or was written by a version that had none."""
    is_malformed: bool = False

    def is_same(self, other: Asked) -> bool:
        """Whether the other one asks for the same."""
        if self.content and other.content:
            return self.content == other.content
        return self.by == other.by and self.action == other.action


class Answered(msgspec.Struct, frozen=True):
    """A request and its reply."""

    asked: Asked
    reply: Reply


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One well-formed request."""

    id: str
    action: Action
    actor: Actor
    board: str = ""
    """The board that asks, as it calls itself."""
    agent: Agent = NOBODY
    """Whose call is meant, as the asker named them."""
    domain: str = ""
    """The one SIP domain that a block is for; empty for all."""
    call: str = ""
    number: str = ""
    duration: int | None = None
    """How long a block holds, in seconds; None for the configured time."""
    service: str = ""
    """Where to transfer to: a service's name."""
    has_survey: bool = True
    """``hangup``: whether the customer may go to the group's survey."""
    entry: Entry | None = None
    """What a supervisor sets or removes."""
    reason: str = ""
    language: str = ""
    is_late: bool = False
    """Whether it is read so late that its asker waits for no reply any more."""

    @property
    def subject(self) -> str:
        """What the audit row names besides call and number: a service's name, or as JSON the entry
        that is set or removed, without its secret."""
        if self.entry is None:
            return self.service
        kind = type(self.entry).__name__.lower()
        shown = without_secret(self.entry)
        return msgspec.json.encode({kind: msgspec.structs.asdict(shown)}).decode()

    @property
    def asked(self) -> Asked:
        """What another request of the same ID is compared with. In which language and time zone the
        reply is wanted makes no other request of it."""
        content = digest(
            str(self.actor),
            self.board,
            self.action,
            str(self.agent),
            self.domain,
            self.call,
            self.number,
            str(self.duration),
            self.subject if self.entry is None else msgspec.json.encode(self.entry).decode(),
            str(self.has_survey),
            self.reason,
        )
        return Asked(self.id, str(self.actor), self.action, content)

    def reply(self, code: Code, **facts: Any) -> Reply:
        """The reply with this code; ``facts`` are further fields of it."""
        known = {
            "agent": self.agent.extension,
            "domain": self.agent.domain or self.domain,
            "language": self.language,
        }
        return Reply(request=self.id, action=self.action, code=code, **known | facts)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request. ``number`` and ``expires`` only where a number was concerned."""

    request: str
    action: str
    code: Code
    agent: str = ""
    """The agent's extension, as it was asked for."""
    domain: str = ""
    """The SIP domain of the agent, or of the block; empty where it is not known, or is all."""
    call: str = ""
    number: str = ""
    blocked: bool | None = None
    expires: int | None = None
    record_pending: bool = False
    """Whether the action was done while its record still waits for the store."""
    language: str = ""
    block: str = ""
    """The block's name (``domain.blocks.Block.name``), where ``number`` is ``WITHHELD``."""
    nth: int = 0
    """As ``domain.blocks.Block.nth``."""
    freed: int = 0
    """How many blocks ended because their number is protected from now on."""

    @property
    def status(self) -> Status:
        """How it ended (``Code.status``)."""
        return self.code.status


def digest(*parts: str) -> str:
    """A short text that differs where any of the parts does."""
    from hashlib import blake2b  # noqa: PLC0415  # it takes its time, and commands never come here

    # Each with its length, so that nothing can move from one part to the next.
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def parse_agent(text: str, domain: str = "") -> Agent:
    """The agent in ``1000`` or ``1000@a.example``, or whose ``domain`` is named apart. Raises
    ``ValueError`` where it is none, or two domains are named."""
    extension, at, own = text.partition("@")
    named = [clean_domain(each) for each, is_given in ((own, at), (domain, domain)) if is_given]
    if not EXTENSION.fullmatch(extension) or "" in named or len(set(named)) > 1:
        raise ValueError("no agent")
    return Agent(extension, named[0] if named else "")


def clean_text(text: str, longest: int) -> str:
    """A person's free text as one printable line of at most ``longest`` characters.

    Control characters, line ends of any alphabet among them, become spaces: such text travels in
    event headers, log lines and terminals.
    """
    printable = "".join(c if c.isprintable() else " " for c in text[: longest * 2])
    return " ".join(printable.split())[:longest]
