"""Starts a lab's programs in one process group, which ends with the lab.

The group's leader is a shell that waits for the end of a pipe whose other end only this process
holds: when this process is gone, even by SIGKILL, the shell kills the whole group and removes its
folder. (The kernel's own parent-death signal is tied to the *thread* that started the program, and
tests start callers from threads.)
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from .port import LabError

_GUARD = ("/bin/sh", "-c", 'read -r _; rm -rf -- "$0"; kill -KILL 0')


class ProcessGroup:
    def __init__(self, folder: Path) -> None:
        """``folder`` is where the programs work; the guard removes it with them."""
        self._folder = folder
        self._guard = subprocess.Popen(  # noqa: S603 - a constant
            (*_GUARD, folder), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, process_group=0
        )
        self._members: list[subprocess.Popen[bytes]] = []
        self._changing = threading.Lock()

    def spawn(
        self, arguments: Sequence[str | bytes | Path], *, output: Path
    ) -> subprocess.Popen[bytes]:
        """Start a program in the folder; what it prints goes to ``output``."""
        with output.open("ab") as sink:
            try:
                member = subprocess.Popen(  # noqa: S603 - the lab's own arguments, and no shell
                    arguments,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    process_group=self._guard.pid,
                )
            except OSError as error:
                raise LabError(f"cannot start {arguments[0]!r}: {error}") from error
        with self._changing:
            self._members = [one for one in self._members if one.poll() is None]
            self._members.append(member)
        return member

    def kill(self) -> None:
        """End every member and the guard at once, and reap them."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._guard.pid, signal.SIGKILL)
        for member in (*self._members, self._guard):
            member.wait()
        if self._guard.stdin:
            self._guard.stdin.close()
        self._members.clear()
