"""The audit's table. Counterparts: ``sql_store`` and ``history``, which call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Connection, bindparam, or_, select

from fluxcc.core.ports import Moment
from fluxcc.domain.audit import REQUESTED, AuditRecord
from fluxcc.domain.codes import Code
from fluxcc.domain.privacy import told
from fluxcc.domain.requests import Answered, Asked, Reply
from fluxcc.store.persons import Search, newest
from fluxcc.store.readable import convert, read_rows, typed
from fluxcc.store.schema import AUDIT

FOREVER = 1e15
"""Epoch seconds that no clock shows."""
UNFINISHED_AMONG = 1_000
"""Newest rows that are searched for unfinished ones after a crash: far more than can be carried out
at the same time."""
_RECORD = [column for column in AUDIT.c if column.name not in ("node", "person")]
_FIRST_REPLY = (
    select(*_RECORD)
    .where(
        AUDIT.c.node == bindparam("for_node"),
        AUDIT.c.request == bindparam("for_request"),
        or_(AUDIT.c.id >= bindparam("after"), AUDIT.c.at >= bindparam("after_at_pbx")),
    )
    .order_by(AUDIT.c.id)
    .limit(1)
)
"""Built once: every request of a board waits for it, and building took longer than running it."""


_CODES = frozenset(Code)
"""A newer version may have written others."""


def to_rows(
    node: str, records: Iterable[AuditRecord], person_of: Callable[[str], str]
) -> list[tuple[Any, ...]]:
    """The records as rows of ``AUDIT``."""
    return [(node, *astuple(record), person_of(record.number)) for record in records]


def search(
    connection: Connection,
    node: str,
    *,
    since: float,
    person: Search | None,
    agent: str,
    domain: str,
    limit: int,
) -> list[AuditRecord]:
    """At most ``limit`` rows of the node, newest first.

    Those asked for at ``since`` (epoch seconds) or later, of that person, agent and SIP
    domain; an empty text or None stands for any.
    """
    query = select(*_RECORD).where(AUDIT.c.node == node, AUDIT.c.id >= int(since * 1_000_000))
    if agent:
        query = query.where(AUDIT.c.agent == agent)
    if domain:
        query = query.where(AUDIT.c.domain == domain)
    return newest(connection, query.order_by(AUDIT.c.id.desc()), AUDIT, _record, person, limit)


def by_ids(connection: Connection, node: str, ids: Sequence[int]) -> list[AuditRecord]:
    """The node's rows with these ids, as far as they are there."""
    if not ids:
        return []
    query = select(*_RECORD).where(AUDIT.c.node == node, AUDIT.c.id.in_(ids))
    return read_rows(connection, query, AUDIT, _record)


def unfinished(connection: Connection, node: str) -> list[AuditRecord]:
    """Those of the node's newest rows whose action began and never ended."""
    newest_first = select(*_RECORD).where(AUDIT.c.node == node).order_by(AUDIT.c.id.desc())
    rows = read_rows(connection, newest_first.limit(UNFINISHED_AMONG), AUDIT, _record)
    return [row for row in rows if row.status == REQUESTED]


def request_ids(connection: Connection, node: str, since: Moment) -> list[str]:
    """The request IDs of the node's rows of ``since`` or later, by either clock."""
    of_node = select(AUDIT.c.request).where(AUDIT.c.node == node)
    found = read_rows(connection, of_node.where(AUDIT.c.id >= int(since.own * 1e6)), AUDIT, _text)
    if since.pbx is not None:
        # A query of its own: the first one is answered out of the key.
        found += read_rows(connection, of_node.where(AUDIT.c.at >= since.pbx), AUDIT, _text)
    return found


def find_reply(connection: Connection, node: str, request: str, since: Moment) -> Answered | None:
    """The first request of that ID at ``since`` or later by either clock, and its reply; None
    without one, or where its row cannot be read: an action that is done twice is better than one
    that is not done.

    Its code is ``outcome-unknown`` where the action began and its end was never written.
    """
    asked = {
        "for_node": node,
        "for_request": request,
        "after": int(since.own * 1_000_000),
        "after_at_pbx": FOREVER if since.pbx is None else since.pbx,
    }
    rows = read_rows(connection, _FIRST_REPLY, AUDIT, _record, asked)
    if not rows:
        return None
    # Of a damaged table, each part has its first one.
    found = min(rows, key=lambda record: record.id)
    reply = Reply(
        request=found.request,
        action=found.action,
        code=Code(found.code) if found.code in _CODES else Code.OUTCOME_UNKNOWN,
        agent=found.agent,
        domain=found.domain,
        call=found.call,
        number=told(found.number, is_private=found.is_private),
        block=found.subject if found.is_private and found.blocked else "",
        blocked=found.blocked,
        expires=found.expires,
        language=found.language,
        nth=found.nth,
    )
    asked_for = Asked(found.request, found.by, found.action, found.content)
    return Answered(asked_for, reply)


def old(connection: Connection, node: str, before: float, limit: int) -> list[int]:
    """The ids of at most ``limit`` of the node's rows from before that moment (epoch seconds), the
    oldest first."""
    query = (
        select(AUDIT.c.id)
        .where(AUDIT.c.node == node, AUDIT.c.id < int(before * 1e6))
        .order_by(AUDIT.c.id)
        .limit(limit)
    )
    return [id for (id,) in read_rows(connection, query, AUDIT, typed(int))]


def find(
    connection: Connection, node: str, person: Search, _after: object
) -> tuple[list[int], None]:
    """The ids of the person's rows of the node, all at once."""
    query = select(AUDIT.c.id, AUDIT.c.number).where(AUDIT.c.node == node, person.condition)
    return person.ids(read_rows(connection, query, AUDIT, typed(int, str))), None


def erase(connection: Connection, node: str, ids: Sequence[int]) -> None:
    """Erase number and reason (a free text about the person) from these rows, and the digest in
    which both are. What was done, by whom and when stays."""
    theirs = AUDIT.update().where(AUDIT.c.node == node, AUDIT.c.id.in_(ids))
    connection.execute(theirs.values(number="", reason="", content="", person=""))


def _record(*row: Any) -> AuditRecord:
    return convert(AuditRecord, row)


def _text(text: Any) -> str:
    return msgspec.convert(text, str)
