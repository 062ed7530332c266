"""What every door needs of the core: somebody who carries requests out."""

from __future__ import annotations

from typing import Protocol

from fluxcc.domain.requests import Reply, Request


class Execution(Protocol):
    """Carries requests out. The real one is ``core.requests.executor.Executor``."""

    def execute(self, request: Request) -> Reply | None:
        """The one reply to a request; None while the same request is being carried out already.
        May raise ``PbxError``."""

    def refuse(self, reply: Reply, by: str) -> Reply:
        """Write down the refusal of a request that was no request, and remember its reply; an
        earlier one where the request's ID was used before."""
