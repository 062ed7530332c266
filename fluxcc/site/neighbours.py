"""``core.site.neighbours.Neighbours`` on PostgreSQL.

It has connections of its own, so that neither changes nor history are in the way of a request. The
tables are created by ``PostgresqlSite.open``. Every method may be called from any thread, and
raises ``SiteUnavailableError``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from fluxcc.domain.nodes import Beat, Letter, Node, NodeCall, NodeState, Posting, Sign
from fluxcc.site import nodes, requests
from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.migrations import newest


class PostgresqlNeighbours:
    """One per daemon."""

    def __init__(self, url: str) -> None:
        self._engine = create_pooled(parse_url(url))
        self._tables = newest()

    def close(self) -> None:
        """Close every connection. The next use opens new ones."""
        self._engine.dispose()

    def beat(self, name: str, sign: Sign, state: NodeState) -> Beat:
        """Note that this node is there; what the server knows."""
        with connected(self._engine) as connection:
            return nodes.beat(connection, name, sign, replace(state, tables=self._tables))

    def tidy(self) -> None:
        """Delete what nobody waits for any more, and the calls of nodes that are gone."""
        with connected(self._engine) as connection:
            nodes.prune(connection)
            requests.prune(connection)

    def leave(self, name: str) -> None:
        """Forget a node."""
        with connected(self._engine) as connection:
            nodes.leave(connection, name)

    def nodes(self) -> list[Node]:
        """Every node, by name."""
        with connected(self._engine) as connection:
            return nodes.nodes(connection)

    def show(
        self, node: str, calls: Sequence[NodeCall], gone: Collection[int], is_afresh: bool
    ) -> None:
        """Tell which calls of this node are new or changed, and which are gone."""
        with connected(self._engine) as connection:
            nodes.show(connection, node, calls, gone, is_afresh=is_afresh)

    def calls(self, but: str) -> list[tuple[str, NodeCall]]:
        """The live calls of the nodes that are heard of, ``but`` those of one."""
        with connected(self._engine) as connection:
            return nodes.calls(connection, but)

    def post(self, letter: Letter, names: Sequence[str], until: float) -> Posting:
        """Post a request to the one node that has a live call of one of these names; not after
        ``until`` (epoch seconds) by the server's clock."""
        with connected(self._engine) as connection:
            return requests.post(connection, letter, names, until)

    def take(self, node: str, seconds: float, limit: int) -> list[Letter]:
        """The requests that wait for this node, for at most so long; no other has them."""
        with connected(self._engine) as connection:
            return requests.take(connection, node, seconds, limit)

    def reply(self, letter: Letter, body: str) -> None:
        """Give the reply to a request to the node that waits for it."""
        with connected(self._engine) as connection:
            requests.reply(connection, letter, body)

    def collect(self, ids: Collection[str]) -> Mapping[str, str]:
        """The replies to these requests, as far as there are some."""
        with connected(self._engine) as connection:
            return requests.collect(connection, ids)

    def withdraw(self, id: str) -> bool:
        """Take back a request; whether nobody has taken it."""
        with connected(self._engine) as connection:
            return requests.withdraw(connection, id)
