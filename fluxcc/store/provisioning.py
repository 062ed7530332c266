"""The table of entries, such as groups, rooms and users: one row an entry, its fields as JSON.

They are few, read whole at start, and never searched, so a new field needs no migration.
Counterparts: ``sql_store`` and ``history``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from fluxcc.domain.provisioning import Entry, Group, Protected, Room, Service, Token, User, key
from fluxcc.store.readable import read_rows
from fluxcc.store.schema import ENTRIES

_KINDS: dict[str, type[Entry]] = {
    "group": Group,
    "room": Room,
    "service": Service,
    "protected": Protected,
    "user": User,
    "token": Token,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_rows(node: str, entries: Iterable[Entry]) -> list[tuple[Any, ...]]:
    """The entries as rows of ``ENTRIES``."""
    return [
        (*_identity(node, entry), msgspec.json.encode(msgspec.structs.asdict(entry)).decode())
        for entry in entries
    ]


def to_keys(node: str, entries: Iterable[Entry]) -> list[tuple[Any, ...]]:
    """The primary keys of the entries."""
    return [_identity(node, entry) for entry in entries]


def read(connection: Connection, nodes: Sequence[str]) -> list[Entry]:
    """Every entry of the nodes, by kind and name."""
    query = select(ENTRIES.c.kind, ENTRIES.c.fields).where(ENTRIES.c.node.in_(nodes))
    return read_rows(connection, query.order_by(ENTRIES.c.kind, ENTRIES.c.name), ENTRIES, _restore)


def _restore(kind: str, fields: str) -> Entry:
    return msgspec.json.decode(fields, type=_KINDS[kind])


def _identity(node: str, entry: Entry) -> tuple[str, str, str]:
    return node, _NAMES[type(entry)], key(entry)
