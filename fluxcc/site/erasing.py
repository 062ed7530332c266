"""Erases a person from the tables of what the site's nodes tell each other: the last change of each
thing, the log of changes, requests and replies on their way, calls that a node left behind.

A block of the person that holds stays, and with it its changes. Of one that has ended the change
remains that it has (``domain.erasing``), and its earlier ones keep their number in the log and
nothing else: a node that reads on from there misses none.

Counterparts: ``postgresql`` calls it, ``archive`` erases the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select, text, tuple_, update

from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Change, Kind, Tally, newest
from fluxcc.domain.erasing import erasure_of, superseded, without
from fluxcc.domain.nodes import SILENT_AFTER
from fluxcc.domain.persons import Person
from fluxcc.site import months
from fluxcc.site.log import LOCK
from fluxcc.site.schema import LOG, REGISTERS, REPLIES, REQUESTS

PER_STEP = 2_000
"""Rows that are looked at in one transaction."""

# A block that was renewed since it was read stays.
ERASE = text(
    """
    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lock)),
    given AS MATERIALIZED (
        SELECT g.thing, g.block, g.at, g.node, g.body
        FROM held, jsonb_to_recordset(CAST(:changes AS jsonb))
            AS g(thing text, block text, at bigint, node text, body text)
    ),
    gone AS (
        DELETE FROM site_registers AS known USING given
        WHERE known.kind = 'block' AND known.key = given.thing
            AND (known.at, known.node) <= (given.at, given.node)
        RETURNING given.block, given.at, given.node, given.body
    ),
    tallies AS (
        DELETE FROM site_registers AS known USING gone
        WHERE known.kind = 'tally'
            AND known.key > gone.block || '/' AND known.key < gone.block || '0'
    ),
    ended AS (
        SELECT block, at, node, body FROM gone
        UNION ALL
        SELECT block, at, node, body FROM given
        WHERE thing = '' AND NOT EXISTS (
            SELECT FROM site_registers AS erased
            WHERE erased.kind = 'erased' AND erased.key = given.block
                AND (erased.at, erased.node) >= (given.at, given.node)
        )
    ),
    counted AS (
        INSERT INTO site_registers AS known (kind, key, at, node, body)
        SELECT 'erased', block, at, node, body FROM ended
        ON CONFLICT (kind, key) DO UPDATE
        SET at = greatest(excluded.at, known.at),
            node = CASE WHEN excluded.at > known.at THEN excluded.node
                WHEN excluded.at < known.at THEN known.node
                ELSE greatest(excluded.node, known.node) END
        RETURNING kind, key, at, node, body
    )
    INSERT INTO site_log (kind, key, at, node, body)
    SELECT kind, key, at, node, body FROM counted ORDER BY at, node
    """
)
LEFT_CALLS = text(
    """
    SELECT live.node, live.id, live.body FROM site_live_calls AS live
    LEFT JOIN site_nodes ON name = live.node
    WHERE seen IS NULL OR seen <= clock_timestamp() - make_interval(secs => :silent)
    """
)
DELETE_CALL = text("DELETE FROM site_live_calls WHERE node = :node AND id = :id")


def erase(connection: Connection, person: Person, after: Any) -> tuple[int, Any]:
    """Erase the person from the next rows: how many, and where to go on, None at the end; ``after``
    is where it was, None for the beginning."""
    part, place = after or (0, None)
    count, reached = _PARTS[part](connection, person, place)
    if reached is None:
        part += 1
    return count, (part, reached) if part < len(_PARTS) else None


def _erase_registers(
    connection: Connection, person: Person, after: tuple[str, str] | None
) -> tuple[int, tuple[str, str] | None]:
    thing = tuple_(REGISTERS.c.kind, REGISTERS.c.key)
    query = select(*REGISTERS.c).where(thing > (after or _FIRST), _may_name(person, REGISTERS))
    rows = connection.execute(query.order_by(REGISTERS.c.kind, REGISTERS.c.key).limit(PER_STEP))
    changes = [Change(*row) for row in rows]
    blocks = [(each.key, _theirs(person, each.kind, each.body)) for each in changes]
    count = _erase_blocks(connection, [(k, each) for k, each in blocks if isinstance(each, Block)])
    held = _held(connection, person)
    for each, (_, theirs) in zip(changes, blocks, strict=True):
        this = (REGISTERS.c.kind == each.kind, REGISTERS.c.key == each.key)
        is_left = isinstance(theirs, Tally) and theirs.block not in held
        if is_left or _is_removed_of(person, each):
            # Perhaps of a block that is the last one of its number no more.
            connection.execute(delete(REGISTERS).where(*this))
            count += 1
        elif theirs is None and each.kind != Kind.ENTRY:
            body = without(person, each.body)
            same = (REGISTERS.c.at == each.at, REGISTERS.c.node == each.node)
            if body != each.body:
                connection.execute(update(REGISTERS).where(*this, *same).values(body=body))
                count += 1
    return count, (changes[-1].kind, changes[-1].key) if changes else None


def _is_removed_of(person: Person, change: Change) -> bool:
    """Whether it says that the person's number is protected no more. Entries that are there and
    name the person are told to the operator, who is to change them."""
    is_gone = change.kind == Kind.ENTRY and not change.body
    return is_gone and person.has(change.key.partition("/")[2])


def _erase_blocks(connection: Connection, blocks: Sequence[tuple[str, Block]]) -> int:
    """Erase those blocks that have ended, each with its key; how many."""
    now = months.now(connection)
    erased = [(key, erasure_of(block, now)) for key, block in blocks]
    return _put(connection, [(key, change) for key, change in erased if change is not None])


def _put(connection: Connection, erased: Sequence[tuple[str, Change]]) -> int:
    """Have these changes instead of the last ones of the things with these keys; of one without a
    key, beside them. How many."""
    given = [
        {**msgspec.to_builtins(change), "thing": key, "block": change.key} for key, change in erased
    ]
    if given:
        connection.execute(ERASE, {"lock": LOCK, "changes": msgspec.json.encode(given).decode()})
    return len(given)


def _erase_log(connection: Connection, person: Person, after: int | None) -> tuple[int, int | None]:
    query = select(LOG.c.number, LOG.c.kind, LOG.c.body, _is_current())
    query = query.where(LOG.c.number > (after or 0), _may_name(person, LOG))
    rows = connection.execute(query.order_by(LOG.c.number).limit(PER_STEP)).all()
    held = _held(connection, person)
    found = [_theirs(person, kind, body) for _, kind, body, _ in rows]
    now = months.now(connection)
    over = [each for each in found if isinstance(each, Block) and each.id not in held]
    _put(connection, [("", each) for each in newest(superseded(each, now) for each in over)])
    count = 0
    for (number, kind, body, is_current), theirs in zip(rows, found, strict=True):
        block = theirs.block if isinstance(theirs, Tally) else theirs and theirs.id
        is_entry = kind == Kind.ENTRY
        if block in held or (is_entry and is_current):
            continue
        values = _EMPTY if block or is_entry else {"body": without(person, body)}
        if is_entry or values["body"] != body:
            connection.execute(update(LOG).where(LOG.c.number == number).values(**values))
            count += 1
    return count, rows[-1].number if rows else None


def _erase_mail(connection: Connection, person: Person, _after: None) -> tuple[int, None]:
    """Erase from requests and replies, and from what nodes that are gone left behind. The live
    calls of the others stay, as they are live."""
    count = 0
    for table in (REQUESTS, REPLIES):
        for id, body in connection.execute(
            select(table.c.id, table.c.body).where(table.c.body != "")
        ).all():
            if (wiped := without(person, body)) != body:
                same = (table.c.id == id, table.c.body == body)
                connection.execute(update(table).where(*same).values(body=wiped))
                count += 1
    for node, id, body in connection.execute(LEFT_CALLS, {"silent": SILENT_AFTER}).all():
        if without(person, body) != body:
            connection.execute(DELETE_CALL, {"node": node, "id": id})
            count += 1
    return count, None


_FIRST = ("", "")
_EMPTY = {"kind": "", "key": "", "body": ""}
"""What remains of a change in the log: its number."""
_PARTS: tuple[Callable[[Connection, Person, Any], tuple[int, Any]], ...] = (
    _erase_registers,
    _erase_log,
    _erase_mail,
)


def _may_name(person: Person, table: Table) -> ColumnElement[bool]:
    """Whether a row may name the person: it has the last digits of their numbers."""
    if not person.ending:
        return or_(*(each.contains(person.seen, autoescape=True) for each in _texts(table)))
    # Anything may be between them.
    pattern = f"%{'%'.join(person.ending)}%"
    return or_(*(each.like(pattern) for each in _texts(table)))


def _texts(table: Table) -> tuple[ColumnElement[str], ColumnElement[str]]:
    return table.c.key, table.c.body


def _is_current() -> ColumnElement[bool]:
    """Whether a change is its thing's last one still."""
    same = (REGISTERS.c.kind == LOG.c.kind, REGISTERS.c.key == LOG.c.key)
    return (
        select(REGISTERS.c.key)
        .where(*same, REGISTERS.c.at == LOG.c.at, REGISTERS.c.node == LOG.c.node)
        .exists()
    )


def _held(connection: Connection, person: Person) -> set[str]:
    """The ids of the person's blocks that are there still, because they hold."""
    query = select(REGISTERS.c.body).where(
        REGISTERS.c.kind == Kind.BLOCK, _may_name(person, REGISTERS)
    )
    found = (_theirs(person, Kind.BLOCK, body) for body in connection.execute(query).scalars())
    return {each.id for each in found if isinstance(each, Block)}


def _theirs(person: Person, kind: str, body: str) -> Block | Tally | None:
    """The person's block, or what a node counted of it; None of anybody and anything else."""
    shape = _SHAPES.get(kind)
    if shape is None:
        return None
    try:
        found = msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError:
        return None
    return found if person.has(found.number) else None


_SHAPES: dict[str, type[Block] | type[Tally]] = {Kind.BLOCK: Block, Kind.TALLY: Tally}
