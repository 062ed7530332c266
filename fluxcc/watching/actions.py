"""Counts, times and logs actions as they end. Counterpart: ``Happenings.request_answered``."""

from __future__ import annotations

import logging

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.requests import Reply, Request

COUNTED, TIMED = "fluxcc_actions_total", "fluxcc_action_seconds"
NAMES = frozenset({COUNTED, TIMED})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Bounds in seconds. A reply is due after 5 s (contract, section 3)."""
ALARMING = frozenset({Status.FAILED, Status.UNKNOWN})

# A ``_created`` series for each counter would double their number, and nothing uses it.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations

log = logging.getLogger(__name__)


class Actions:
    """One per daemon; ``ended`` listens for ``Happenings.request_answered``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            COUNTED,
            "Actions by how they ended",
            ["action", "status", "code"],
            registry=registry,
        )
        self._histogram = Histogram(
            TIMED,
            "Seconds from the request to its reply",
            ["action"],
            buckets=BUCKETS,
            registry=registry,
        )
        for action in Action:
            self._histogram.labels(action.value)
            for code in Code:
                # A counter that appears with its first failure never seems to grow. These exist
                # from the start, so that an alarm sees the first failure.
                if code.status in ALARMING:
                    self._counter.labels(action.value, code.status.value, code.value)

    def ended(self, request: Request, reply: Reply, seconds: float) -> None:
        """Count and log a request that was answered ``seconds`` after it came."""
        action = request.action.value
        self._counter.labels(action, reply.status.value, reply.code.value).inc()
        self._histogram.labels(action).observe(seconds)
        log.info(
            "an action ended",
            extra={
                "request": request.id,
                "action": action,
                "by": str(request.actor),
                "agent": reply.agent,
                "call": reply.call,
                "number": reply.number,
                "status": reply.status.value,
                "code": reply.code.value,
                "seconds": round(seconds, 3),
            },
        )
