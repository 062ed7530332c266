"""The bare event round trip: ten lines that answer an event at once (``bench.responder PORT``)."""

from __future__ import annotations

import os
import re
import socket
import sys

from bench.replay import say

ASK, ANSWER = "bench::request", "bench::reply"


def main(port: int) -> None:
    """Answer for ever."""
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(f"auth {os.environ['FLUXCC_PBX_PASSWORD']}\n\n".encode())
        link.sendall(f"event json CUSTOM {ASK}\n\n".encode())
        say(ready=True)
        while data := link.recv(65536):
            for number in re.findall(rb'"Bench-Number":"(\d+)"', data):
                reply = f"sendevent CUSTOM\nEvent-Subclass: {ANSWER}\nBench-Number: "
                link.sendall(reply.encode() + number + b"\n\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
