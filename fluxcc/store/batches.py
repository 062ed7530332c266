"""Puts a batch into the tables, in one transaction, with its marks for the site.

Counterparts: ``sql_store`` sees to it that there are tables, the file of each table makes its rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Table

from fluxcc.core.ports import Batch
from fluxcc.domain import history
from fluxcc.domain.changes import marks_of
from fluxcc.domain.shared_entries import entry_marks
from fluxcc.store import audit, blocks, calls, domains, outbox, provisioning, surveys
from fluxcc.store.engines import writing
from fluxcc.store.identity import TABLES
from fluxcc.store.persons import Plan
from fluxcc.store.schema import (
    AUDIT,
    BLOCKS,
    CALLS,
    DOMAINS,
    ENTRIES,
    ENTRY_CHANGES,
    POSITION,
    SURVEYS,
)
from fluxcc.store.statements import delete, escape, upsert

Row = tuple[Any, ...]


class Batches:
    """One per store."""

    def __init__(self, engine: Engine, persons: Plan, *, is_of_site: bool) -> None:
        """``engine`` is the one that writes. Where the node ``is_of_site``, what the site is to be
        told of is marked."""
        self._engine = engine
        self._persons = persons
        self._is_of_site = is_of_site
        self._upserts = {t: upsert(t, engine.dialect) for t in (*TABLES, ENTRY_CHANGES, POSITION)}
        self._deletion = delete(ENTRIES, engine.dialect)

    def put(self, node: str, batch: Batch, *, is_escaped: bool = False) -> None:
        """Write all of it, or nothing; with ``is_escaped`` each text so that any database can hold
        it. Raises SQLAlchemy's errors."""
        person_of = self._persons.canonical
        rows: dict[Table, list[Row]] = {
            CALLS: calls.to_rows(node, batch.calls, person_of),
            BLOCKS: blocks.to_rows(node, batch.blocks, person_of),
            AUDIT: audit.to_rows(node, batch.audit, person_of),
            SURVEYS: surveys.to_rows(node, batch.surveys, person_of),
            ENTRIES: provisioning.to_rows(node, batch.entries),
            ENTRY_CHANGES: provisioning.to_changes(node, batch.entry_stamps),
            DOMAINS: domains.to_rows(node, batch.domains),
            POSITION: outbox.to_positions(node, batch.position),
        }
        statements = [(self._upserts[table], found) for table, found in rows.items()]
        gone = provisioning.to_keys(node, batch.removed, batch.entry_stamps)
        statements.append((self._deletion, gone))
        statements.append((outbox.UNMARK, [(id,) for id in batch.unmarked]))
        if self._is_of_site:
            marks = marks_of(batch.blocks, node) + entry_marks(batch.entry_stamps, node)
            marks += history.marks_of(node, batch)
            statements.append((outbox.MARK, outbox.to_rows(node, marks)))
        # Last: one of these may have been written just before.
        statements += [
            (outbox.ERASE_BLOCK, [(node, id, *stamp) for id, stamp in batch.erased]),
            (outbox.UNMARK_ERASED, [(node, id) for id, _ in batch.erased]),
        ]
        with writing(self._engine) as cursor:
            for statement, found in statements:
                if found:
                    cursor.executemany(statement, _escaped(found) if is_escaped else found)


def _escaped(rows: list[Row]) -> list[Row]:
    return [tuple(escape(v) if isinstance(v, str) else v for v in row) for row in rows]
