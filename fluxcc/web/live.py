"""The present, kept up by one watch of the daemon, and what happens told to any number of browsers.

However many browsers listen, the daemon is asked once. A browser that comes back names the last
number that it has read and is told the rest: out of the ring here, or where this process was
started anew out of the daemon's. Counterparts: ``doors.watch``, ``api.events``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import msgspec

from fluxcc.protocol.operators import WATCH, Ask
from fluxcc.protocol.watching import (
    AnyHappening,
    AttemptHappening,
    BlockHappening,
    CallHappening,
    SiteHappening,
    Start,
    StatusHappening,
    WatchedCall,
    read_line,
)
from fluxcc.web import shapes
from fluxcc.web.daemon import Daemon
from fluxcc.web.present import Present
from fluxcc.web.ring import Ring, encode
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor

SILENCE = 15.0
"""Seconds without a line after which the daemon is taken for gone; it sends a beat more often."""
PAUSE = 0.5
"""Seconds before the daemon is tried again."""
TOGETHER = 0.25
"""Seconds within which what happens is told in one piece where it is much: what is sent costs more
by the piece than by the byte."""
BEAT = 3.0
"""Seconds after which a browser is sent a sign of life, by which it knows that its picture is true,
and asked whether it may still listen."""
RETRY = b"retry: 1000\n\n"
"""After how many milliseconds a browser comes back."""

log = logging.getLogger(__name__)


class Live:
    """One per process."""

    def __init__(self, daemon: Daemon, spell: Callable[[str], str]) -> None:
        """``spell`` gives a number in the one spelling that blocks and the audit have."""
        self._daemon = daemon
        self._spell = spell
        self._ring = Ring()
        self._pieces: dict[tuple[int, Sight], bytes] = {}
        """Of what is in the ring now; see ``_told_since``."""
        self._changed = asyncio.Event()
        self._woken = float("-inf")
        self._is_waking = False
        self._task: asyncio.Task[None] | None = None
        self._backfilling = asyncio.Lock()
        self.present = Present()

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the watch."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def wait(self, seconds: float) -> bool:
        """Wait until the present is known; whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.present.is_reached:
                    await self._changed.wait()
        return self.present.is_reached

    async def stream(
        self, visitor: Visitor, after: str, may_go_on: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """What happens from now on, or after the number that was read last, as far as this visitor
        may see it. It ends where the browser is too slow, or may not listen any more."""
        sight = Sight.of(visitor)
        position = await self._position(after)
        yield RETRY
        is_reached = self.present.is_reached
        if position is None:
            position = self._ring.end
            yield self._reset(sight)
        checked = time.monotonic()
        while True:
            changed = self._changed
            if position < self._ring.start:
                # Too slow, or the past is void: where it comes back it is told what is now.
                position = self._ring.end
                yield self._reset(sight)
            elif position < self._ring.end or is_reached != self.present.is_reached:
                told = [self._told_since(position, sight)]
                position = self._ring.end
                if is_reached != self.present.is_reached:
                    is_reached = self.present.is_reached
                    status = self.present.status(sight)
                    now = shapes.StatusEvent(at=self.present.clock(), status=status)
                    told.append(encode("status", now))
                if content := b"".join(told):
                    yield content
            if time.monotonic() - checked >= BEAT:
                if not await may_go_on():
                    return
                checked = time.monotonic()
                yield encode("beat", {"at": self.present.clock()})
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await changed.wait()

    def _told_since(self, position: int, sight: Sight) -> bytes:
        """What happened since that position, in one piece: most of those with a sight are at the
        same one."""
        found = self._pieces.get((position, sight))
        if found is None:
            status = self.present.status
            found = b"".join(entry.told(sight, status) for entry in self._ring.since(position))
            self._pieces[position, sight] = found
        return found

    def _reset(self, sight: Sight) -> bytes:
        return encode("reset", self.present.snapshot(sight), self.present.number)

    async def _position(self, after: str) -> int | None:
        """Where a browser goes on; None where it has to begin anew."""
        if not after.isascii() or not after.isdecimal() or len(after) > 16:
            return None
        number = int(after)
        if number > self.present.number or not self.present.is_known:
            return None
        if not self._has_all_after(number):
            async with self._backfilling:
                if not self._has_all_after(number):
                    await self._backfill(number)
        return self._ring.position_after(number) if self._has_all_after(number) else None

    def _has_all_after(self, number: int) -> bool:
        oldest = self._ring.oldest
        return number + 1 >= (self.present.number + 1 if oldest is None else oldest)

    async def _backfill(self, number: int) -> None:
        """Fetch what happened between that number and the oldest one here out of the daemon's ring,
        if that still has it."""
        oldest = self._ring.oldest
        until = self.present.number + 1 if oldest is None else oldest
        found: list[AnyHappening] = []
        try:
            async with (
                asyncio.timeout(SILENCE),
                self._daemon.connected() as (reader, writer),
            ):
                writer.write(msgspec.json.encode(Ask(do=WATCH, after=number)) + b"\n")
                while line := await reader.readline():
                    match read_line(line):
                        case Start(reset=False, snapshot=None) | None:
                            pass
                        case Start():
                            return
                        case happening if happening.number >= until:
                            break
                        case happening:
                            if isinstance(happening, CallHappening):
                                self._put_spelling(happening.call)
                            found.append(happening)
                            if happening.number == until - 1:
                                break
        except (OSError, ValueError) as error:
            log.info("what was missed cannot be fetched", extra={"error": str(error)})
            return
        if found and found[-1].number == until - 1:
            self._ring.put_before(found)

    async def _watch(self) -> None:
        while True:
            try:
                async with self._daemon.connected() as (reader, writer):
                    after = self.present.number if self.present.is_known else None
                    writer.write(msgspec.json.encode(Ask(do=WATCH, after=after)) + b"\n")
                    await self._read(reader)
            except (OSError, ValueError) as error:
                # A line that is none (``msgspec.DecodeError``) or is too long is a ``ValueError``.
                if self.present.is_reached:
                    log.warning("the daemon is not there", extra={"error": str(error)})
            if self.present.is_reached:
                self.present.is_reached = False
                self._wake_soon()
            await asyncio.sleep(PAUSE)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            async with asyncio.timeout(SILENCE):
                line = await reader.readline()
            if not line:
                return
            read = read_line(line)
            if read is None:
                self.present.beat()
                continue
            if isinstance(read, Start):
                self._begin(read)
            else:
                self._happened(read)
            self._wake_soon()

    def _begin(self, start: Start) -> None:
        if start.snapshot is not None:
            for call in start.snapshot.calls:
                self._put_spelling(call)
            self.present.begin(start.number, start.snapshot)
            self._ring.clear()
        self.present.is_reached = True
        self.present.beat()

    def _happened(self, happening: AnyHappening) -> None:
        match happening:
            case CallHappening(call=call, change=change):
                self._put_spelling(call)
                self.present.put_call(call, change)
            case BlockHappening(block=block) | AttemptHappening(block=block):
                self.present.put_block(block)
            case StatusHappening(status=status):
                self.present.daemon = status
            case SiteHappening(site=site):
                self.present.site = site
        self.present.number = happening.number
        self.present.beat(happening.at)
        self._ring.append(happening)

    def _put_spelling(self, call: WatchedCall) -> None:
        call.number = self._spell(call.number)

    def _wake_soon(self) -> None:
        """Wake the streams: at once where nothing was told of late, otherwise together."""
        self._pieces.clear()
        if self._is_waking:
            return
        self._is_waking = True
        loop = asyncio.get_running_loop()
        loop.call_later(max(0.0, self._woken + TOGETHER - loop.time()), self._wake)

    def _wake(self) -> None:
        self._is_waking = False
        self._woken = asyncio.get_running_loop().time()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
