"""PostgreSQL servers that may be mistreated: on a port of loopback each, and written to the disk as
an administrator's are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.testing.ports import free_port
from tests.testing.postgresql import await_server, find_program, find_unprivileged_user

CONNECTIONS = 500
FILL = "fill"
"""The file that takes the rest of a full disk."""
CHUNK = 64 * 1024


class Server:
    """One server, and what may happen to it."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is its own."""
        if find_program("initdb") is None or find_program("postgres") is None:
            pytest.skip("PostgreSQL (initdb, postgres) is not installed")
        pytest.importorskip("psycopg", reason="psycopg is not installed")
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.prefix: list[str] = []
        """What a program begins with that runs as the server's user."""
        if os.geteuid() == 0:
            user = find_unprivileged_user()
            os.chown(folder, user.pw_uid, user.pw_gid)
            identity = f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"
            self.prefix = ["setpriv", *identity, "--clear-groups"]

    @property
    def url(self) -> str:
        """Its database, for one node."""
        return f"postgresql+psycopg://fluxcc@127.0.0.1:{self.port}/postgres"

    @property
    def address(self) -> str:
        """The same for psycopg."""
        return self.url.replace("+psycopg", "", 1)

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text("utf-8", "replace")

    def create(self) -> None:
        """Make an empty database."""
        options = "-A", "trust", "-U", "fluxcc", "-E", "UTF8", "--wal-segsize=1"
        self._run("initdb", "-D", self._data, *options)

    def copy(self, primary: Server) -> None:
        """Become a standby of that one."""
        source = f"host=127.0.0.1 port={primary.port} user=fluxcc"
        self._run("pg_basebackup", "-D", self._data, "-R", "-X", "stream", "-d", source)

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self.prefix, find_program(program), *arguments]
        subprocess.run(list(map(str, command)), check=True, capture_output=True, cwd=self._folder)

    def start(self, *, is_awaited: bool = True) -> None:
        """Return when it takes connections."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": CONNECTIONS,
            "min_wal_size": "2MB",
            "max_wal_size": "64MB",
        }
        program = find_program("postgres")
        options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self.prefix, str(program), "-D", self._data, *options],
                stdout=output,
                stderr=output,
                cwd=self._folder,
            )
        if is_awaited:
            await_server(self.url, self._process, self._log)

    def stop(self) -> None:
        """End it, and every connection with it (a fast shutdown)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def kill(self) -> None:
        """End all its processes with SIGKILL."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(30)

    def pause(self) -> None:
        """All its processes stand still: they take what is sent to them, and answer nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """They go on."""
        self._signal(signal.SIGCONT)

    def promote(self) -> None:
        """The standby becomes the leader."""
        import psycopg  # noqa: PLC0415  # not everybody has it

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")

    @property
    def is_running(self) -> bool:
        """Whether its first process is there."""
        return self._process is not None and self._process.poll() is None

    def add(self, database: str) -> str:
        """The URL of another empty database on it."""
        import psycopg  # noqa: PLC0415  # not everybody has it

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")
        return self.url.replace("/postgres", f"/{database}")

    def keep_to(self, processors: Iterable[int]) -> None:
        """Its connections run on these processors only, from the next one on."""
        assert self._process is not None
        os.sched_setaffinity(self._process.pid, processors)

    def fill_disk(self) -> None:
        """Leave no byte on the disk it is on."""
        with (self._folder / FILL).open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(CHUNK))

    def empty_disk(self) -> None:
        """Give the disk back; start the server anew where it ended for want of it. Fails where
        nothing was ever wanted of it."""
        assert "No space left on device" in self.log, "nothing was written to the full disk"
        (self._folder / FILL).unlink()
        with suppress(subprocess.TimeoutExpired):
            assert self._process is not None
            # It may be about to end.
            self._process.wait(1.0)
        if not self.is_running:
            self.start()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or not self.is_running:
            return
        own = str(self._process.pid)
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--pid", own, "--ppid", own],
            check=True,
            capture_output=True,
            text=True,
        )
        for each in listed.stdout.split():
            # One that served a client may have ended since it was listed.
            with suppress(ProcessLookupError):
                os.kill(int(each), number)


@contextmanager
def running() -> Iterator[Server]:
    """An empty one, in a ``with``."""
    with ExitStack() as opened:
        server = _server(opened)
        server.create()
        opened.callback(server.kill)
        server.start()
        yield server


@contextmanager
def replicated() -> Iterator[tuple[Server, Server]]:
    """A leader and its standby, in a ``with``."""
    with ExitStack() as opened:
        leader = opened.enter_context(running())
        standby = _server(opened)
        standby.copy(leader)
        opened.callback(standby.kill)
        standby.start()
        yield leader, standby


@contextmanager
def on_small_disk(megabytes: int) -> Iterator[Server]:
    """An empty one on a disk of that size, in a ``with``; skips where none may be mounted."""
    with ExitStack() as opened:
        folder = _folder(opened)
        _require_root("a small disk")
        size = f"size={megabytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
        opened.callback(subprocess.run, ["umount", "-l", folder], check=True)
        server = Server(folder)
        server.create()
        opened.callback(server.kill)
        server.start()
        yield server


@contextmanager
def cut_off(ports: Sequence[int]) -> Iterator[None]:
    """Every packet to and from these ports of this machine is dropped, in a ``with``."""
    _require_root("dropping packets")
    if shutil.which("nft") is None:
        pytest.skip("nft (nftables), which drops packets, is not installed")
    table = f"inet fluxcc_site_{os.getpid()}"
    listed = ", ".join(map(str, ports))
    rules = (
        f"table {table} {{\nchain dropped {{\ntype filter hook input priority 0;\n"
        f"tcp dport {{ {listed} }} drop\ntcp sport {{ {listed} }} drop\n}}\n}}\n"
    )
    subprocess.run(["nft", rules], check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", *table.split()], check=True)


def _require_root(what: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(f"only root may do it: {what}")


def _server(opened: ExitStack) -> Server:
    return Server(_folder(opened))


def _folder(opened: ExitStack) -> Path:
    # Not below pytest's own folder, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="fluxcc-pg-"))
    opened.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder
