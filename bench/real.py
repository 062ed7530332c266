"""Rows 7, 10 and 12: on a real FreeSWITCH with SIPp; skipped where there is none."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from bench.processes import running
from bench.responder import ANSWER, ASK
from bench.scheduling import a_block
from bench.table import Row, skipped
from fluxcc.client import Board
from fluxcc.core.ports import Batch
from fluxcc.kit import find_kit, names
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.pbx import commands
from fluxcc.store.sql_store import SqlStore
from tests.testing.event_socket import EventSocket, event_command
from tests.testing.program import NODE, environment

PRANK = "prank on a real FreeSWITCH, over a bare event round trip"
PUBLISH = "10,000 blocks told to a restarted FreeSWITCH"
GATE = "CPU of FreeSWITCH per call, gate and 10,000 blocks over no gate"
BARS = {PRANK: "≤ 1.5 p50, ≤ 2 p99", PUBLISH: "≤ 5 s", GATE: "≤ 1.02"}
BLOCKS, QUICK_BLOCKS = 10_000, 1_000
TICKS = os.sysconf("SC_CLK_TCK")


def rows(*, quick: bool) -> list[Row]:
    """All three, each with a FreeSWITCH of its own."""
    why = why_unavailable()
    if why is not None:
        numbers = zip(("7", "10", "12"), BARS.items(), strict=True)
        return [skipped(number, measure, bar, why) for number, (measure, bar) in numbers]
    return [prank(quick=quick), publish(quick=quick), *gate(quick=quick)]


@contextmanager
def daemon_beside(lab: RealLab, folder: Path) -> Iterator[None]:
    """``fluxcc run`` on that FreeSWITCH."""
    variables = environment(lab.port, lab.password, folder / "fluxcc.db")
    with running("bench.subject", environment=variables) as daemon:
        daemon.ask("connects 1", "resynced")
        yield


# Row 7


class Bare:
    """A client that asks the responder, as a board asks the daemon."""

    def __init__(self, lab: RealLab) -> None:
        self._socket = EventSocket(lab.host, lab.port, lab.password)
        self._socket.command(f"event json CUSTOM {ANSWER}")
        self._number = 0
        time.sleep(0.5)

    def ask(self) -> float:
        """Seconds until the answer."""
        self._number += 1
        number = str(self._number)
        began = time.perf_counter()
        self._socket.command(event_command(ASK, [("Bench-Number", number)]))
        while self._socket.event()["Bench-Number"] != number:
            pass
        return time.perf_counter() - began


def prank(*, quick: bool) -> Row:
    """A call, a prank on it, a bare round trip; over and over."""
    pranks, bare = [], []
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as folder, RealLab() as lab:
        lab.install_kit(find_kit())
        variables = environment(lab.port, lab.password, Path(folder, "fluxcc.db"))
        with (
            running("bench.responder", lab.port, environment=variables) as responder,
            daemon_beside(lab, Path(folder)),
            Board(lab.host, lab.port, lab.password) as board,
        ):
            responder.read("ready")
            client = Bare(lab)
            for number in range(15 if quick else 100):
                caller = lab.call(f"+55119{80000000 + number}", "1000")
                caller.wait_answered()
                time.sleep(0.1)
                for _ in range(5):
                    # Where an event falls into FreeSWITCH's 20 ms is chance.
                    time.sleep(0.007)
                    bare.append(client.ask())
                began = time.perf_counter()
                reply = board.prank("1000")
                pranks.append(time.perf_counter() - began)
                assert reply.code == "blocked", reply
                caller.wait_ended()
    (mine, my_late), (theirs, their_late) = _middle_and_late(pranks), _middle_and_late(bare)
    half, late = mine / theirs, my_late / their_late
    return Row(
        "7",
        PRANK,
        f"p50 {half:.2f}, p99 {late:.2f}",
        BARS[PRANK],
        half <= 1.5 and late <= 2,
        f"prank {mine * 1000:.1f} and {my_late * 1000:.1f} ms, bare {theirs * 1000:.1f} and "
        f"{their_late * 1000:.1f} ms, {len(pranks)} pranks",
    )


def _middle_and_late(times: list[float]) -> tuple[float, float]:
    return median(times), quantiles(times, n=100)[98]


# Row 10


def publish(*, quick: bool) -> Row:
    """Kill FreeSWITCH, start it, and ask mod_hash when the oldest block is there."""
    blocks = QUICK_BLOCKS if quick else BLOCKS
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name, RealLab() as lab:
        folder, soon = Path(name), int(time.time()) + 3600
        lab.install_kit(find_kit())
        made = [a_block(number, soon + number) for number in range(blocks)]
        store = SqlStore(f"sqlite:///{folder / 'fluxcc.db'}", NODE)
        store.write(Batch(blocks=tuple(made)))
        store.close()
        with daemon_beside(lab, folder):
            _wait_for(lab, made[0].keys[-1])
            lab.kill()
            lab.start()
            accepted = time.perf_counter()
            with Board(lab.host, lab.port, lab.password) as board:
                _wait_for(lab, made[-1].keys[-1])
                newest = time.perf_counter() - accepted
                asked = time.perf_counter()
                board.prank("1000")
                answered = time.perf_counter() - asked
                is_newest_first = _select(lab, made[0].keys[-1]) == ""
            _wait_for(lab, made[0].keys[-1])
            oldest = time.perf_counter() - accepted
    return Row(
        "10",
        f"{blocks:,} blocks ({sum(len(block.keys) for block in made):,} keys) told again",
        f"{oldest:.2f} s after FreeSWITCH accepts",
        BARS[PUBLISH],
        oldest <= 5 and is_newest_first,
        f"the newest after {newest:.2f} s, the daemon's own pause before it connects included; a "
        f"board was answered after {answered * 1000:.0f} ms meanwhile",
    )


def _select(lab: RealLab, key: str) -> str:
    answer = lab.api(f"hash select/{names.BLOCK_REALM}/{key}").strip()
    return "" if answer.startswith("-ERR") else answer


def _wait_for(lab: RealLab, key: str) -> None:
    deadline = time.monotonic() + 60
    while not _select(lab, key):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{key} never came to the gate")
        time.sleep(0.01)


# Row 12

LOOKUPS, QUICK_LOOKUPS, AT_ONCE = 20_000, 2_000, 50

LUA_EXTENSION = """<include><extension name="lua_gate"><condition>
  <action inline="true" application="lua" data="lua_gate.lua"/>
