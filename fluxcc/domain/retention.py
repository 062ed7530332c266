"""The kinds of record that the store keeps of people, and the result of an erasure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RecordKind(StrEnum):
    """One kind of record. ``[retention]`` says for how long each is kept."""

    CALLS = "calls"
    SURVEYS = "surveys"
    """Kept as long as the calls they came after."""
    BLOCKS = "blocks"
    """Ended blocks, kept as long as the audit, which has who asked for them."""
    AUDIT = "audit"


WITH_TEXTS = (RecordKind.CALLS, RecordKind.BLOCKS, RecordKind.AUDIT)
"""Kinds whose records have texts in which another person's number may be."""


class Place(StrEnum):
    """Where something of a person may be. Published, like codes: add, never rename."""

    ROWS = "rows"
    """The store's rows."""
    FILE = "file"
    """Free parts of the store's file, and its write-ahead log."""
    SPOOL = "spool"
    """Answers to the survey on their way to the store."""
    GATE = "gate"
    """mod_hash in FreeSWITCH."""
    MEMORY = "memory"
    """The daemon's."""
    LIVE_CALL = "live-call"
    ENTRIES = "entries"
    """Groups and services whose destination is the number."""
    SET_ASIDE = "set-aside"
    """Corrupt stores that were kept for the administrator."""
    SITE = "site"
    """The site, of every node: its history, and what the nodes tell each other."""
    NODES = "nodes"
    """The stores of the other nodes of the site."""
    SERVER = "server"
    """PostgreSQL's dead rows and its log."""
    OTHERS = "others"
    """Texts of others' records: reasons, to whom a call was handed over, who was protected."""
    BACKUPS = "backups"
    PBX_RECORDS = "pbx-records"
    """FreeSWITCH's own call detail records, recordings, voicemail and logs."""
    JOURNAL = "journal"
    """What the daemon and others have logged."""


OUTSIDE = (Place.BACKUPS, Place.PBX_RECORDS, Place.JOURNAL)
"""What no erasure here reaches."""


class Erased(msgspec.Struct, frozen=True):
    """What was erased."""

    counts: dict[RecordKind, int]
    """How many records of each kind. An audit row stays; its number and reason are erased."""
    blocked_until: int | None = None
    """The epoch second at which a live block ends, which is not erased; None without one."""
    reached: tuple[Place, ...] = ()
    """Where nothing of the person is any more."""
    left: dict[Place, str] = {}
    """Where something of the person is or may be, and what: file names, numbers of things; empty
    where that is not known."""
