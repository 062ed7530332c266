"""The store in every kind of trouble, while agents go on.

In each of them calls are still ended and numbers still refused; afterwards nothing that was
acknowledged is lost, every record is written, and ``status`` has said what was wrong.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Line, fresh_number, is_refused
from fluxcc.client import Board
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError
from fluxcc.store.history import History
from tests.testing.program import NODE
from tests.testing.waiting import until

LOCKED, LOCKED_QUICK = 30.0, 3.0
BACK = 15.0
"""Seconds after the end of the trouble within which everything is written."""
ROOT_WITHOUT_POWER = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Root is refused by no permission; without these capabilities it is."""
WHOLE = ("", "-wal", "-shm")
"""What is behind the database's name in those of its files."""
FREED_WITHIN = 2.0
"""Seconds within which FreeSWITCH frees a leg that has ended."""


class Trial:
    """One daemon, one store, one trouble."""

    def __init__(self, lab: Lab, daemon: Subject) -> None:
        self.lab, self.daemon = lab, daemon
        self.line = Line(lab)
        self.faults: list[str] = []
        self.acknowledged: dict[str, int] = {}
        """Number → end, of every block whose reply was ok, pending or not."""
        self.requests: list[str] = []
        """Requests whose audit row must be there in the end."""
        self.pending = self.pranks = 0
        self.failure = ""

    def prank(self) -> None:
        """Somebody calls, an agent marks the call; it ends and the number is refused."""
        number = fresh_number()
        caller = self.lab.call(number, "1000")
        caller.wait_answered()
        call = self.daemon.wait_talking(number)
        with Board(self.lab.host, self.lab.port, self.lab.password) as board:
            began = time.monotonic()
            reply = board.prank("1000", call=call["call"])
        self.pranks += 1
        if reply.code != "blocked":
            self.faults.append(f"a prank was answered {reply.code}")
            return
        if time.monotonic() - began > 5:
            self.faults.append("a reply took more than 5 s")
        try:
            # FreeSWITCH frees a leg some time after its hangup was told, and lists it for longer.
            until(lambda: not self.line.living(call["legs"]), "the call is over", FREED_WITHIN)
        except AssertionError:
            self.faults.append("a call was not ended")
        if not is_refused(self.lab, number):
            self.faults.append(f"{number} was not refused")
        assert reply.expires is not None
        self.acknowledged[number] = reply.expires
        self.requests.append(reply.request)
        self.pending += reply.headers.get("Fluxcc-Record") == "pending"

    def expect_failure(self) -> None:
        """``status`` says what is wrong, soon after something was to be written."""
        try:
            self.failure = until(lambda: self.daemon.status()["store_failure"], "a failure", 5)
        except AssertionError:
            self.faults.append("status does not say that the store fails")

    def settle(self, *, audited: bool = True) -> None:
        """The trouble is over: everything is written."""
        began = time.monotonic()
        try:
            until(lambda: not self.daemon.status()["records_pending"], "nothing waits", BACK)
            until(lambda: not self.daemon.status()["store_failure"], "no failure", BACK)
        except AssertionError as error:
            self.faults.append(f"{error}: {self.daemon.status()['store_failure']}")
        self.settled = time.monotonic() - began
        self._check(audited)

    def restart(self) -> None:
        """A new life: everything is known again."""
        self.daemon.kill()
        self.daemon.start()
        self._check(audited=False)

    def _check(self, audited: bool) -> None:
        gate = self.line.gate()
        self.daemon.store.close()  # It may hold a file that is gone.
        for number, end in self.acknowledged.items():
            kept = self.daemon.block_of(number)
            if kept is None or kept.until != end or kept.state != "live":
                self.faults.append(f"the block of {number} is not in the store: {kept}")
            if gate.get(number) != end:
                self.faults.append(f"the block of {number} is not at the gate")
        rows = {row.request: row for row in self.daemon.store.audit(limit=10_000)}
        for request in self.requests if audited else ():
            if request not in rows or rows[request].code != "blocked":
                self.faults.append(f"the audit row of {request} is missing or open")

    def tell(self, report: Report, name: str, **more: object) -> None:
        """The figure."""
        if (
            "Traceback" in self.daemon.log
            and "the store failed in an unexpected way" not in self.daemon.log
        ):
            self.faults.append("the daemon logged a traceback")
        report.figure(
            f"store {name}",
            self.faults,
            pranks=self.pranks,
            acknowledged=len(self.acknowledged),
            of_them_pending=self.pending,
            written_again_after_s=getattr(self, "settled", 0.0),
            **more,
            status_said=repr(self.failure),
        )
        self.daemon.close()
        self.line.close()


