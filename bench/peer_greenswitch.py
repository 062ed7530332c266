"""greenswitch with an empty handler: ``python -m bench.peer_greenswitch PORT EVENTS``."""

from __future__ import annotations

import sys
import time
from typing import Any

import gevent
from gevent.event import Event
from greenswitch import InboundESL

from bench.replay import HEARD, say


def main(port: int, events: int) -> None:
    """Take so many events, plain ones: it knows no others."""
    link = InboundESL("127.0.0.1", port, "x")
    seen, done = 0, Event()

    def handle(_event: Any) -> None:
        nonlocal seen
        seen += 1
        if seen >= events:
            done.set()

    for name in HEARD:
        link.register_handle(name, handle)
    link.connect()
    began = time.process_time()
    link.send("event plain " + " ".join(sorted(HEARD)))
    done.wait()
    say(events=seen, cpu=time.process_time() - began)
    gevent.get_hub().destroy()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
