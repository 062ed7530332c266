"""Thousands of blocks are told to the gate, with mod_lua and without."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import gevent
import pytest

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.comparison import Comparison
from fluxcc.core.blocks.gate_table import GateTable
from fluxcc.domain.blocks import Block
from fluxcc.domain.numbers import NumberPlan
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.pbx.gate_table import KEYS_PER_LUA_LINE
from fluxcc.pbx.link import Link
from fluxcc.pbx.switch import Address, Switch
from fluxcc.runtime import GeventRuntime, SystemClock

is_real_here = pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
ENTRIES = [
    (f"+55119{number:08d}", 1_900_000_000 + number) for number in range(3 * KEYS_PER_LUA_LINE)
]


@pytest.mark.parametrize(
    ("kind", "has_lua"),
    [
        (SimulatedLab, True),
        pytest.param(RealLab, True, marks=[is_real_here, pytest.mark.live]),
        pytest.param(RealLab, False, marks=[is_real_here, pytest.mark.live]),
    ],
)
def test_the_gate_has_every_key(kind: type[Lab], has_lua: bool) -> None:
    with kind() as lab:
        lab.install_kit(find_kit())
        if not has_lua:
            lab.api("unload mod_lua")
        switch = Switch(Address(lab.host, lab.port, lab.password))
        switch.connect(lambda body: None)
        ends = {**dict(ENTRIES), "+5511777777777": 1_950_000_000}
        switch.write_blocks(ends, ends.get)
        for key, until in (ENTRIES[0], ENTRIES[KEYS_PER_LUA_LINE], ENTRIES[-1]):
            assert lab.api(f"hash select/fluxcc_block/{key}").strip() == str(until)
        assert lab.api("hash select/fluxcc_block/+5511777777777").strip() == "1950000000"
        switch.disconnect()


MANY_BLOCKS = 10_000
TRIES = 5
LONGEST_STALL = 0.02
"""Seconds for which nothing else runs in the daemon, and for which FreeSWITCH answers nobody, while
the gate is compared."""


@pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
@pytest.mark.live
def test_a_comparison_of_thousands_of_blocks_stalls_nobody() -> None:
    """What a busy machine adds is in it too, so the best of some tries counts."""
    with RealLab() as lab:
        lab.install_kit(find_kit())
        switch = Switch(Address(lab.host, lab.port, lab.password))
        switch.connect(lambda body: None)
        numbers = NumberPlan("BR", "11", ())
        blocklist = Blocklist(numbers)
        for count in range(MANY_BLOCKS):
            canonical = f"+55119{count:08d}"
            keys = (canonical, canonical[1:], canonical[3:], f"0{canonical[3:]}", canonical[5:])
            blocklist.put(Block(canonical, canonical, keys, 0.0, 1_950_000_000, ""))
        clock = SystemClock()
        table = GateTable(blocklist, switch, GeventRuntime(), clock)
        table.is_settled = True
        table.publish_all()
        gc.collect()
        gc.freeze()
        compare = Comparison(blocklist, table, switch, GeventRuntime(), clock).compare
        stalls = [longest_waits(compare, lab) for _ in range(TRIES)]
        gc.unfreeze()
        switch.disconnect()
    assert min(ours for ours, _ in stalls) < LONGEST_STALL, stalls
    assert min(theirs for _, theirs in stalls) < LONGEST_STALL, stalls


def longest_waits(work: Callable[[], None], lab: Lab) -> tuple[float, float]:
    """The longest time for which a greenlet had no turn during the work, and the longest that
    FreeSWITCH took to look a key up for another connection."""
    ours: list[float] = []
    theirs: list[float] = []
    link = Link(lab.host, lab.port, lab.password)
    link.connect()

    def turns() -> None:
        last = time.perf_counter()
        while True:
            gevent.sleep(0.001)
            now = time.perf_counter()
            ours.append(now - last)
            last = now

    def questions() -> None:
        while True:
            began = time.perf_counter()
            link.api("hash select/fluxcc_block/+5511900000001")
            theirs.append(time.perf_counter() - began)

    watchers = [gevent.spawn(turns), gevent.spawn(questions)]
    gevent.sleep(0.01)
    work()
    gevent.killall(watchers)
    link.stop()
    return max(ours), max(theirs)
