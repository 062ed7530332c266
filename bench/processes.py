"""The programs of a measurement, each a process of its own: the server, the daemon, the peers.

The kernel may let the two that talk to each other share a processor or not, so each gets one where
there are two: a figure "on one core" is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.testing.program import environment

PATIENCE = 600.0
"""Seconds after which a program that hangs is killed."""
PASSWORD = "x"
"""Of the stand-ins, which take any."""


def cores() -> tuple[set[int], set[int]]:
    """The processors for the server, and for what is measured."""
    every = sorted(os.sched_getaffinity(0))
    return set(every[:-1]) or set(every), {every[-1]}


class Program:
    """A running ``python -m bench.…`` that prints a JSON document a line."""

    def __init__(
        self,
        arguments: Sequence[object],
        affinity: set[int],
        environment: dict[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        os.sched_setaffinity(self.process.pid, affinity)
        self._limit = threading.Timer(PATIENCE, self.process.kill)
        self._limit.daemon = True
        self._limit.start()

    def read(self, wanted: str) -> dict[str, Any]:
        """The next document that tells ``wanted``."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            document: dict[str, Any] = json.loads(line)
            if wanted in document:
                return document
        raise RuntimeError(f"{self.process.args} ended and did not tell {wanted!r}")

    def ask(self, question: str, wanted: str) -> dict[str, Any]:
        """Write a line to it, and read its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(question.encode() + b"\n")
        self.process.stdin.flush()
        return self.read(wanted)

    def end(self) -> None:
        """End it, and wait until it has ended."""
        self._limit.cancel()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                # What it did not read any more cannot be written.
                with suppress(OSError):
                    pipe.close()


@contextmanager
def running(
    *arguments: object, measured: bool = False, environment: dict[str, str] | None = None
) -> Iterator[Program]:
    """Such a program, until the block is left."""
    program = Program(arguments, cores()[measured], environment)
    try:
        yield program
    finally:
        program.end()


def peer(name: str, events: int, *options: object) -> float:
    """Seconds of CPU that one of the small readers takes for an event."""
    with running("bench.replay", "--events", events + 100, *options) as server:
        port = server.read("port")["port"]
        with running(f"bench.{name}", port, events, measured=True) as reader:
            told = reader.read("cpu")
            return float(told["cpu"]) / int(told["events"])


@contextmanager
def daemon_beside(
    server: Sequence[object],
    *options: str,
    folder: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[tuple[Program, Program]]:
    """A server with these arguments, and a daemon (``bench.subject``) with these options and
    further variables of its environment on it."""
    with ExitStack() as opened:
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="fluxcc-bench-")
            folder = Path(opened.enter_context(temporary))
        replay = opened.enter_context(running(*server))
        port = replay.read("port")["port"]
        variables = environment(port, PASSWORD, folder / "fluxcc.db", settings)
        subject = running("bench.subject", *options, measured=True, environment=variables)
        yield replay, opened.enter_context(subject)
