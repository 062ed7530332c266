"""Which nodes there are, and the calls that are live on each."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, text

from fluxcc.domain.nodes import SILENT_AFTER, Beat, Node, NodeCall, NodeState, Sign

log = logging.getLogger(__name__)

CALLS_KEPT = 600.0
"""Seconds for which the calls of a node that is not heard of are kept: a request for one of them is
told that its node is gone."""

BEAT = text(
    """
    WITH hastily AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
    told AS (
        INSERT INTO site_nodes AS known (name, sign, seen, state)
        SELECT :name, :token, clock_timestamp(), :state FROM hastily
        ON CONFLICT (name) DO UPDATE
        SET sign = excluded.sign, seen = excluded.seen, state = excluded.state
        -- Not that of another daemon of this name.
        WHERE known.sign = ANY(:former)
            OR :claim <> '' AND starts_with(known.sign, :claim)
            OR known.seen <= clock_timestamp() - make_interval(secs => :silent)
        RETURNING name
    )
    SELECT extract(epoch FROM clock_timestamp())::float8,
        coalesce((SELECT max(number) FROM site_log), (SELECT max(pruned) FROM site_identity), 0),
        (SELECT count(*) FROM site_nodes WHERE name <> :name) + 1,
        (SELECT count(*) FROM site_nodes
         WHERE name <> :name AND seen <= clock_timestamp() - make_interval(secs => :silent)),
        (SELECT count(*) FROM site_live_calls WHERE node = :name),
        (SELECT state FROM site_nodes WHERE name = :name AND NOT EXISTS (SELECT FROM told))
    """
)
NODES = text(
    """
    SELECT name, extract(epoch FROM clock_timestamp() - seen)::float8, state
    FROM site_nodes ORDER BY name
    """
)
SHOW = text(
    """
    WITH told AS (
        SELECT t.id, t.names, t.body
        FROM jsonb_to_recordset(CAST(:calls AS jsonb)) AS t(id bigint, names text[], body text)
    ),
    gone AS (
        DELETE FROM site_live_calls
        WHERE node = :node
            AND (id = ANY(:gone) OR (:afresh AND id NOT IN (SELECT id FROM told)))
    )
    INSERT INTO site_live_calls (node, id, names, body)
    SELECT :node, id, names, body FROM told
    ON CONFLICT (node, id) DO UPDATE SET names = excluded.names, body = excluded.body
    """
)
CALLS = text(
    """
    SELECT live.node, live.body FROM site_live_calls AS live JOIN site_nodes ON name = live.node
    WHERE live.node <> :but AND seen > clock_timestamp() - make_interval(secs => :silent)
    ORDER BY live.id
    """
)
PRUNE = text(
    """
    DELETE FROM site_live_calls WHERE node NOT IN (
        SELECT name FROM site_nodes
        WHERE seen > clock_timestamp() - make_interval(secs => :kept)
    )
    """
)
LEAVE = (
    text("DELETE FROM site_live_calls WHERE node = :name"),
    text("DELETE FROM site_requests WHERE target = :name AND taken IS NULL"),
    text("DELETE FROM site_nodes WHERE name = :name"),
)


def beat(connection: Connection, name: str, sign: Sign, state: NodeState) -> Beat:
    """Note that the node is there; what the server knows."""
    given = {
        "name": name,
        "token": sign.token,
        "former": list(sign.former),
        "claim": sign.claim,
        "state": msgspec.json.encode(state).decode(),
        "silent": SILENT_AFTER,
    }
    now, number, nodes, silent, calls, other = connection.execute(BEAT, given).one()
    holder = None if other is None else _node(name, 0.0, other).state
    return Beat(now=now, number=number, nodes=nodes, silent=silent, calls=calls, holder=holder)


def nodes(connection: Connection) -> list[Node]:
    """Every node, by name."""
    return [_node(*row) for row in connection.execute(NODES)]


def _node(name: str, silence: float, told: str) -> Node:
    try:
        state = msgspec.json.decode(told, type=NodeState)
    except msgspec.MsgspecError as error:
        # A later version may tell of itself in another way, and is there all the same.
        log.warning("a node cannot be read", extra={"node": name, "error": str(error)})
        state = NodeState(version="")
    return Node(name=name, state=state, silence=max(silence, 0.0))


def show(
    connection: Connection,
    node: str,
    calls: Sequence[NodeCall],
    gone: Collection[int],
    *,
    is_afresh: bool,
) -> None:
    """Replace these calls of the node and delete the ``gone`` ones; afresh, also all others."""
    told = [
        {"id": call.id, "names": call.names, "body": msgspec.json.encode(call).decode()}
        for call in calls
    ]
    given = {"node": node, "gone": list(gone), "afresh": is_afresh}
    connection.execute(SHOW, {**given, "calls": msgspec.json.encode(told).decode()})


def calls(connection: Connection, but: str) -> list[tuple[str, NodeCall]]:
    """The live calls of all nodes that are heard of, each with its node, ``but`` those of one."""
    found = []
    for node, body in connection.execute(CALLS, {"but": but, "silent": SILENT_AFTER}):
        try:
            found.append((node, msgspec.json.decode(body, type=NodeCall)))
        except msgspec.MsgspecError as error:
            log.warning("a call cannot be read", extra={"node": node, "error": str(error)})
    return found


def prune(connection: Connection) -> None:
    """Delete the calls of nodes that are gone."""
    connection.execute(PRUNE, {"kept": CALLS_KEPT})


def leave(connection: Connection, name: str) -> None:
    """Forget a node."""
    for statement in LEAVE:
        connection.execute(statement, {"name": name})
