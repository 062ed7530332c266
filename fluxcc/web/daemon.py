"""Asks the daemon over the operators' door, on the event loop. Counterpart: ``doors.operators``.

The blocking counterpart of the command's is ``operators.client``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from fluxcc.domain.actions import Action
from fluxcc.operators.client import CONFERENCE_TIMEOUT, TIMEOUT
from fluxcc.operators.paths import short_path
from fluxcc.protocol.operators import UNAVAILABLE, Answer, Ask
from fluxcc.web.problems import ProblemError

LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer that is read: lists of calls and blocks have no other limit."""
Shape = TypeVar("Shape")


class Daemon:
    """The daemon behind one socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, question: Ask) -> Answer:
        """The daemon's answer. Raises ``ProblemError``."""
        limit = CONFERENCE_TIMEOUT if question.do == Action.CONFERENCE else TIMEOUT
        try:
            async with asyncio.timeout(limit), self.connected() as (reader, writer):
                writer.write(msgspec.json.encode(question) + b"\n")
                answer = msgspec.json.decode(await reader.read(-1), type=Answer)
        except (OSError, msgspec.DecodeError) as error:
            # ``TimeoutError`` is an ``OSError``.
            raise ProblemError(503, "unavailable", str(error)) from error
        if answer.error == UNAVAILABLE:
            raise ProblemError(503, "unavailable", "FreeSWITCH does not answer")
        if answer.error:
            raise ProblemError(400, "malformed-request", answer.error)
        return answer

    async def read(self, question: Ask, shape: type[Shape]) -> Shape:
        """The answer's ``reading`` in its shape. Raises ``ProblemError``."""
        return msgspec.convert((await self.ask(question)).reading, shape)

    @asynccontextmanager
    async def connected(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection to the daemon, in an ``async with``. Raises ``OSError``."""
        with short_path(self._path) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
