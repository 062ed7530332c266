"""What the doors need of the core: execution of requests."""

from __future__ import annotations

from typing import Protocol

from fluxcc.domain.requests import Reply, Request


class Execution(Protocol):
    """Carries requests out. The real one is ``core.requests.executor.Executor``."""

    def execute(self, request: Request) -> Reply | None:
        """The one reply to a request; None while the same request is being carried out already.
        May raise ``PbxError``."""

    def refuse(self, reply: Reply, by: str) -> Reply:
        """Write a malformed request by ``by`` into the audit, and keep its reply; returns the
        earlier reply where the request ID was used before."""
