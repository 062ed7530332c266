"""The history of a whole site, for people: ended calls, blocks, audit, surveys, of all nodes or of
some.

It has the methods of ``store.history.History`` that read history; each record has its ``node``.
What is set (groups, rooms) each node has in its own store.

Counterparts: ``archive`` writes what is read here; the ``fluxcc`` command and the web process read
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar

import msgspec
from msgspec.structs import asdict, replace
from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select

from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.changes import Kind, Tally
from fluxcc.domain.history import AuditAt, BlockAt, CallAt, SurveyAt
from fluxcc.domain.persons import AsSeen
from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.schema import AUDIT, BLOCKS, CALLS, REGISTERS, SURVEYS
from fluxcc.store.calls import WINDOW
from fluxcc.store.persons import Plan
from fluxcc.store.readable import Unread, convert, noting, read_rows
from fluxcc.store.statements import escape

Record = TypeVar("Record", CallAt, AuditAt)
Standing = TypeVar("Standing", BlockAt, Tally)


def _columns(table: Table) -> list[ColumnElement[Any]]:
    """Those of the record, in its order: the node comes last."""
    names = [column.name for column in table.c if column.name not in ("node", "person")]
    return [*(table.c[name] for name in names), table.c.node]


_CALL, _REQUEST, _SURVEY, _BLOCK = map(_columns, (CALLS, AUDIT, SURVEYS, BLOCKS))


class SiteHistory:
    """One site, read only: it creates and changes nothing.

    Every method may be called from any thread, and raises ``SiteUnavailableError``; the constructor
    too where the URL names no PostgreSQL.
    """

    def __init__(self, url: str, nodes: Sequence[str] = (), persons: Plan | None = None) -> None:
        """``nodes`` are those whose records are read; none for all. A number means the person as
        ``persons`` reads it; without it, each as it was seen is one."""
        self._nodes = tuple(nodes)
        self._persons = persons or AsSeen()
        self._unread = Unread()
        self._engine = noting(create_pooled(parse_url(url)), self._unread)

    def of(self, node: str) -> SiteHistory:
        """The same of one node, over the same connections."""
        narrowed = copy(self)
        narrowed._nodes = (node,)
        return narrowed

    @property
    def unreadable(self) -> Mapping[str, int]:
        """Table → how many of its rows could not be read so far."""
        return self._unread.counts

    def close(self) -> None:
        """Close every connection. The next use opens new ones."""
        self._engine.dispose()

    def ended_calls(
        self,
        *,
        since: float = 0,
        number: str = "",
        agent: str = "",
        domain: str = "",
        limit: int,
    ) -> list[CallAt]:
        """At most ``limit`` ended calls that began at ``since`` (epoch seconds) or later, newest
        first; an empty number, agent or SIP domain stands for any."""
        about = self._about(CALLS, number, agent=agent, domain=domain)
        return self._newest(CALLS, _CALL, CallAt, since, about, limit)

    def call(self, leg: str) -> CallAt | None:
        """The ended call with this leg, among the newest ones of all nodes."""
        asked = [CALLS.c.node.in_(self._nodes)] if self._nodes else []
        window = select(CALLS.c.id).where(*asked).order_by(CALLS.c.id.desc()).limit(WINDOW)
        oldest = select(func.min(window.subquery().c.id)).scalar_subquery()
        wanted = escape(leg)
        is_its = or_(CALLS.c.customer_leg == wanted, CALLS.c.agent_leg == wanted)
        query = select(*_CALL).where(CALLS.c.id >= oldest, is_its, *asked)
        newest = query.order_by(CALLS.c.id.desc()).limit(1)
        with connected(self._engine) as connection:
            found = read_rows(connection, newest, CALLS, lambda *row: convert(CallAt, row))
        return next(iter(found), None)

    def audit(
        self,
        *,
        since: float = 0,
        number: str = "",
        agent: str = "",
        domain: str = "",
        limit: int,
    ) -> list[AuditAt]:
        """At most ``limit`` requests that came at ``since`` (epoch seconds) or later, newest
        first; an empty number, agent or SIP domain stands for any."""
        about = self._about(AUDIT, number, agent=agent, domain=domain)
        return self._newest(AUDIT, _REQUEST, AuditAt, since, about, limit)

    def surveys(
        self,
        *,
        since: float = 0,
        number: str = "",
        group: str = "",
        agent: str = "",
        domain: str = "",
    ) -> list[SurveyAt]:
        """The surveys that were offered at ``since`` (epoch seconds) or later, oldest first; an
        empty number, group, agent or SIP domain stands for any."""
        about = self._about(SURVEYS, number, group=group, agent=agent, domain=domain)
        query = select(*_SURVEY).where(SURVEYS.c.offered >= since, *about)
        with connected(self._engine) as connection:
            return read_rows(connection, query.order_by(SURVEYS.c.offered), SURVEYS, _read_survey)

    def blocks(self, limit: int) -> list[BlockAt]:
        """At most ``limit`` blocks in any state, newest first."""
        query = select(*_BLOCK).where(*self._about(BLOCKS, ""))
        newest = query.order_by(BLOCKS.c.since.desc()).limit(limit)
        with connected(self._engine) as connection:
            ended = read_rows(connection, newest, BLOCKS, _read_block)
            live = self._live(connection)
        found = {block.id: block for block in live}
        for block in ended:
            if block.id not in found or found[block.id].changed <= block.changed:
                found[block.id] = block
        return sorted(found.values(), key=lambda block: block.since, reverse=True)[:limit]

    def _live(self, connection: Connection) -> list[BlockAt]:
        """Every block whose last change has left it live, also those whose time has passed."""
        found = _read_all(connection, Kind.BLOCK, _read_standing)
        live = {
            block.id: block
            for block in found
            if block.state is BlockState.LIVE and (not self._nodes or block.node in self._nodes)
        }
        for tally in _read_all(connection, Kind.TALLY, _read_tally):
            if block := live.get(tally.block):
                live[block.id] = replace(
                    block,
                    attempts=block.attempts + tally.count,
                    last_attempt=max(block.last_attempt or 0.0, tally.last or 0.0) or None,
                )
        return list(live.values())

    def _about(self, table: Table, number: str, **texts: str) -> list[ColumnElement[bool]]:
        """What is asked for: of which person and nodes, and which texts; empty for any."""
        asked = [table.c[name] == escape(text) for name, text in texts.items() if text]
        if number:
            asked.append(table.c.person == escape(self._persons.find(number).canonical))
        if self._nodes:
            asked.append(table.c.node.in_(self._nodes))
        return asked

    def _newest(
        self,
        table: Table,
        columns: Sequence[ColumnElement[Any]],
        kind: type[Record],
        since: float,
        about: Sequence[ColumnElement[bool]],
        limit: int,
    ) -> list[Record]:
        query: Select[Any] = select(*columns).where(table.c.id >= int(since * 1_000_000), *about)
        newest = query.order_by(table.c.id.desc()).limit(limit)
        with connected(self._engine) as connection:
            return read_rows(connection, newest, table, lambda *row: convert(kind, row))


def _read_all(
    connection: Connection, kind: Kind, build: Callable[[str], Standing]
) -> list[Standing]:
    """What stands of the things of a kind, in no order."""
    query = select(REGISTERS.c.body).where(REGISTERS.c.kind == kind.value, REGISTERS.c.body != "")
    return read_rows(connection, query, REGISTERS, build)


def _read_survey(*row: Any) -> SurveyAt:
    return convert(SurveyAt, _with_json(SurveyAt, row, "answers"))


def _read_block(*row: Any) -> BlockAt:
    return convert(BlockAt, _with_json(BlockAt, row, "keys", "elsewhere"))


def _read_standing(body: str) -> BlockAt:
    block = msgspec.json.decode(body, type=Block)
    return BlockAt(**asdict(block), node=block.origin)


def _read_tally(body: str) -> Tally:
    return msgspec.json.decode(body, type=Tally)


def _with_json(kind: type[msgspec.Struct], row: Sequence[Any], *names: str) -> list[Any]:
    """The row with what those columns mean in place of its JSON."""
    fields = list(row)
    for place in map(kind.__struct_fields__.index, names):
        fields[place] = msgspec.json.decode(fields[place])
    return fields
