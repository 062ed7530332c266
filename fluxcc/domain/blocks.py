"""A block: one caller's number, refused until a second of FreeSWITCH's clock."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """For whom a prank blocks (``[blocks] scope``)."""

    AUTO = "auto"
    """The SIP domain of the agent, where the PBX has several."""
    DOMAIN = "domain"
    """The SIP domain of the agent."""
    PBX = "pbx"
    """All SIP domains."""


class BlockState(StrEnum):
    """Whether a block still counts, or how it ended."""

    LIVE = "live"
    EXPIRED = "expired"
    RELEASED = "released"


class BlockChange(StrEnum):
    """The change that a ``fluxcc::block`` notice announces (contract, section 3)."""

    BLOCKED = "blocked"
    RENEWED = "renewed"
    RELEASED = "released"
    EXPIRED = "expired"


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
    """Who asked for it last (``agent:1000``, ``operator:maria``)."""
    reason: str = ""
    call: str = ""
    """UUID of the customer's leg of the call that was marked; empty for an operator's block."""
    state: BlockState = BlockState.LIVE
    ended_at: float | None = None
    ended_by: str = ""
    attempts: int = 0
    last_attempt: float | None = None
    domain: str = ""
    """The SIP domain in which the number is refused; empty for all."""
