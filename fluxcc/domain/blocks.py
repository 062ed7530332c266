"""A block: one caller's number, refused until a second of FreeSWITCH's clock."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from fluxcc.domain.clocks import Clocks, is_over
from fluxcc.domain.privacy import WITHHELD

BY_TIME = "time"
"""Named in ``ended_by`` and notices as the one who ended a block that ran out."""
LEAST_NAME = 8
"""Characters of a block's name, at least."""
_NAME = re.compile(rf"[0-9]{{{LEAST_NAME},}}[a-z]|.{{{LEAST_NAME}}}")


class Scope(StrEnum):
    """For whom a prank blocks (``[blocks] scope``)."""

    AUTO = "auto"
    """The SIP domain of the agent, where the PBX has several."""
    DOMAIN = "domain"
    """The SIP domain of the agent."""
    PBX = "pbx"
    """All SIP domains."""


class BlockState(StrEnum):
    """Whether a block still holds, or how it ended."""

    LIVE = "live"
    EXPIRED = "expired"
    RELEASED = "released"


class BlockChange(StrEnum):
    """The change that a ``fluxcc::block`` notice announces (contract, section 3)."""

    BLOCKED = "blocked"
    RENEWED = "renewed"
    RELEASED = "released"
    EXPIRED = "expired"


def is_name(text: str) -> bool:
    """Whether it may be the name of a block, or its id, which no number is: it has a letter."""
    return len(text) >= LEAST_NAME and text.isascii() and text.isalnum() and not text.isdigit()


def gate_key(spelling: str, domain: str) -> str:
    """The key in mod_hash by which the gate knows a spelling of a number that is refused in a SIP
    domain, or in all."""
    return f"{spelling}@{domain}" if domain else spelling


def read_gate_key(key: str) -> tuple[str, str]:
    """Spelling and domain of a key in mod_hash."""
    spelling, _, domain = key.partition("@")
    return spelling, domain


class Block(msgspec.Struct, frozen=True):
    """One block as it stands; a change makes a new one with the same ``id``."""

    id: str
    number: str
    """The canonical number (``domain.numbers``)."""
    keys: tuple[str, ...]
    """The gate's keys (``gate_key``), one a spelling, that of the call's own among them."""
    since: float
    """When it was first blocked, in epoch seconds."""
    until: int
    """The epoch second at which it ends: the value in mod_hash (contract, section 2)."""
    by: str
    """Who asked for it last (``agent:1000``, ``operator:maria``, ``supervisor:ana via web``)."""
    reason: str = ""
    call: str = ""
    """UUID of the customer's leg of the call that was marked; empty for an operator's block."""
    state: BlockState = BlockState.LIVE
    ended_at: float | None = None
    ended_by: str = ""
    attempts: int = 0
    """Calls of the blocked caller, on all nodes of a site."""
    last_attempt: float | None = None
    domain: str = ""
    """The SIP domain in which the number is refused; empty for all."""
    is_private: bool = False
    """Whether the caller asked that the number be shown to nobody."""
    nth: int = 0
    """Which block of this number it is within ``[blocks] memory``, where blocks grow on repeaters
    (``[blocks] escalation``); 0 elsewhere."""
    ahead: int = 0
    """Seconds by which FreeSWITCH's clock was ahead of the machine's when ``until`` was set."""
    origin: str = ""
    """The node that marked it first; empty where there was no site then."""
    changed: int = 0
    """When it was last changed, in a site: microseconds of the epoch, by which changes made apart
    are ordered (``domain.changes``). Attempts and the end of its time are no changes."""
    changer: str = ""
    """The node on which it was last changed, in a site."""
    elsewhere: dict[str, int] = {}
    """Other node of the site → the attempts that it has told of."""

    def is_over(self, clocks: Clocks) -> bool:
        """Whether its time has passed (``domain.clocks``)."""
        return is_over(self.until, self.ahead, clocks)

    @property
    def own_attempts(self) -> int:
        """The attempts that this node has seen."""
        return self.attempts - sum(self.elsewhere.values())

    @property
    def name(self) -> str:
        """What a person calls it by in place of the number: the beginning of its id that no number
        can be, as it has a letter."""
        found = _NAME.match(self.id)
        return found[0] if found else self.id

    @property
    def counts(self) -> bool:
        """Whether it counts for the duration of the next one: one that was taken back does not."""
        return self.state is not BlockState.RELEASED


def without_number(block: Block) -> Block:
    """The block as everybody may see it."""
    if not block.is_private:
        return block
    return msgspec.structs.replace(block, number=WITHHELD, keys=())
