"""Cuts the event socket's byte stream into frames. No I/O. Counterpart: ``link``, which reads bytes
and handles frames.

A frame is header lines, an empty line, and as many bytes of body as ``Content-Length`` says
(mod_event_socket.c). The frames do not depend on how the bytes are split into reads.
"""

from __future__ import annotations

import re
from typing import NamedTuple

EVENT = "text/event-json"
"""The kind of a frame that holds an event."""
LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 256 * 1024 * 1024
"""``show channels as json`` with 20,000 channels has some 15 MB."""


class FrameError(Exception):
    """These bytes are not the event socket's protocol: the connection must be closed."""


class Frame(NamedTuple):
    """One frame. ``kind`` is its Content-Type; ``reply`` its Reply-Text, where it has one."""

    kind: str
    reply: str
    body: bytes


class FrameReader:
    """Collects bytes until frames are complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._need = 0
        """Buffer length below which no frame can be complete."""

    def forget(self) -> None:
        """Free the memory of earlier frames; what is not complete yet stays."""
        self._buffer = bytearray(self._buffer)

    def feed(self, data: bytes | bytearray | memoryview) -> list[Frame]:
        """The frames that these bytes complete, in order. Raises ``FrameError``."""
        buffer = self._buffer
        buffer += data
        if len(buffer) < self._need:
            return []
        frames: list[Frame] = []
        start = 0
        while True:
            head_end = buffer.find(b"\n\n", start)
            if head_end < 0:
                # A line end that is the last byte may be the first one of the empty line.
                if len(buffer) - start - buffer.endswith(b"\n") > LONGEST_HEAD:
                    raise FrameError("the header of a frame does not end")
                self._need = 0
                break
            if head_end == start:
                # An empty line between frames.
                start += 1
                continue
            if head_end - start > LONGEST_HEAD:
                raise FrameError("the header of a frame is too long")
            kind, reply, length = _read_head(bytes(buffer[start:head_end]))
            body_start = head_end + 2
            if len(buffer) < body_start + length:
                self._need = body_start + length - start
                break
            # A view, so that the body is copied once; released before the buffer shrinks.
            with memoryview(buffer) as view:
                body = bytes(view[body_start : body_start + length])
            frames.append(Frame(kind, reply, body))
            start = body_start + length
        del buffer[:start]
        return frames


_EVENT_HEAD = re.compile(rb"Content-Length: (\d{1,8})\nContent-Type: text/event-json")
"""The head of nearly every frame."""


def _read_head(head: bytes) -> tuple[str, str, int]:
    event = _EVENT_HEAD.fullmatch(head)
    if event is not None:
        return EVENT, "", int(event[1])
    kind, reply, length = "", "", 0
    for line in head.split(b"\n"):
        name, separator, value = line.partition(b":")
        if not separator:
            continue
        name = name.strip().lower()
        if name == b"content-length":
            try:
                length = int(value)
            except ValueError:
                length = -1
            if not 0 <= length <= LONGEST_BODY:
                raise FrameError(f"a frame claims a length of {value.strip()[:40]!r}")
        elif name == b"content-type":
            kind = value.strip().decode("ascii", "replace")
        elif name == b"reply-text":
            reply = value.strip().decode("utf-8", "replace")
    return kind, reply, length
