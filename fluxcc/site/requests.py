"""Requests on their way to the node on which their call is, and their replies.

Both are in tables that are not written to the disk, and the notification is sent in the same small
transaction: what a crash of PostgreSQL loses is answered ``outcome-unknown``, and that a request is
carried out once is kept by the node that does it, in its own audit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import md5

import msgspec
from sqlalchemy import Connection, text

from fluxcc.domain.nodes import SILENT_AFTER, Letter, Posting

CHANNEL, REPLY_CHANNEL = "fluxcc_node_", "fluxcc_back_"
"""What the channels of a node's requests and replies begin with."""
REPLIES_KEPT = 60.0
"""Seconds for which a reply is kept."""
REQUESTS_KEPT = 24 * 3600.0
"""Seconds for which it is kept where a request ID went: the same request goes there again."""

POST = text(
    """
    WITH earlier AS (SELECT target AS node FROM site_requests WHERE id = :id),
    found AS (
        SELECT node FROM earlier
        UNION
        SELECT node FROM site_live_calls
        WHERE names && CAST(:names AS text[]) AND node <> :sender
            AND NOT EXISTS (SELECT FROM earlier)
    ),
    heard AS (
        SELECT node FROM found JOIN site_nodes ON name = node
        WHERE seen > clock_timestamp() - make_interval(secs => :silent)
    ),
    posted AS (
        INSERT INTO site_requests AS known (id, content, sender, target, body, at)
        SELECT :id, :content, :sender, min(node), :body, clock_timestamp()
        FROM heard WHERE clock_timestamp() < to_timestamp(:until) HAVING count(*) = 1
        ON CONFLICT (id) DO UPDATE
        SET sender = excluded.sender, body = excluded.body, at = excluded.at, taken = NULL
        WHERE known.content = excluded.content
        RETURNING target
    )
    SELECT ARRAY(SELECT node FROM found ORDER BY node), ARRAY(SELECT node FROM heard ORDER BY node),
        (SELECT count(*) FROM posted),
        clock_timestamp() >= to_timestamp(:until),
        (SELECT count(pg_notify(:channel || left(md5(target), 16), '')) FROM posted)
    """
)
TAKE = text(
    """
    WITH waiting AS (
        SELECT id, content, sender, body, extract(epoch FROM clock_timestamp() - at)::float8 AS age
        FROM site_requests
        WHERE target = :node AND taken IS NULL
            AND at > clock_timestamp() - make_interval(secs => :seconds)
        ORDER BY at LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ),
    taken AS (
        UPDATE site_requests AS r SET taken = clock_timestamp(), body = ''
        FROM waiting WHERE r.id = waiting.id
        RETURNING r.id
    )
    SELECT id, content, sender, body, age FROM waiting JOIN taken USING (id)
    """
)
REPLY = text(
    """
    WITH put AS (
        INSERT INTO site_replies (id, body, at) VALUES (:id, :body, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET body = excluded.body, at = excluded.at
    )
    SELECT pg_notify(:channel, '')
    """
)
COLLECT = text("SELECT id, body FROM site_replies WHERE id = ANY(:ids)")
WITHDRAW = text("DELETE FROM site_requests WHERE id = :id AND taken IS NULL RETURNING id")
PRUNE = (
    text("DELETE FROM site_replies WHERE at < clock_timestamp() - make_interval(secs => :replies)"),
    text(
        "DELETE FROM site_requests WHERE at < clock_timestamp() - make_interval(secs => :requests)"
    ),
    # It was not taken in time, and may name a person.
    text(
        "UPDATE site_requests SET body = '', taken = clock_timestamp()"
        " WHERE taken IS NULL AND at < clock_timestamp() - make_interval(secs => :replies)"
    ),
)


def channel(node: str, kind: str = CHANNEL) -> str:
    """The channel of a node's mail: PostgreSQL's names are short, and a node's may be long."""
    return kind + md5(node.encode(), usedforsecurity=False).hexdigest()[:16]


def post(connection: Connection, letter: Letter, names: Sequence[str], until: float) -> Posting:
    """Post a request to the one node that is heard of and has a live call of one of these names, or
    to which this request went before; not after ``until`` (epoch seconds, by the server's clock):
    what lay about in a server that did not answer is not to be done when it does."""
    given = msgspec.structs.asdict(letter) | {"names": list(names), "until": until}
    fixed = {"silent": SILENT_AFTER, "channel": CHANNEL}
    found, heard, posted, is_late, _ = connection.execute(POST, given | fixed).one()
    return Posting(
        nodes=list(heard or found),
        is_silent=bool(found) and not heard,
        is_other=len(heard) == 1 and not posted and not is_late,
        is_late=not posted and is_late,
    )


def take(connection: Connection, node: str, seconds: float, limit: int) -> list[Letter]:
    """The requests that wait for the node, for at most so many seconds; no other has them."""
    given = {"node": node, "seconds": seconds, "limit": limit}
    return [
        Letter(id=row.id, content=row.content, sender=row.sender, body=row.body, age=row.age)
        for row in connection.execute(TAKE, given)
    ]


def reply(connection: Connection, letter: Letter, body: str) -> None:
    """Give the reply to a request to the node that waits for it."""
    given = {"id": letter.id, "body": body, "channel": channel(letter.sender, REPLY_CHANNEL)}
    connection.execute(REPLY, given)


def collect(connection: Connection, ids: Collection[str]) -> Mapping[str, str]:
    """The replies to these requests, as far as there are some."""
    return {row.id: row.body for row in connection.execute(COLLECT, {"ids": list(ids)})}


def withdraw(connection: Connection, id: str) -> bool:
    """Take back a request; whether nobody has taken it."""
    return connection.execute(WITHDRAW, {"id": id}).first() is not None


def prune(connection: Connection) -> None:
    """Delete what nobody waits for any more."""
    for statement in PRUNE:
        connection.execute(statement, {"replies": REPLIES_KEPT, "requests": REQUESTS_KEPT})
