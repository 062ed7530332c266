"""``python -m bench.browsers PORT TOKEN``: many browsers of one page's process.

Each keeps a stream of what happens and comes back with ``Last-Event-ID`` when it breaks; beside
them somebody loads a page, at a steady rate. Once it reads the number of the last event, and all
streams have told that, it says what it saw.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import suppress

from bench.replay import say

PAGES = ("/", "/blocks", "/groups", "/survey", "/audit", "/users")
BACK = 1.0
"""Seconds after which a browser comes back: what the stream asks for (``retry:``)."""
CATCH_UP = 30.0
"""Seconds for which the last events are waited for."""
ID, RESET = b"\nid: ", b"\nevent: reset\n"


class Stream:
    """One browser's, and what it was told."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.last = 0
        """The number of the last event."""
        self.told = self.lost = self.resets = self.connects = 0

    async def run(self) -> None:
        """Listen, for ever."""
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._listen()
            await asyncio.sleep(BACK)

    async def _listen(self) -> None:
        more = f"Last-Event-ID: {self.last}\r\n" if self.last else ""
        reader, writer = await ask(self._port, "/api/v1/events", self._token, more)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head, head
            self.connects += 1
            rest = b"\n"
            while data := await reader.read(1 << 18):
                whole, end, rest = (rest + data).rpartition(b"\n\n")
                # Each event has the line end of the former one in front.
                self._count(whole + end)
                rest = b"\n" + rest if end else rest
        finally:
            writer.close()

    def _count(self, text: bytes) -> None:
        resets = text.count(RESET)
        self.resets += resets
        numbers = text.count(ID)
        if not numbers:
            return
        place = text.rindex(ID) + len(ID)
        newest = int(text[place : text.index(b"\n", place)])
        if not resets:
            self.lost += newest - self.last - numbers
        self.told += numbers
        self.last = newest


async def ask(
    port: int, path: str, token: str, more: str = ""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which that was asked, and nothing else will be."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    head = f"GET {path} HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    writer.write(head.encode())
    return reader, writer


async def load(port: int, path: str, token: str, times: list[float], wrong: list[str]) -> None:
    """Load a page, by a connection of its own; how long it took until it was there whole."""
    began = time.perf_counter()
    try:
        reader, writer = await ask(port, path, token)
        answer = await reader.read(-1)
        writer.close()
    except OSError as error:
        wrong.append(f"{path}: {error}")
        return
    if b" 200 " in answer[:20]:
        times.append(time.perf_counter() - began)
    else:
        wrong.append(f"{path}: {answer[:40]!r}")


async def browse(wanted: argparse.Namespace) -> None:
    """Until the input says where it ends."""
    times: list[float] = []
    wrong: list[str] = []
    streams = [Stream(wanted.port, wanted.token) for _ in range(wanted.streams)]
    tasks = {asyncio.create_task(stream.run()) for stream in streams}
    while not all(stream.resets for stream in streams):
        await asyncio.sleep(0.05)
    say(listening=len(streams))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    due, number = time.monotonic(), 0
    loads: set[asyncio.Task[None]] = set()
    while not ended.done():
        path = PAGES[number % len(PAGES)]
        number += 1
        loading = asyncio.create_task(load(wanted.port, path, wanted.token, times, wrong))
        loads.add(loading)
        loading.add_done_callback(loads.discard)
        due += 1 / wanted.rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    if loads:
        await asyncio.wait(loads, timeout=10)
    newest, deadline = int(ended.result()), time.monotonic() + CATCH_UP
    while time.monotonic() < deadline and any(stream.last < newest for stream in streams):
        await asyncio.sleep(0.05)
    say(
        loads=times,
        wrong=wrong,
        told=[stream.told for stream in streams],
        last=[stream.last for stream in streams],
        lost=sum(stream.lost for stream in streams),
        resets=sum(stream.resets for stream in streams),
        connects=sum(stream.connects for stream in streams),
    )
    for task in tasks:
        task.cancel()


def main() -> None:
    """The browsers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("port", type=int)
    options.add_argument("token")
    options.add_argument("--streams", type=int, default=200)
    options.add_argument("--rate", type=float, default=20.0, help="page loads a second")
    asyncio.run(browse(options.parse_args()))


if __name__ == "__main__":
    main()
