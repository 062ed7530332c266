"""The table of entries, such as groups, rooms and users: one row an entry, its fields as JSON; and
that of their last changes in a site.

They are few, read whole at start, and never searched, so a new field needs no migration.
Counterparts: ``sql_store`` and ``history``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select

from fluxcc.domain.changes import Change, MarkKind
from fluxcc.domain.persons import Person
from fluxcc.domain.provisioning import Entry, Protected, key, kind_of
from fluxcc.domain.shared_entries import EntryStamp, read_fields, told_entry
from fluxcc.store.readable import convert, read_rows
from fluxcc.store.schema import ENTRIES, ENTRY_CHANGES, OUTBOX

_STAMP = [column for column in ENTRY_CHANGES.c if column.name != "node"]
_THING = ENTRY_CHANGES.c.kind + "/" + ENTRY_CHANGES.c.name


def to_rows(node: str, entries: Iterable[Entry]) -> list[tuple[Any, ...]]:
    """The entries as rows of ``ENTRIES``."""
    return [
        (*_identity(node, entry), msgspec.json.encode(msgspec.structs.asdict(entry)).decode())
        for entry in entries
    ]


def to_changes(node: str, stamps: Iterable[EntryStamp]) -> list[tuple[Any, ...]]:
    """The stamps as rows of ``ENTRY_CHANGES``."""
    return [(node, *msgspec.structs.astuple(stamp)) for stamp in stamps]


def to_keys(
    node: str, entries: Iterable[Entry], stamps: Iterable[EntryStamp]
) -> list[tuple[Any, ...]]:
    """The primary keys of the entries, and of those that are gone by their stamps."""
    gone = [(node, stamp.kind, stamp.name) for stamp in stamps if stamp.is_gone]
    return [_identity(node, entry) for entry in entries] + gone


def read(connection: Connection, nodes: Sequence[str]) -> list[Entry]:
    """Every entry of the nodes, by kind and name."""
    query = select(ENTRIES.c.kind, ENTRIES.c.fields).where(ENTRIES.c.node.in_(nodes))
    query = query.order_by(ENTRIES.c.kind, ENTRIES.c.name)
    return read_rows(connection, query, ENTRIES, read_fields)


def stamps(connection: Connection, node: str) -> list[EntryStamp]:
    """When and where the node's entries were changed in a site, also those that are gone."""
    query = select(*_STAMP).where(ENTRY_CHANGES.c.node == node)
    return read_rows(connection, query, ENTRY_CHANGES, _restore_stamp)


def changes(connection: Connection, node: str, things: Sequence[str]) -> list[Change]:
    """The last changes of the node's entries of these names (``group/8000``), as the site has them;
    without an entry that should be there and is not."""
    if not things:
        return []
    is_same = and_(*(ENTRIES.c[name] == ENTRY_CHANGES.c[name] for name in ("node", "kind", "name")))
    query = (
        select(ENTRIES.c.fields, *_STAMP)
        .select_from(ENTRY_CHANGES.outerjoin(ENTRIES, is_same))
        .where(ENTRY_CHANGES.c.node == node, _THING.in_(things))
    )
    found = read_rows(connection, query, ENTRY_CHANGES, _restore_change)
    return [change for change in found if change is not None]


def things(connection: Connection, node: str) -> Sequence[str]:
    """The names of all that was ever changed in a site."""
    return connection.execute(select(_THING).where(ENTRY_CHANGES.c.node == node)).scalars().all()


def removed(connection: Connection, node: str, person: Person) -> list[str]:
    """The person's numbers that were protected and are no more, but those of which the site is
    still to be told: other nodes have them."""
    marked = select(OUTBOX.c.key).where(
        OUTBOX.c.node == node, OUTBOX.c.kind == MarkKind.ENTRY.value
    )
    query = select(ENTRY_CHANGES.c.name).where(
        ENTRY_CHANGES.c.node == node,
        ENTRY_CHANGES.c.kind == _PROTECTED,
        ENTRY_CHANGES.c.is_gone,
        _THING.not_in(marked),
    )
    return [name for name in connection.execute(query).scalars() if person.has(name)]


def forget(connection: Connection, node: str, names: Sequence[str]) -> None:
    """Forget that these numbers were protected."""
    theirs = ENTRY_CHANGES.delete().where(
        ENTRY_CHANGES.c.node == node,
        ENTRY_CHANGES.c.kind == _PROTECTED,
        ENTRY_CHANGES.c.name.in_(names),
    )
    connection.execute(theirs)


_PROTECTED = kind_of(Protected(""))


def _restore_stamp(*row: Any) -> EntryStamp:
    return convert(EntryStamp, row)


def _restore_change(fields: str | None, *row: Any) -> Change | None:
    stamp = _restore_stamp(*row)
    return told_entry(stamp, fields or "") if fields or stamp.is_gone else None


def _identity(node: str, entry: Entry) -> tuple[str, str, str]:
    return node, kind_of(entry), key(entry)
