"""Time and the event loop as the core sees them (``core.ports``), on gevent.

Nothing is monkey-patched: greenswitch uses gevent's sockets by itself, and the store's drivers need
real threads, in which they block without stalling the loop (``docs/decisions/0003``).
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar, cast

import gevent
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

from fluxcc.core.ports import Clock

Result = TypeVar("Result")

THREADS = 4
"""One writes to the store, the others read from it."""

log = logging.getLogger(__name__)


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    @property
    def is_known(self) -> bool:
        """Whether FreeSWITCH's clock was ever heard of: this one never listens."""
        return False


AGREE = 2.0
"""Seconds by which two clocks that agree may differ: FreeSWITCH tells whole seconds, a bit late."""


class PbxClock:
    """FreeSWITCH's clock, as far as it was heard of; ours until then.

    The gate compares with it, and it does not follow ours: somebody may set the system's time, and
    FreeSWITCH counts on from the time at which it was started (``docs/decisions/0011``).
    """

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._anchor: tuple[float, float] | None = None
        """An epoch second of FreeSWITCH's, and the steady clock's reading at it."""
        self.offset = 0.0
        """Seconds that FreeSWITCH's clock is ahead of ours; 0 where they agree."""

    @property
    def is_known(self) -> bool:
        """Whether FreeSWITCH's clock was ever heard of."""
        return self._anchor is not None

    def now(self) -> float:
        """Seconds since the epoch."""
        if self._anchor is None:
            return self._own.now()
        epoch, reading = self._anchor
        return epoch + self._own.monotonic() - reading

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return self._own.monotonic()

    def hear(self, epoch: int) -> float:
        """FreeSWITCH's clock stands at this second now. By how much that is news."""
        own = self._own.now()
        offset = epoch + 0.5 - own
        self.offset = offset if abs(offset) > AGREE else 0.0
        before = self.now()
        self._anchor = own + self.offset, self._own.monotonic()
        return self.now() - before


class GeventLatch:
    """``ports.Latch`` for greenlets."""

    def __init__(self) -> None:
        self._result = AsyncResult()

    def set(self, value: Any) -> None:
        """Wake whoever waits."""
        if not self._result.ready():
            self._result.set(value)

    def wait(self, timeout: float) -> Any:
        """The value, or None after ``timeout`` seconds."""
        return self._result.wait(timeout)


class GeventRuntime:
    """``ports.Runtime`` for greenlets and a few native threads."""

    def __init__(self) -> None:
        self._pool = ThreadPool(THREADS)

    def latch(self) -> GeventLatch:
        """A new latch."""
        return GeventLatch()

    def sleep(self, seconds: float) -> None:
        """Let others run for a while."""
        gevent.sleep(seconds)

    def offload(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Run ``work`` on a native thread; its exception is raised here."""
        # The pool reports whatever is raised in it as a fault of the program's, with a traceback; a
        # store that cannot be written, for example, is for the caller to deal with.
        result, error = self._pool.apply(_attempt, (work, arguments))
        if error is not None:
            raise error
        return cast(Result, result)

    def spawn(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do ``work`` in a greenlet of its own."""
        gevent.spawn(work, *arguments)

    def together(self, works: Sequence[Callable[[], None]]) -> None:
        """Begin each in this order, before the one in front has ended; return when all have. Raises
        the first one's exception, in this order."""
        if len(works) == 1:
            works[0]()
            return
        greenlets = [gevent.spawn(_attempt, work, ()) for work in works]
        gevent.joinall(greenlets)
        for greenlet in greenlets:
            _, error = greenlet.value
            if error is not None:
                raise error


def _attempt(
    work: Callable[..., Result], arguments: tuple[Any, ...]
) -> tuple[Result | None, Exception | None]:
    try:
        return work(*arguments), None
    except Exception as error:
        return None, error


def log_failures() -> None:
    """Let what breaks in a greenlet be logged: gevent writes it to stderr by itself, where a
    caller's text could look like anything."""

    def print_exception(
        context: object, kind: type[BaseException], value: BaseException, trace: TracebackType
    ) -> None:
        log.error(
            "a greenlet failed",
            extra={"greenlet": type(context).__name__},
            exc_info=(kind, value, trace),
        )

    gevent.get_hub().print_exception = print_exception


def vitals() -> dict[str, int]:
    """What must not grow in a process that lives for months. Looks at every object there is, so
    it takes a while: for whoever searches a leak."""
    loops = [one for one in gc.get_objects() if isinstance(one, gevent.Greenlet) and not one.dead]
    return {
        "greenlets": len(loops),
        "objects": len(gc.get_objects()),
    }
