"""What stands in for the nodes' tables of a site's PostgreSQL in the core's tests.

Counterpart: ``fluxcc.core.site.neighbours.Neighbours``, which each ``FakeNeighbours`` is for one
node; behind them is one ``FakeTables``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import (
    SILENT_AFTER,
    Beat,
    Letter,
    Node,
    NodeCall,
    NodeState,
    Posting,
    Sign,
)
from tests.fakes import NOW, SteppedClock


class FakeTables:
    """The nodes, their calls, and what is on its way."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeState] = {}
        self.signs: dict[str, str] = {}
        """The token that each gave last."""
        self.silent: set[str] = set()
        """Nodes that are not heard of."""
        self.silence: dict[str, float] = {}
        """Node → seconds since it was heard of, where it is not at once."""
        self.calls: dict[tuple[str, int], NodeCall] = {}
        self.requests: dict[str, tuple[str, Letter]] = {}
        """Request ID → the node it goes to, and the letter; until it is taken."""
        self.went: dict[str, tuple[str, str]] = {}
        """Request ID → where it went, and its content."""
        self.replies: dict[str, str] = {}
        self.on_mail: dict[str, Callable[[], None]] = {}
        """Node → what looks for its mail."""


class FakeNeighbours:
    """``Neighbours`` of one node, whose way to the tables can be cut."""

    def __init__(self, tables: FakeTables, clock: SteppedClock) -> None:
        self.tables = tables
        self._clock = clock
        self.is_cut = False
        self.hangs_for = 0.0
        """Seconds that it takes until a letter is posted, and after some were taken."""
        self.writes = 0
        """How often calls were told."""
        self.reads = 0
        """How often something was asked for."""

    def _check(self) -> FakeTables:
        self.reads += 1
        if self.is_cut:
            raise SiteUnavailableError("the fake site is cut off")
        return self.tables

    def beat(self, name: str, sign: Sign, state: NodeState) -> Beat:
        """The server's clock is the one on which every test begins."""
        tables = self._check()
        known = tables.signs.get(name, sign.token)
        is_own = known in (sign.token, *sign.former) or known.startswith(sign.claim or "-")
        holder = None if is_own or name in tables.silent else tables.nodes[name]
        if holder is None:
            tables.nodes[name], tables.signs[name] = state, sign.token
        return Beat(
            now=NOW + self._clock.monotonic(),
            number=0,
            nodes=len(tables.nodes),
            silent=len(tables.silent),
            calls=sum(node == name for node, _ in tables.calls),
            holder=holder,
        )

    def tidy(self) -> None:
        """Nothing grows old."""
        self._check()

    def nodes(self) -> list[Node]:
        """All of them."""
        tables = self._check()
        silence = dict.fromkeys(tables.silent, SILENT_AFTER) | tables.silence
        return [
            Node(name=name, state=state, silence=silence.get(name, 0.0))
            for name, state in sorted(tables.nodes.items())
        ]

    def show(
        self, node: str, calls: Sequence[NodeCall], gone: Collection[int], is_afresh: bool
    ) -> None:
        """Replace them."""
        known = self._check().calls
        self.writes += 1
        for key in [key for key in known if key[0] == node and (is_afresh or key[1] in gone)]:
            del known[key]
        known.update({(node, call.id): call for call in calls})

    def calls(self, but: str) -> list[tuple[str, NodeCall]]:
        """Those of the others that are heard of."""
        tables = self._check()
        left_out = {but, *tables.silent}
        return [(node, call) for (node, _), call in tables.calls.items() if node not in left_out]

    def post(self, letter: Letter, names: Sequence[str], until: float) -> Posting:
        """To the one node that has such a call."""
        tables = self._check()
        self._clock.step(self.hangs_for)
        found = {
            node
            for (node, _), call in tables.calls.items()
            if node != letter.sender and not set(names).isdisjoint(call.names)
        }
        target, content = tables.went.get(letter.id, ("", letter.content))
        nodes = sorted({target} if target else found)
        if len(nodes) == 1 and nodes[0] in tables.silent:
            return Posting(nodes=nodes, is_silent=True)
        if NOW + self._clock.monotonic() >= until:
            return Posting(nodes=nodes, is_late=True)
        if len(nodes) == 1 and content == letter.content:
            tables.requests[letter.id] = nodes[0], letter
            tables.went[letter.id] = nodes[0], letter.content
            tables.on_mail[nodes[0]]()
        return Posting(nodes=nodes, is_other=content != letter.content)

    def take(self, node: str, seconds: float, limit: int) -> list[Letter]:
        """Those of this node."""
        requests = self._check().requests
        self._clock.step(self.hangs_for)
        ids = [id for id, (target, _) in requests.items() if target == node]
        return [requests.pop(id)[1] for id in ids]

    def reply(self, letter: Letter, body: str) -> None:
        """Keep it."""
        tables = self._check()
        tables.replies[letter.id] = body
        tables.on_mail[letter.sender]()

    def collect(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those that are there."""
        replies = self._check().replies
        return {id: replies[id] for id in ids if id in replies}

    def withdraw(self, id: str) -> bool:
        """Take it back."""
        return self._check().requests.pop(id, None) is not None
