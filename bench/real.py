"""Rows 7, 10 and 12: on a real FreeSWITCH with SIPp; skipped where there is none."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median, quantiles, stdev

from bench.processes import running
from bench.responder import ANSWER, ASK
from bench.scheduling import a_block
from bench.table import Row, skipped
from fluxcc.client import Board
from fluxcc.core.core import gate_rules
from fluxcc.core.ports import Batch
from fluxcc.domain.numbers import NumberPlan
from fluxcc.kit import find_kit, names
from fluxcc.kit.parts import Part, read_part
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
            _wait_for(lab, made[0].keys[0])
            lab.kill()
            lab.start()
            accepted = time.perf_counter()
            with Board(lab.host, lab.port, lab.password) as board:
                _wait_for(lab, made[-1].keys[0])
                newest = time.perf_counter() - accepted
                asked = time.perf_counter()
                board.prank("1000")
                answered = time.perf_counter() - asked
                is_newest_first = _select(lab, made[0].keys[0]) == ""
            _wait_for(lab, made[0].keys[0])
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

PAIRS, QUICK_PAIRS, CALLS, RATE = 30, 3, 100, 50
COPIES = 50
"""How often the gate is asked in the context that shows its own time."""
WITHOUT, WITH, MANY_TIMES, LUA = "7000", "7001", "7002", "7003"
"""What is dialled for a context without the gate, with it, with so many copies of it, and with one
in Lua."""

CONTEXT = """<context name="bench{number}">
{gates}
  <extension name="bench_park"><condition>
    <action application="answer"/>
    <action application="park"/>
  </condition></extension>
</context>
"""
WAY = """<include>
<extension name="bench_way">
  <condition field="destination_number" expression="^(700[0-3])$">
    <action application="transfer" data="9999 XML bench$1"/>
  </condition>
</extension>
</include>
"""
LUA_EXTENSION = """<extension name="lua_gate" continue="true"><condition>
  <action inline="true" application="lua" data="lua_gate.lua"/>
</condition></extension>
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
    """Calls by turns into contexts of one FreeSWITCH, which differ in their gate alone: none, the
    kit's, one in Lua and SQL, and the kit's fifty times, which shows what the whole gate takes."""
    blocks = QUICK_BLOCKS if quick else BLOCKS
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name, RealLab() as lab:
        lab.install_kit(_contexts(Path(name), blocks))
        _put_blocks(lab, blocks)
        pid = freeswitch_pid(lab)
        taken: dict[str, list[float]] = {way: [] for way in (WITHOUT, WITH, MANY_TIMES, LUA)}
        for way in taken:
            _per_call(lab, pid, way)
        for pair in range(QUICK_PAIRS if quick else PAIRS):
            # The first one of a pair by turns, so that a drift of the machine weighs on both.
            for way in (WITHOUT, WITH) if pair % 2 else (WITH, WITHOUT):
                taken[way].append(_per_call(lab, pid, way))
            if pair % 5 == 0:
                for way in (MANY_TIMES, LUA):
                    taken[way].append(_per_call(lab, pid, way))
    base = fmean(taken[WITHOUT])
    ratios = [ours / none for ours, none in zip(taken[WITH], taken[WITHOUT], strict=True)]
    ratio, spread = fmean(ratios), 1.96 * stdev(ratios) / len(ratios) ** 0.5
    alone = (fmean(taken[MANY_TIMES]) - base) / COPIES
    note = (
        f"{ratio - spread:.3f} to {ratio + spread:.3f} (95 %), {len(ratios)} pairs of {CALLS} calls"
        f" each, {fmean(taken[WITH]):.2f} and {base:.2f} ms"
    )
    lua = fmean(taken[LUA]) / base
    return [
        Row("12", GATE, f"{ratio:.3f}", BARS[GATE], ratio <= 1.02, note),
        Row(
            "",
            "the whole gate's own time",
            f"{alone * 1000:.0f} µs",
            "",
            None,
            f"{alone / base:.2%}",
        ),
        Row("", "the same with a gate of Lua and SQL, for comparison", f"{lua:.3f}", "", None),
    ]


def _per_call(lab: RealLab, pid: int, way: str) -> float:
    """Milliseconds of FreeSWITCH's CPU."""
    before = _cpu(pid)
    result = lab.load(RATE, CALLS, way, hold=0.3)
    assert result.succeeded == CALLS, result
    time.sleep(0.5)
    return (_cpu(pid) - before) / CALLS * 1000


def _contexts(folder: Path, blocks: int) -> Path:
    """A kit whose contexts differ in their gates."""
    kit, path = folder / "kit", folder / "gate.db"
    (kit / "dialplan/public").mkdir(parents=True)
    (kit / "scripts").mkdir()
    one = read_part(find_kit(), Part.GATE)
    gates = {WITHOUT: "", WITH: one, MANY_TIMES: one * COPIES, LUA: LUA_EXTENSION}
    for number, text in gates.items():
        context = CONTEXT.format(number=number, gates=text)
        (kit / f"dialplan/bench{number}.xml").write_text(f"<include>\n{context}</include>\n")
    (kit / "dialplan/public/00_bench.xml").write_text(WAY)
    (kit / "scripts/lua_gate.lua").write_text(LUA_GATE % path)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE blocks (number TEXT PRIMARY KEY, until INTEGER)")
    rows = [(key, 2 * 10**9) for n in range(blocks) for key in a_block(10**7 + n, 0).keys]
    database.executemany("INSERT OR IGNORE INTO blocks VALUES (?, ?)", rows)
    database.commit()
    database.close()
    return kit


def _put_blocks(lab: RealLab, blocks: int) -> None:
    soon = int(time.time()) + 3600
    rules = gate_rules(NumberPlan("BR", "11", ()))
    with EventSocket(lab.host, lab.port, lab.password) as link:
        link.apis([commands.set_variable(name, value) for name, value in rules.items()])
        for number in range(blocks):
            keys = a_block(10**7 + number, soon).keys
            link.apis([commands.put_hash(names.BLOCK_REALM, key, str(soon)) for key in keys])


def freeswitch_pid(lab: RealLab) -> int:
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
