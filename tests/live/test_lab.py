"""The lab itself: that its FreeSWITCH, trunk and telephones do what ``fluxcc/lab/port.py`` says.

What these tests see is what the scenario tests and the demo take for granted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab, LabError
from fluxcc.lab.real import RealLab, why_unavailable
from tests.scenarios.pbx import AGENTS, FREE, TALKING, agent_state, legs
from tests.testing.waiting import until

_WHY_NOT = why_unavailable()
pytestmark = [pytest.mark.live, pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))]

_until = partial(until, timeout=5.0)
_CUSTOMER = "+5511988887777"
_REFUSES_1000 = """\
<include>
  <extension name="gate">
    <condition field="destination_number" expression="^1000$">
      <action application="hangup" data="CALL_REJECTED"/>
    </condition>
  </extension>
</include>
"""
_RINGS_AT_8 = """\
<include>
  <extension name="rings">
    <condition field="destination_number" expression="^8$">
      <action application="ring_ready"/>
      <action application="sleep" data="20000"/>
    </condition>
  </extension>
</include>
"""


@pytest.fixture(scope="module")
def real_lab() -> Iterator[RealLab]:
    with RealLab() as lab:
        yield lab


@pytest.fixture
def lab(real_lab: RealLab) -> RealLab:
    real_lab.api("hupall")
    _until(lambda: legs(real_lab) == 0, "no call is left over from the test before")
    return real_lab


def _caller_leg(lab: Lab) -> dict[str, str]:
    """The caller's leg as FreeSWITCH describes it."""
    found: list[str] = []

    def is_listed() -> bool:
        rows = json.loads(lab.api("show channels as json")).get("rows", [])
        inbound = [row["uuid"] for row in rows if row["direction"] == "inbound"]
        found[:] = [uuid for uuid in inbound if lab.api(f"uuid_exists {uuid}") == "true"]
        return bool(found)

    _until(is_listed, "the caller's leg is listed")
    leg: dict[str, str] = json.loads(lab.api(f"uuid_dump {found[0]} json"))
    return leg


def test_it_is_a_port_and_says_what_it_is(real_lab: RealLab) -> None:
    lab: Lab = real_lab
    assert lab.name.startswith("FreeSWITCH 1.")
    assert "is ready" in lab.api("status")


def test_a_call_from_the_trunk_is_bridged_to_the_agent(lab: RealLab) -> None:
    caller = lab.call(_CUSTOMER, "1000")
    caller.wait_answered()
    _until(lambda: "1 total" in lab.api("show bridged_calls count"), "two legs are bridged")
    leg = _caller_leg(lab)
    assert leg["Caller-Caller-ID-Number"] == _CUSTOMER
    assert leg["variable_fluxcc_group"] == "sales"
    caller.hang_up()
    assert caller.wait_ended() == 200
    _until(lambda: legs(lab) == 0, "both legs are gone")


def test_the_agent_hangs_up(lab: RealLab) -> None:
    caller = lab.call(_CUSTOMER, "1001")
    caller.wait_answered()
    lab.hang_up_phone("1001")
    assert caller.wait_ended() == 200
    _until(lambda: legs(lab) == 0, "both legs are gone")


def test_only_the_named_telephone_hangs_up(lab: RealLab) -> None:
    to_1000, to_1001 = lab.call("1", "1000"), lab.call("2", "1001")
    to_1000.wait_answered()
    to_1001.wait_answered()
    lab.hang_up_phone("1000")
    assert to_1000.wait_ended() == 200
    with pytest.raises(LabError, match="no sign of the call's end"):
        to_1001.wait_ended(timeout=0.2)


def test_a_telephone_without_a_call_cannot_hang_up(lab: RealLab) -> None:
    with pytest.raises(LabError, match="no sign of a call at telephone 1009"):
        lab.hang_up_phone("1009")


def test_the_queue_calls_an_agent(lab: RealLab) -> None:
    _until(lambda: {agent_state(lab, a) for a in AGENTS} == {FREE}, "the agents are free")
    caller = lab.call(_CUSTOMER, "5000")
    caller.wait_answered()
    _until(lambda: TALKING in {agent_state(lab, a) for a in AGENTS}, "an agent takes the call")
    busy = next(agent for agent in AGENTS if agent_state(lab, agent) == TALKING)
    lab.hang_up_phone(busy)
    assert caller.wait_ended() == 200
    _until(lambda: agent_state(lab, busy) == FREE, "the agent is free again")


@pytest.mark.parametrize(
    ("destination", "from_phones", "status"),
    [("7002", True, 486), ("4711", False, 404), ("4711", True, 404)],
)
def test_a_refusal_is_seen_as_what_it_is(
    lab: RealLab, destination: str, from_phones: bool, status: int
) -> None:
    caller = lab.call(_CUSTOMER, destination, from_phones=from_phones)
    assert caller.wait_ended() == status
    with pytest.raises(LabError, match=str(status)):
        caller.wait_answered()
    caller.hang_up()  # the receiver goes down after a refusal, too


@pytest.mark.parametrize("service", ["7001", "9999", "1000"])
def test_the_telephones_side_has_its_services(lab: RealLab, service: str) -> None:
    caller = lab.call("1001", service, from_phones=True)
    caller.wait_answered()
    caller.hang_up()
    assert caller.wait_ended() == 200


