"""The log of a site's changes, and the last change of each thing.

A change counts where it is later than the last one of its thing (``domain.changes``), and only then
it gets a number. Numbers become visible in their order: they are given while one lock is held, and
PostgreSQL gives the lock up after the transaction can be seen. So a node that has seen a number has
seen every lower one that there will ever be, and asks for those after it; readers take no lock. A
sequence alone has gaps that are filled later, where transactions commit crosswise. Reading what
is older than every running transaction would do, but then a change would wait for the longest
transaction on that server.

Lock, comparison and both inserts are one statement, which is one transaction: the lock is never
held while a client is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, text, tuple_

from fluxcc.domain.changes import Change, SitePosition
from fluxcc.site.schema import IDENTITY, LOG, REGISTERS

LOCK = 0x666C75786D  # "fluxm"
"""The advisory lock under which changes get their numbers."""
CHANNEL = "fluxcc_site"
"""The channel of the hints that there are changes."""

OFFER = text(
    """
    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lock)),
    offered AS (
        SELECT o.kind, o.key, o.at, o.node, o.body
        FROM held, jsonb_to_recordset(CAST(:changes AS jsonb))
            AS o(kind text, key text, at bigint, node text, body text)
        -- What tells of an erased block in a state of before that would bring its person back. As
        -- a value, each is looked up by the key; as a condition, all erased ones are gone through.
        WHERE coalesce((
            SELECT o.kind = 'block' AND (erased.at, erased.node) < (o.at, o.node)
            FROM site_registers AS erased
            WHERE erased.kind = 'erased'
                AND erased.key = CASE o.kind
                    WHEN 'block' THEN substring(o.body FROM '"id":"([^"]*)"')
                    WHEN 'tally' THEN substring(o.body FROM '"block":"([^"]*)"')
                END
        ), true)
    ),
    counted AS (
        INSERT INTO site_registers AS known (kind, key, at, node, body)
        SELECT kind, key, at, node, body FROM offered
        ON CONFLICT (kind, key) DO UPDATE
        SET at = excluded.at, node = excluded.node, body = excluded.body
        WHERE (excluded.at, excluded.node) > (known.at, known.node)
        RETURNING kind, key, at, node, body
    )
    INSERT INTO site_log (kind, key, at, node, body)
    SELECT kind, key, at, node, body FROM counted ORDER BY at, node
    """
)
HINT = text("SELECT pg_notify(:channel, '')")
PLACE = text(
    """
    SELECT id, (SELECT system_identifier FROM pg_control_system()),
        substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8),
        coalesce((SELECT max(number) FROM site_log), pruned)
    FROM site_identity
    """
)
PRUNE_LOG = text(
    """
    WITH gone AS (
        DELETE FROM site_log WHERE written < clock_timestamp() - make_interval(secs => :seconds)
        RETURNING number
    )
    UPDATE site_identity SET pruned = greatest(pruned, (SELECT max(number) FROM gone))
    WHERE EXISTS (SELECT 1 FROM gone)
    """
)
# Bodies are read by patterns, which in JSON cannot match inside of a text: PostgreSQL reads no JSON
# in which a text has a NUL. A release is kept for as long as its block would have held: a node that
# did not hear of it may still have the block.
PRUNE_BLOCKS = text(
    """
    DELETE FROM site_registers
    WHERE kind IN ('block', 'erased')
        AND at < 1000000 * (extract(epoch FROM clock_timestamp()) - :seconds)
        AND substring(body FROM '"until":([0-9]+)')::bigint
        < extract(epoch FROM clock_timestamp()) - :seconds
    """
)
PRUNE_TALLIES = text(
    """
    DELETE FROM site_registers AS tally
    WHERE kind = 'tally' AND NOT EXISTS (
        SELECT FROM site_registers AS block
        WHERE block.kind = 'block'
            AND substring(block.body FROM '"id":"([^"]*)"')
            = substring(tally.body FROM '"block":"([^"]*)"')
    )
    """
)

_OF_LOG = (LOG.c.number, LOG.c.kind, LOG.c.key, LOG.c.at, LOG.c.node, LOG.c.body)
_OF_REGISTER = tuple(REGISTERS.c)


def offer(connection: Connection, changes: Sequence[Change]) -> None:
    """Record these where they are later than what is known; each is of another thing."""
    connection.execute(OFFER, {"lock": LOCK, "changes": msgspec.json.encode(changes).decode()})


def hint(connection: Connection) -> None:
    """Tell every node that listens that there are changes. In a transaction of its own: at its
    commit a notification takes a lock that the whole server has once."""
    connection.execute(HINT, {"channel": CHANNEL})


def place(connection: Connection) -> SitePosition:
    """Which database this is, and the number of its last change. After a failover, or from a
    backup, it is another one."""
    id, system, timeline, number = connection.execute(PLACE).one()
    return SitePosition(f"{id}/{system}/{timeline}", number)


def after(connection: Connection, number: int, limit: int) -> tuple[list[Change], int]:
    """The first changes after that number, and the number of the last one of them."""
    query = select(*_OF_LOG).where(LOG.c.number > number).order_by(LOG.c.number).limit(limit)
    rows = connection.execute(query).all()
    return [Change(*row[1:]) for row in rows], rows[-1][0] if rows else number


def is_pruned(connection: Connection, number: int) -> bool:
    """Whether changes after that number are in the log no more."""
    return bool(connection.execute(select(IDENTITY.c.pruned > number)).scalar())


def standing(connection: Connection, after: tuple[str, str], limit: int) -> list[Change]:
    """The last change of each of the next things after that kind and key."""
    thing = tuple_(REGISTERS.c.kind, REGISTERS.c.key)
    query = select(*_OF_REGISTER).where(thing > after)
    rows = connection.execute(query.order_by(REGISTERS.c.kind, REGISTERS.c.key).limit(limit))
    return [Change(*row) for row in rows]


def prune(connection: Connection, seconds: float) -> None:
    """Delete what is older than that: changes from the log, and what ended so long ago."""
    for statement in (PRUNE_LOG, PRUNE_BLOCKS):
        connection.execute(statement, {"seconds": seconds})
    connection.execute(PRUNE_TALLIES)
