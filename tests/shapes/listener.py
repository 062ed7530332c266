"""Hears what the daemon hears, frame by frame, and keeps it as it was sent."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from typing import Any, NamedTuple

from tests.testing.event_socket import cut

from .port import Site

SUBSCRIPTION = (
    "event json CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HOLD "
    "CHANNEL_UNHOLD CHANNEL_PARK CHANNEL_UNPARK CHANNEL_HANGUP CHANNEL_DESTROY CHANNEL_ORIGINATE "
    "CHANNEL_PROGRESS_MEDIA CHANNEL_UUID HEARTBEAT CUSTOM conference::maintenance "
    "valet_parking::info fifo::info callcenter::info"
)
"""As the daemon subscribes."""
_MARK = "shapes::mark"
_MASKS = (
    (re.compile(rb'("\w*(?:-Host|-Switch|host)name":)"[^"]*"'), rb'\1"pbx"'),
    (re.compile(rb'("FreeSWITCH-IPv4":)"[^"]*"'), rb'\1"192.0.2.2"'),
    (re.compile(rb'("FreeSWITCH-IPv6":)"[^"]*"'), rb'\1"fd00::2"'),
    (re.compile(rb"[^\"' =,]*/fluxcc-site-\w+"), rb"/var/lib/freeswitch"),
)


def mask(text: bytes) -> bytes:
    """The same without what it tells of this machine."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


class Heard(NamedTuple):
    """One event."""

    time: float
    """Seconds, by this process's clock."""
    frame: bytes
    event: dict[str, Any]


class Listener:
    """A connection that is read all the time; use it in a ``with``."""

    def __init__(self, site: Site) -> None:
        self.heard: list[Heard] = []
        self._socket = socket.create_connection((site.host, site.port), 10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(None)
        self._socket.sendall(f"auth {site.password}\n\n{SUBSCRIPTION} {_MARK}\n\n".encode())
        self._subscribed, self._marked = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._read, name="listener", daemon=True)
        self._thread.start()
        assert self._subscribed.wait(10)

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def wait_quiet(self, pause: float = 0.3, timeout: float = 5.0) -> None:
        """Return once an event fired now was heard, and then nothing for so long."""
        self._marked.clear()
        self._socket.sendall(f"sendevent CUSTOM\nEvent-Subclass: {_MARK}\n\n".encode())
        assert self._marked.wait(10)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            count = len(self.heard)
            time.sleep(pause)
            if len(self.heard) == count:
                return

    def _read(self) -> None:
        unread = b""
        while data := self._receive():
            unread += data
            for frame in cut(unread):
                unread = unread[frame.size :]
                if "event listener enabled" in frame.headers.get("Reply-Text", ""):
                    self._subscribed.set()
                if frame.kind == "text/event-json":
                    self._keep(frame.body)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(1 << 16)
        except OSError:
            return b""

    def _keep(self, body: bytes) -> None:
        if _MARK.encode() in body:
            self._marked.set()
            return
        body = mask(body)
        head = f"Content-Length: {len(body)}\nContent-Type: text/event-json\n\n".encode()
        event = json.loads(body.decode("utf-8", "replace"), strict=False)
        self.heard.append(Heard(time.monotonic(), head + body, event))
