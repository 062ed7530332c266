"""Thousands of blocks are told to the gate, with mod_lua and without."""

from __future__ import annotations

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.pbx.gate_table import KEYS_PER_LUA_LINE
from fluxcc.pbx.switch import Address, Switch

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
