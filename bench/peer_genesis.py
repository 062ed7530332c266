"""Genesis with an empty handler: ``python -m bench.peer_genesis PORT EVENTS``.

As its documentation shows a consumer: plain events, one coroutine for each name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from typing import Any

from genesis import Consumer

from bench.replay import HEARD, say


async def consume(port: int, events: int) -> None:
    """Take so many events."""
    consumer = Consumer("127.0.0.1", port, "x")
    seen, done, began = 0, asyncio.Event(), 0.0

    async def handle(_event: Any) -> None:
        nonlocal seen, began
        began = began or time.process_time()
        seen += 1
        if seen >= events:
            done.set()

    for name in HEARD:
        consumer.handle(name)(handle)
    running = asyncio.create_task(consumer.start())
    await done.wait()
    say(events=seen, cpu=time.process_time() - began)
    running.cancel()
    sys.stdout.flush()
    # Its own way out waits for what it exports to nobody.
    os._exit(0)


def main(port: int, events: int) -> None:
    """Log what a service would."""
    logging.disable(logging.INFO)
    asyncio.run(consume(port, events))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