</condition></extension></include>
"""
LUA_GATE = """-- A gate as many PBXs have it: a query for each call.
local db = freeswitch.Dbh("sqlite://%s")
local number = session:getVariable("caller_id_number"):gsub("[^%%d+]", "")
local blocked = false
db:query("SELECT until FROM blocks WHERE number = '" .. number .. "' AND until > " .. os.time(),
    function(row) blocked = true end)
db:release()
if blocked then session:hangup("CALL_REJECTED") end
"""


def gate(*, quick: bool) -> list[Row]:
    """The same crowd by turns: no gate, the kit's, one in Lua and SQL."""
    calls, rate, rounds = (60, 20, 1) if quick else (400, 20, 5)
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name, RealLab() as lab:
        folder = Path(name)
        _put_blocks(lab, QUICK_BLOCKS if quick else BLOCKS)
        kits: dict[str, Callable[[], None]] = {
            "none": lambda: lab.install_kit(None),
            "kit": lambda: lab.install_kit(find_kit()),
            "lua": lambda: lab.install_kit(_lua_kit(folder)),
        }
        pid, taken = _pid(lab), {kit: [] for kit in kits}  # type: ignore[var-annotated]
        for _ in range(rounds):
            for kit, install in kits.items():
                install()
                time.sleep(1.0)
                before = _cpu(pid)
                result = lab.load(rate, calls, "9999", hold=0.5)
                assert result.succeeded == calls, result
                time.sleep(1.0)
                taken[kit].append((_cpu(pid) - before) / calls * 1000)
        lookup = _lookup(lab, pid, QUICK_LOOKUPS if quick else LOOKUPS)
    base = median(taken["none"])
    ours, theirs = median(taken["kit"]) / base, median(taken["lua"]) / base
    note = ", ".join(f"{kit} {median(t):.2f} ms (least {min(t):.2f})" for kit, t in taken.items())
    return [
        Row("12", GATE, f"{ours:.3f}", BARS[GATE], ours <= 1.02, note),
        Row("", "the same with a gate of Lua and SQL, for comparison", f"{theirs:.3f}", "", None),
        Row("", "the gate's lookup alone, as a part of a call", f"{lookup / base:.2%}", "", None),
    ]


def _lookup(lab: RealLab, pid: int, count: int) -> float:
    """Milliseconds of CPU of what the gate asks for each caller who is not blocked, the middle of
    five: whole calls differ by more from one round to the next."""
    found = f"${{hash(select/{names.BLOCK_REALM}/+5511987654321)}}"
    with EventSocket(lab.host, lab.port, lab.password) as link:
        each = []
        for _ in range(5):
            plain = _cpu_of(link, pid, f"expand echo {'x' * len(found)}", count)
            asking = _cpu_of(link, pid, f"expand echo {found}", count)
            each.append((asking - plain) / count * 1000)
    return median(each)


def _cpu_of(link: EventSocket, pid: int, command: str, count: int) -> float:
    """Seconds that FreeSWITCH computes until it has answered this command so many times."""
    before = _cpu(pid)
    for _ in range(count // AT_ONCE):
        link.apis([command] * AT_ONCE)
    return _cpu(pid) - before


def _put_blocks(lab: RealLab, blocks: int) -> None:
    soon = int(time.time()) + 3600
    with EventSocket(lab.host, lab.port, lab.password) as link:
        for number in range(blocks):
            keys = a_block(10**7 + number, soon).keys
            link.apis([commands.put_hash(names.BLOCK_REALM, key, str(soon)) for key in keys])


def _lua_kit(folder: Path) -> Path:
    kit, path = folder / "kit", folder / "gate.db"
    if not kit.exists():
        (kit / "dialplan/public").mkdir(parents=True)
        (kit / "scripts").mkdir()
        (kit / "dialplan/public/00_gate.xml").write_text(LUA_EXTENSION)
        (kit / "scripts/lua_gate.lua").write_text(LUA_GATE % path)
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE blocks (number TEXT PRIMARY KEY, until INTEGER)")
        rows = [(key, 2 * 10**9) for n in range(BLOCKS) for key in a_block(10**7 + n, 0).keys]
        database.executemany("INSERT OR IGNORE INTO blocks VALUES (?, ?)", rows)
        database.commit()
        database.close()
    return kit


def _pid(lab: RealLab) -> int:
    """The FreeSWITCH that has this lab's configuration."""
    folder = lab.api("global_getvar conf_dir").strip().encode()
    for process in Path("/proc").glob("[0-9]*"):
        words = (process / "cmdline").read_bytes().split(b"\0")
        if folder in words and re.search(rb"freeswitch$", words[0]):
            return int(process.name)
    raise RuntimeError("FreeSWITCH's process was not found")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
