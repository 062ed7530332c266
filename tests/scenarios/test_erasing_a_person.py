"""After ``db purge --number`` nothing of the person is anywhere that the daemon can reach.

Contract, section 2a.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .people import Person

WIPED = "memory was overwritten"
REMNANTS = 3
"""Pieces that may be left in memory: the bytes behind a short object that lies where a number lay
are not overwritten. 0 or 1 were found; without the overwriting some 200 are."""
FEWEST_BEFORE = 20


def pieces(pid: int, digits: str) -> Iterator[bytes]:
    """What is around each place of a process's writable memory where the digits are."""
    with (
        open(f"/proc/{pid}/maps", encoding="ascii") as maps,
        open(f"/proc/{pid}/mem", "rb", buffering=0) as memory,
    ):
        for line in maps:
            span, rights, *_ = line.split()
            if "w" not in rights or "[v" in line:
                continue
            first, end = (int(address, 16) for address in span.split("-"))
            try:
                memory.seek(first)
                found = memory.read(end - first)
            except OSError:
                continue
            for match in re.finditer(digits.encode(), found):
                yield found[max(0, match.start() - 16) : match.end() + 8]


@pytest.fixture
def erased(lab: Lab, make_daemon: Callable[..., Daemon], tmp_path: Path, person: Person) -> Daemon:
    """A daemon that had calls in each spelling, a prank, a search and a survey's file."""
    spool = tmp_path / "spool"
    spool.mkdir()
    daemon = make_daemon(FLUXCC_SURVEY_SPOOL=str(spool))
    daemon.start(cold=True)
    for spelling in (*person.other_spellings, person.number):
        lab.call(spelling, "1000").wait_answered()
        daemon.wait_talking(spelling)
        does = "prank" if spelling == person.number else "hangup"
        assert daemon.cli(does, "--agent", "1000", "--reason", "swears").code == 0
        until(lambda: not daemon.calls(), "the call is over")
    (spool / "fluxcc-survey-1.malformed").write_text(f"half a line of {person.number}")
    assert len(list(pieces(daemon.pid, person.local))) > FEWEST_BEFORE
    asked = ("--number", person.other_spellings[-1], "--with-live-block", "--json")
    purged = daemon.cli("db", "purge", *asked)
    assert purged.code == 0, purged.stderr
    assert set(purged.json["left"]) == {"backups", "pbx-records", "journal"}
    until(lambda: WIPED in daemon.log, "memory is overwritten")
    return daemon


def test_nothing_of_an_erased_person_is_left(
    lab: Lab, erased: Daemon, tmp_path: Path, person: Person
) -> None:
    digits = person.local.encode()
    files = [path for path in erased.database.parent.rglob("*") if path.is_file()]
    files += [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files if digits in path.read_bytes()] == []
    assert person.local not in lab.api("hash_dump all")
    for spelling in (person.number, *person.other_spellings):
        assert erased.cli("audit", "--number", spelling).stdout == ""
        assert erased.cli("calls", "--ended", "--number", spelling).stdout == ""
    left = list(pieces(erased.pid, person.local))
    assert len(left) <= REMNANTS, left


@pytest.mark.skipif(shutil.which("gcore") is None, reason="gcore (gdb) is not installed")
def test_a_core_dump_has_nothing_of_an_erased_person(
    erased: Daemon, tmp_path: Path, person: Person
) -> None:
    command = ["gcore", "-o", str(tmp_path / "core"), str(erased.pid)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (dump,) = tmp_path.glob("core.*")
    left = dump.read_bytes().count(person.local.encode())
    dump.unlink()
    assert left <= REMNANTS