def test_giving_up_while_it_rings(lab: RealLab, tmp_path: Path) -> None:
    dialplan = tmp_path / "dialplan" / "public"
    dialplan.mkdir(parents=True)
    (dialplan / "00_rings.xml").write_text(_RINGS_AT_8, encoding="utf-8")
    lab.install_kit(tmp_path)
    try:
        caller = lab.call(_CUSTOMER, "8")
        _until(lambda: legs(lab) == 1, "the call is there")
        caller.hang_up()
        assert caller.wait_ended() == 487
        _until(lambda: legs(lab) == 0, "the leg is gone")
    finally:
        lab.install_kit(None)


@pytest.mark.parametrize("delay", range(0, 40, 4))
def test_hanging_up_at_any_moment_leaves_nothing_behind(lab: RealLab, delay: int) -> None:
    caller = lab.call(_CUSTOMER, "1000")
    time.sleep(delay / 1000)
    caller.hang_up()
    assert caller.wait_ended() in {200, 487}
    _until(lambda: legs(lab) == 0, "both legs are gone")


@pytest.mark.parametrize(
    "number", [_CUSTOMER, "011988887777", "anonymous", "+", "joao.silva", "[pid]"]
)
def test_a_number_reaches_the_pbx_as_it_is(lab: RealLab, number: str) -> None:
    lab.call(number, "9999").wait_answered()
    assert _caller_leg(lab)["Caller-Caller-ID-Number"] == number


def test_a_forged_number_is_unescaped_by_freeswitch_itself(lab: RealLab) -> None:
    lab.call("%0aEvent-Name%3a%20CUSTOM", "9999").wait_answered()
    assert _caller_leg(lab)["Caller-Caller-ID-Number"] == "\nEvent-Name: CUSTOM"


def test_without_a_number_freeswitch_says_none(lab: RealLab) -> None:
    lab.call("", "9999").wait_answered()
    leg = _caller_leg(lab)
    assert "Caller-Caller-ID-Number" not in leg
    assert leg["Caller-Caller-ID-Name"] == "unknown"


@pytest.mark.parametrize(
    "name",
    [
        "Jos\udce9 da Silva",  # Latin-1, and so invalid UTF-8
        "João",
        "x" * 4_000,
        'a "quoted" \\ name',
        "[pid]; [$from] %s",
    ],
)
def test_a_name_reaches_the_pbx_as_it_is(lab: RealLab, name: str) -> None:
    lab.call(_CUSTOMER, "9999", name=name).wait_answered()
    on_the_wire = name.replace("\\", "\\\\").replace('"', '\\"')
    shown = on_the_wire.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    assert f'"{shown}"' in _caller_leg(lab)["variable_sip_full_from"]


def test_a_kit_comes_and_goes(lab: RealLab, tmp_path: Path) -> None:
    for part, text in {
        "dialplan/public/00_gate.xml": _REFUSES_1000,
        "scripts/hello.lua": 'stream:write("hello")',
    }.items():
        file = tmp_path / part
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    lab.install_kit(tmp_path)
    assert lab.call(_CUSTOMER, "1000").wait_ended() == 603
    assert lab.api("lua hello.lua") == "hello"
    lab.install_kit(None)
    caller = lab.call(_CUSTOMER, "1000")
    caller.wait_answered()
    caller.hang_up()
    assert "hello" not in lab.api("lua hello.lua")


def test_a_load_is_counted(lab: RealLab) -> None:
    answered = lab.load(50, 20, "9999", hold=0.2)
    refused = lab.load(50, 20, "4711")
    assert (answered.succeeded, answered.failed) == (20, 0)
    assert (refused.succeeded, refused.failed) == (0, 20)


def test_kill_and_start_again_on_the_same_ports(lab: RealLab) -> None:
    core = lab.api("global_getvar core_uuid")
    caller = lab.call(_CUSTOMER, "1000")
    caller.wait_answered()
    lab.kill()
    with pytest.raises(LabError, match="no answer from the event socket"):
        lab.api("status")
    began = time.monotonic()
    lab.start()
    assert time.monotonic() - began < 10
    assert lab.api("global_getvar core_uuid") != core
    caller = lab.call(_CUSTOMER, "1000")
    caller.wait_answered()
    lab.hang_up_phone("1000")
    assert caller.wait_ended() == 200


def test_two_labs_at_once(lab: RealLab) -> None:
    with RealLab() as other:
        caller = other.call(_CUSTOMER, "1000")
        caller.wait_answered()
        assert other.port != lab.port
        assert legs(lab) == 0


def test_nothing_outlives_a_run_that_was_killed() -> None:
    script = (
        "import time\n"
        "from fluxcc.lab.real import RealLab\n"
        "with RealLab() as lab:\n"
        "    lab.call('1', '9999').wait_answered()\n"
        "    print(lab.port, lab.api('global_getvar base_dir'), flush=True)\n"
        "    print(lab.api('global_getvar conf_dir'), flush=True)\n"
        "    time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    with run.stdout:
        run.stdout.readline()
        folder = Path(run.stdout.readline().strip()).parent
    try:
        assert _programs_in(folder)
        os.kill(run.pid, signal.SIGKILL)
        _until(lambda: not _programs_in(folder), "every program of the lab is gone")
        assert not folder.exists()
    finally:
        run.kill()
        run.wait()


def _programs_in(folder: Path) -> list[int]:
    """The processes whose command line names the lab's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found
