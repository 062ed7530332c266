"""What the doors need of the core: execution of requests."""

from __future__ import annotations

from typing import Protocol

from fluxcc.domain.requests import Asked, Reply, Request


class Execution(Protocol):
    """Carries requests out. The real one is ``core.requests.executor.Executor``."""

    def execute(self, request: Request) -> Reply | None:
        """The one reply to a request; None while the same request is being carried out already.
        May raise ``PbxError``."""

    def execute_elsewhere(self, request: Request) -> Reply | None:
        """As ``execute``, of a request for a call while FreeSWITCH is not connected: by another
        node of the site. Raises ``PbxError`` where none is known to have it."""

    def result(self, request: Request) -> Reply | None:
        """The reply to a request that is being carried out already, once it is there; None where it
        takes too long."""

    def refuse(self, asked: Asked, reply: Reply) -> Reply | None:
        """Write a malformed request into the audit, and keep its reply; returns the reply to be
        sent, or None for none."""

    def extra_time(self, request: str) -> float:
        """Seconds that this running request may take beyond ``REPLY_LIMIT``."""

    @property
    def running(self) -> int:
        """How many requests are being carried out, of every door."""

    is_closed: bool
    """Whether nothing more is begun."""
