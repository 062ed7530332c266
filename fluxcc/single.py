"""Keeps a second daemon from what one daemon alone may use: a file's lock, and a sign of life.

Both end with the process, however that ends: the kernel takes them back, so that nothing is left to
wait for after a crash or a restart of the machine. Counterparts: ``bootstrap`` locks the store,
``doors.operators`` its socket, ``pbx.claim`` a FreeSWITCH.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path

from fluxcc.domain.errors import AnotherDaemonError

SUFFIX = ".lock"
MODE = 0o640
MACHINE_ID = Path("/etc/machine-id")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NETWORK = "/proc/self/ns/net"
"""Its inode tells in which of the machine's networks a process is. Abstract sockets are seen in
one."""

log = logging.getLogger(__name__)


class FileLock:
    """A lock beside a file, held until ``release`` or the end of the process. The lock's own file
    stays: it could be another process that has it locked by the time it is deleted."""

    def __init__(self, path: Path) -> None:
        """``path`` is the file that one daemon alone may use."""
        self.path = path.with_name(path.name + SUFFIX)
        self._of = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Lock it. Raises ``AnotherDaemonError`` where another process holds the lock; where there
        can be none (a folder that cannot be written), it is logged."""
        try:
            self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, MODE)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            holder = self._holder()
            self.release()
            raise AnotherDaemonError(
                f"another daemon (process {holder}) uses {self._of}; end it, or give this one"
                " files of its own"
            ) from error
        except OSError as error:
            log.warning(
                "a second daemon could not be told from this one: there is no lock",
                extra={"file": str(self.path), "error": error.strerror or str(error)},
            )

    def release(self) -> None:
        """Unlock it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _holder(self) -> str:
        text = b""
        if self._descriptor is not None:
            with suppress(OSError):
                text = os.pread(self._descriptor, 20, 0)
        return text.decode("ascii", "replace").strip() or "?"


class SignOfLife:
    """Shows other processes on this machine that this daemon is alive, by a name in the kernel."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex[:12]
        self.place = _place()
        """Where the sign can be seen: in the same network of the same machine."""
        self._socket: socket.socket | None = None

    def take(self) -> None:
        """Show it until ``release`` or the end of the process."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(_address(self.name))

    def release(self) -> None:
        """Show it no longer."""
        if self._socket is not None:
            self._socket.close()

    def is_alive(self, name: str) -> bool:
        """Whether the daemon of that name, which is in the same place, is alive."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect(_address(name))
            except OSError as error:
                return error.errno != errno.ECONNREFUSED
        return True


def name_daemon(store: Path) -> str:
    """A name that the daemon with this store has on this machine until it boots again, and no other
    one, not on a copy of the machine either. Empty where the machine does not tell its boots
    apart."""
    try:
        boot = BOOT_ID.read_text("ascii", "replace").strip()
    except OSError:
        return ""
    text = f"{boot}/{_place()}/{store}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _address(name: str) -> str:
    return f"\0fluxcc/{name}"


def _place() -> str:
    machine = ""
    with suppress(OSError):
        machine = MACHINE_ID.read_text("ascii", "replace").strip()
    network = 0
    with suppress(OSError):
        network = os.stat(NETWORK).st_ino
    text = f"{machine}/{socket.gethostname()}/{network}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
