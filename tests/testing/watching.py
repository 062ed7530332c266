"""Watches a running daemon by the operators' socket, as the web process does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from fluxcc.protocol.operators import Ask
from fluxcc.protocol.watching import Start, read_line


class Watch:
    """One stream; a line is read when it is asked for."""

    def __init__(self, path: Path, after: int | None = None) -> None:
        """``after`` is the number of the last line that was read."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(str(path))
        self._socket.sendall(msgspec.json.encode(Ask(do="watch", after=after)) + b"\n")
        self._lines = self._socket.makefile("rb")
        self.read: list[Any] = []
        """Every line so far that happened."""
        start = self.next()
        assert isinstance(start, Start)
        self.start = start

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def number(self) -> int:
        """Of the last line that was read."""
        return self.read[-1].number if self.read else self.start.number

    def next(self) -> Any:
        """The next line that is no beat."""
        while True:
            line = self._lines.readline()
            assert line, "the stream ended"
            if (found := read_line(line)) is not None:
                if not isinstance(found, Start):
                    self.read.append(found)
                return found

    def until(self, is_wanted: Callable[[Any], bool], what: str, timeout: float = 10.0) -> Any:
        """The first further line that is wanted."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            line = self.next()
            if is_wanted(line):
                return line
        raise AssertionError(f"{what}: {self.read}")

    def raw(self) -> bytes:
        """A line as it came; nothing at the stream's end."""
        return self._lines.readline()

    def close(self) -> None:
        """Watch no longer."""
        self._lines.close()
        self._socket.close()
