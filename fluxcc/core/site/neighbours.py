"""What a node needs to know of the others, and to reach them: a port beside ``ports.Site``.

The real thing is ``site.neighbours.PostgresqlNeighbours``, the fake
``tests.fake_neighbours.FakeNeighbours``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from fluxcc.domain.nodes import Beat, Letter, Node, NodeCall, NodeState, Posting, Sign


class Neighbours(Protocol):
    """The nodes of a site.

    Every method may raise ``SiteUnavailableError``; all of them block, some for seconds, so they
    are called through ``Runtime.offload`` of a runtime that is ``apart``.
    """

    def beat(self, name: str, sign: Sign, state: NodeState) -> Beat:
        """Note that this node is there, unless another daemon is under its name, which was heard
        of; what the site knows."""

    def tidy(self) -> None:
        """Delete what nobody waits for any more, and the calls of nodes that are gone."""

    def nodes(self) -> list[Node]:
        """Every node, by name."""

    def show(
        self, node: str, calls: Sequence[NodeCall], gone: Collection[int], is_afresh: bool
    ) -> None:
        """Tell which calls of this node are new or changed, and which are gone; afresh, that it has
        no others."""

    def calls(self, but: str) -> list[tuple[str, NodeCall]]:
        """The live calls of the nodes that are heard of, each with its node, ``but`` those of
        one."""

    def post(self, letter: Letter, names: Sequence[str], until: float) -> Posting:
        """Post a request to the one node that has a live call of one of these names
        (``NodeCall.names``), or to which a request of this ID went before; not after ``until``
        (epoch seconds) by the server's clock."""

    def take(self, node: str, seconds: float, limit: int) -> list[Letter]:
        """The requests that wait for this node, for at most so many seconds; no other has them."""

    def reply(self, letter: Letter, body: str) -> None:
        """Give the reply to a request to the node that waits for it."""

    def collect(self, ids: Collection[str]) -> Mapping[str, str]:
        """The replies to these requests, as far as there are some."""

    def withdraw(self, id: str) -> bool:
        """Take back a request; whether nobody has taken it."""
