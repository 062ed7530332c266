"""A person's number in texts of rows that are not the person's: reasons, what a call was handed
over to, what an operator protected.

Counterpart: ``sql_store``; ``persons`` finds the person's own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from fluxcc.domain.persons import Person
from fluxcc.domain.retention import RecordKind
from fluxcc.store.readable import read_rows, typed
from fluxcc.store.schema import AUDIT, BLOCKS, CALLS
from fluxcc.store.statements import end_of_window

WINDOW = 20_000
"""Rows that are searched at once."""
TEXTS = {
    RecordKind.CALLS: (CALLS, ("sequel",)),
    RecordKind.BLOCKS: (BLOCKS, ("reason",)),
    RecordKind.AUDIT: (AUDIT, ("reason", "subject", "sequel")),
}
"""The tables with such texts, and the columns that have them."""


Mention = tuple[Any, str, str, str]
"""The row's id, the column, its text, and the text without the number."""


class Found(NamedTuple):
    """What a search of a table's next rows gave."""

    mentions: list[Mention]
    after: Any
    """The id after which to go on; None where there were no more rows."""


def find(connection: Connection, node: str, kind: RecordKind, person: Person, after: Any) -> Found:
    """The texts with the person's number, among the ``WINDOW`` rows of the node after the id
    ``after`` (None for the first)."""
    table, names = TEXTS[kind]
    last = end_of_window(connection, table, node, after, WINDOW)
    if last is None:
        return Found([], None)
    columns = (table.c.id, *(table.c[name] for name in names))
    rows = select(*columns).where(table.c.node == node, table.c.id <= last)
    if after is not None:
        rows = rows.where(table.c.id > after)
    like = f"%{'%'.join(person.ending or person.seen)}%"
    rows = rows.where(or_(*(and_(table.c[n] != "", table.c[n].like(like)) for n in names)))
    mentions = []
    kinds = (table.c.id.type.python_type, *(str for _ in names))
    for id, *texts in read_rows(connection, rows, table, typed(*kinds)):
        for name, text in zip(names, texts, strict=True):
            if (without := person.erase_from(text)) != text:
                mentions.append((id, name, text, without))
    return Found(mentions, last)


def erase(
    connection: Connection,
    node: str,
    kind: RecordKind,
    mentions: Sequence[Mention],
) -> None:
    """Put each text without the number in place of the one with it."""
    table, _ = TEXTS[kind]
    for id, name, text, without in mentions:
        mine = (table.c.node == node, table.c.id == id, table.c[name] == text)
        connection.execute(table.update().where(*mine).values({name: without}))
