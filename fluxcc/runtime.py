"""Time and the event loop as the core sees them (``core.ports``), on gevent.

Nothing is monkey-patched: greenswitch uses gevent's sockets by itself, and the store's drivers run
in native threads, where they block without stalling the event loop (``docs/decisions/0003``).
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar, cast

import gevent
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

from fluxcc import memory
from fluxcc.core.ports import Clock

Result = TypeVar("Result")

THREADS = 4
"""One writes to the store, the others read from it."""
BARRIER_TIMEOUT = 5.0
"""Seconds for which native threads wait for each other before each overwrites its memory."""

log = logging.getLogger(__name__)


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def own(self) -> float:
        """The same."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    @property
    def is_known(self) -> bool:
        """False: this is not FreeSWITCH's clock."""
        return False


CLOCK_TOLERANCE = 2.0
"""Seconds of difference up to which FreeSWITCH's clock counts as equal to the machine's: FreeSWITCH
answers in whole seconds, a bit late."""


class PbxClock:
    """FreeSWITCH's clock as it was last read; the machine's until then.

    The gate compares with FreeSWITCH's clock, which does not follow the machine's: when the
    system's time is set, FreeSWITCH counts on from the time at which it was started
    (``docs/decisions/0011``).
    """

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._anchor: tuple[float, float] | None = None
        """An epoch second of FreeSWITCH's clock, and the monotonic clock's reading at it."""
        self.offset = 0.0
        """Seconds by which FreeSWITCH's clock is ahead of the machine's; 0 within
        ``CLOCK_TOLERANCE``."""

    @property
    def is_known(self) -> bool:
        """Whether FreeSWITCH's clock was read at least once."""
        return self._anchor is not None

    def now(self) -> float:
        """Seconds since the epoch."""
        if self._anchor is None:
            return self._own.now()
        epoch, reading = self._anchor
        return epoch + self._own.monotonic() - reading

    def own(self) -> float:
        """Seconds since the epoch by the machine's own clock."""
        return self._own.own()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return self._own.monotonic()

    def set(self, epoch: int) -> float:
        """Set it by FreeSWITCH's clock, which has just answered this epoch second. Returns the
        seconds by which it jumped."""
        own = self._own.now()
        offset = epoch + 0.5 - own
        self.offset = offset if abs(offset) > CLOCK_TOLERANCE else 0.0
        before = self.now()
        self._anchor = own + self.offset, self._own.monotonic()
        return self.now() - before


class GeventLatch:
    """``ports.Latch`` for greenlets."""

    def __init__(self) -> None:
        self._result = AsyncResult()

    def set(self, value: Any) -> None:
        """Wake the greenlet that waits, with this value."""
        if not self._result.ready():
            self._result.set(value)

    def wait(self, timeout: float) -> Any:
        """The value, or None after ``timeout`` seconds."""
        return self._result.wait(timeout)


class GeventRuntime:
    """``ports.Runtime`` for greenlets and a few native threads."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads
        self._pool = ThreadPool(threads)

    def latch(self) -> GeventLatch:
        """A new latch."""
        return GeventLatch()

    def sleep(self, seconds: float) -> None:
        """Return after that time; other greenlets run meanwhile."""
        gevent.sleep(seconds)

    def offload(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Run ``work`` on a native thread; its exception is raised here."""
        # The pool prints every exception in it with a traceback. Here the caller handles them: a
        # store that cannot be written, for example, is no fault of the program.
        result, error = self._pool.apply(_attempt, (work, arguments))
        if error is not None:
            raise error
        return cast(Result, result)

    def within(self, seconds: float, work: Callable[..., Result], *arguments: Any) -> Result:
        """As ``offload``, for at most that long: then it raises ``TimeoutError``, and the thread
        goes on by itself."""
        # Beginning waits too, where every thread is busy.
        with gevent.Timeout(seconds, TimeoutError(f"it has not answered for {seconds:g} s")):
            result, error = self._pool.spawn(_attempt, work, arguments).get()
        if error is not None:
            raise error
        return cast(Result, result)

    def spawn(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do ``work`` in a greenlet of its own."""
        gevent.spawn(work, *arguments)

    def together(self, works: Sequence[Callable[[], None]]) -> None:
        """Begin each in this order without waiting for the one before it; return when all have
        ended. Raises the first exception, in this order."""
        if len(works) == 1:
            works[0]()
            return
        greenlets = [gevent.spawn(_attempt, work, ()) for work in works]
        gevent.joinall(greenlets)
        for greenlet in greenlets:
            _, error = greenlet.value
            if error is not None:
                raise error

    def apart(self, threads: int) -> GeventRuntime:
        """Another one, with so many native threads."""
        return GeventRuntime(threads)

    def wipe_memory(self) -> None:
        """Overwrite what this process has freed (``memory``): Python's objects, and the C library's
        blocks of this thread and of each native one."""
        # What only refers to itself is free too, once it is found.
        gc.collect()
        for _ in memory.wipe_objects():
            gevent.sleep(0)
        memory.wipe_cached_blocks()
        # As many at once as there are threads, each of which waits for the others.
        everybody = threading.Barrier(self._threads)
        gevent.joinall(
            [gevent.spawn(self.offload, _wipe_thread, everybody) for _ in range(self._threads)]
        )


def _wipe_thread(everybody: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):
        # A thread that does something long has none of the rest wait for it for ever.
        everybody.wait(BARRIER_TIMEOUT)
    memory.wipe_cached_blocks()


def _attempt(
    work: Callable[..., Result], arguments: tuple[Any, ...]
) -> tuple[Result | None, Exception | None]:
    try:
        return work(*arguments), None
    except Exception as error:
        return None, error


def log_failures() -> None:
    """Log exceptions that end a greenlet. By itself gevent writes them to stderr, where a text that
    a caller chose is not made safe for a terminal."""

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
    """Counts that must not grow in a process that runs for months, for finding a leak. It visits
    every object, so it takes a while."""
    objects = gc.get_objects()
    greenlets = [one for one in objects if isinstance(one, gevent.Greenlet) and not one.dead]
    return {"greenlets": len(greenlets), "objects": len(objects)}