# Disk full


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 3 MB, where one may be mounted."""
    folder.mkdir()
    mount = shutil.which("mount")
    is_mounted = bool(mount) and os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", "size=3m",
                                                          "fluxcc-chaos", str(folder))  # fmt: skip
    try:
        yield folder if is_mounted else Path()
    finally:
        if is_mounted:
            _run("umount", "-l", str(folder))


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def disk_full(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """Nothing fits on the disk any more."""
    with small_disk(folder / "disk") as disk:
        if disk == Path():
            report.figure("store disk-full", skipped="no file system may be mounted here")
            return
        daemon = Subject(lab, folder / "full")
        _move(daemon, disk / "fluxcc.db")
        daemon.start()
        trial = Trial(lab, daemon)
        trial.prank()
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1024))
        for _ in range(3 if quick else 10):
            trial.prank()
        trial.expect_failure()
        ballast.unlink()
        trial.settle()
        trial.restart()
        trial.tell(report, "disk-full")


def _move(daemon: Subject, database: Path) -> None:
    daemon.database = database
    daemon.environment["FLUXCC_STORE_URL"] = f"sqlite:///{database}"
    daemon.store.close()
    daemon.store = History(f"sqlite:///{database}", [NODE])


# Locked


def locked(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """Another process holds the file's lock."""
    daemon = Subject(lab, folder / "locked")
    daemon.start()
    trial = Trial(lab, daemon)
    trial.prank()
    connection = sqlite3.connect(daemon.database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    end = time.monotonic() + (LOCKED_QUICK if quick else LOCKED)
    while time.monotonic() < end:
        trial.prank()
        time.sleep(0.5)
    trial.expect_failure()
    connection.close()
    trial.settle()
    trial.restart()
    trial.tell(report, "locked", seconds=LOCKED_QUICK if quick else LOCKED)


# Deleted


def _remove(database: Path, tails: tuple[str, ...] = WHOLE) -> None:
    for tail in tails:
        Path(f"{database}{tail}").unlink(missing_ok=True)


def deleted(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """Somebody removes the file, with or without its companions, under the running daemon."""
    daemon = Subject(lab, folder / "deleted")
    daemon.start()
    trial = Trial(lab, daemon)
    for tails in (WHOLE, ("",), ("", "-wal"))[: 1 if quick else 3]:
        trial.prank()
        _remove(daemon.database, tails)
        trial.requests.clear()  # Gone with the file.
        trial.prank()
        trial.prank()
        trial.settle()
    trial.restart()
    trial.tell(report, "deleted")


def deleted_while_down(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """The file is gone when the daemon starts; the gate still refuses, and is believed."""
    daemon = Subject(lab, folder / "deleted-while-down")
    daemon.start()
    trial = Trial(lab, daemon)
    for _ in range(2 if quick else 5):
        trial.prank()
    daemon.kill()
    _remove(daemon.database)
    trial.requests.clear()
    daemon.start()
    until(lambda: trial.acknowledged.keys() <= _blocked(daemon), "the gate's blocks are known", 5)
    trial.settle()
    trial.tell(report, "deleted-while-down")


def _blocked(daemon: Subject) -> set[str]:
    daemon.store.close()  # It may hold a file that is gone.
    with suppress(StoreUnavailableError):
        return {block.number for block in daemon.store.live_blocks()}
    return set()


# Corrupted


def corrupted(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """Garbage in the file, under the running daemon and while it is down."""
    daemon = Subject(lab, folder / "corrupted")
    daemon.start()
    trial = Trial(lab, daemon)
    for is_down in (False, True):
        trial.prank()
        if is_down:
            daemon.kill()
        content = overwrite(daemon.database)
        trial.requests.clear()
        if is_down:
            daemon.start()
            until(lambda: trial.acknowledged.keys() <= _blocked(daemon), "the gate is believed", 5)
        trial.prank()
        trial.prank()
        trial.settle(audited=False)
        kept = [path for path in daemon.database.parent.glob("*.corrupt-*") if path.suffix != ".db"]
        if not any(path.read_bytes()[: len(content)] == content for path in kept):
            trial.faults.append(f"the corrupt file was not set aside: {[p.name for p in kept]}")
    trial.restart()
    aside = len(list(daemon.database.parent.glob("*.corrupt-*Z*")))
    trial.tell(report, "corrupted", set_aside=aside)


def overwrite(database: Path) -> bytes:
    """Overwrite the file's head, and throw away what its companion would repair it with; what its
    first bytes are now."""
    garbage = random.randbytes(64 * 1024)
    with database.open("r+b") as file:
        file.write(garbage)
    for tail in ("-wal", "-shm"):
        companion = Path(f"{database}{tail}")
        if companion.exists():
            with companion.open("r+b") as file:
                file.write(random.randbytes(companion.stat().st_size))
    return garbage


# Permission lost


def permission_lost(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """The daemon may neither read nor write its file, nor make another one, from its start on."""
    if shutil.which("setpriv") is None and os.geteuid() == 0:
        report.figure("store permission-lost", skipped="root without setpriv may do anything")
        return
    place = folder / "forbidden"
    daemon = Subject(lab, place, wrapper=ROOT_WITHOUT_POWER if os.geteuid() == 0 else ())
    inner = place / "store"
    inner.mkdir()
    _move(daemon, inner / "fluxcc.db")
    daemon.environment["FLUXCC_CONTROL_SOCKET"] = str(place / "control.sock")
    daemon.start()
    trial = Trial(lab, daemon)
    trial.prank()
    daemon.kill()
    for path in inner.iterdir():
        path.chmod(0)
    inner.chmod(0o500)
    daemon.start()
    for _ in range(2 if quick else 5):
        trial.prank()
    trial.expect_failure()
    inner.chmod(0o750)
    for path in inner.iterdir():
        path.chmod(0o640)
    trial.settle()
    trial.restart()
    trial.tell(report, "permission-lost")


# A migration that is interrupted


def migration_interrupted(report: Report, lab: Lab, folder: Path, *, quick: bool) -> None:
    """SIGKILL at random moments of the first start, and of one that finds an old schema."""
    daemon = Subject(lab, folder / "migration")
    kills = 3 if quick else 20
    trial = Trial(lab, daemon)
    for _ in range(kills):
        _remove(daemon.database)
        daemon.start(connected=False)
        killer = threading.Timer(random.uniform(0.0, 0.15), daemon.kill)
        until(daemon.database.exists, "it begins", 15)
        killer.start()
        killer.join()
        daemon.start()
        trial.prank()
        trial.settle()
        trial.acknowledged.clear()
        trial.requests.clear()
        daemon.kill()
    if list(daemon.database.parent.glob("*.corrupt-*Z")):
        trial.faults.append("a half migrated file was taken for a corrupt one")
    daemon.start()
    trial.tell(report, "migration-interrupted", kills=kills)


TROUBLES = (
    disk_full,
    locked,
    deleted,
    deleted_while_down,
    corrupted,
    permission_lost,
    migration_interrupted,
)

QUICK = (disk_full, locked, deleted_while_down, corrupted)


def run(report: Report, make_lab: Callable[[], Lab], folder: Path, *, quick: bool) -> None:
    """``store``."""
    with make_lab() as lab:
        lab.install_kit(find_kit())
        for trouble in QUICK if quick else TROUBLES:
            try:
                trouble(report, lab, folder, quick=quick)
            except (AssertionError, LabError, OSError) as error:
                report.figure(f"store {trouble.__name__}", [f"broken off: {error!r}"])
            finally:
                Subject.close_all()
