"""The least that can be done with an event in Python: read it, decode the daemon's own fields.

``python -m bench.floor PORT EVENTS``: no greenlets, no tracking, no store.
"""

from __future__ import annotations

import socket
import sys
import time

from bench.replay import say
from fluxcc.config import CallSettings
from fluxcc.pbx import events
from fluxcc.pbx.frames import FrameReader


def main(port: int, wanted: int) -> None:
    """Read and decode so many events."""
    settings = CallSettings()
    decode = events.Decoder(settings.group_variables, settings.agent_variables).event
    reader, seen = FrameReader(), 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"auth x\n\n{events.SUBSCRIPTION}\n\n".encode())
        buffer = bytearray(256 * 1024)
        view = memoryview(buffer)
        began = time.process_time()
        while seen < wanted and (size := connection.recv_into(buffer)):
            for frame in reader.feed(view[:size]):
                if frame.kind == "text/event-json":
                    decode(frame.body)
                    seen += 1
    say(events=seen, cpu=time.process_time() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
