"""The simulator as a lab: in a process of its own, over its own socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.lab.port import Caller, Lab, LabError
from fluxcc.lab.simulated import SimulatedLab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with SimulatedLab() as lab:
        yield lab


def test_a_call_is_answered_and_ended_by_the_telephone(lab: Lab) -> None:
    caller: Caller = lab.call("5511988887777", "1000")
    caller.wait_answered()
    lab.hang_up_phone("1000")
    assert caller.wait_ended() == 200


def test_a_refused_call_is_never_answered(lab: Lab) -> None:
    caller = lab.call("5511988887777", "9876")
    assert caller.wait_ended() == 404
    with pytest.raises(LabError, match="404"):
        caller.wait_answered()


def test_whoever_calls_from_the_telephones_side_reaches_the_services(lab: Lab) -> None:
    assert lab.call("1000", "7002", from_phones=True).wait_ended() == 486
    caller = lab.call("1000", "7001", from_phones=True)
    caller.wait_answered()
    caller.hang_up()
    assert caller.wait_ended() == 200


def test_a_telephone_in_no_call_cannot_hang_up(lab: Lab) -> None:
    with pytest.raises(LabError, match="in no call"):
        lab.hang_up_phone("1001")


def test_names_of_any_bytes(lab: Lab) -> None:
    caller = lab.call("55", "9999", name='Jos\udce9 "q\\')
    caller.wait_answered()
    assert '"cid_name":"Jos\ufffd \\\\\\"q\\\\\\\\"' in lab.api("show channels as json")
    caller.hang_up()


def test_a_kit_is_put_in_and_taken_out(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "dialplan" / "public"
    folder.mkdir(parents=True)
    (folder / "00_gate.xml").write_text(
        '<include>\n<extension name="gate"><condition field="caller_id_number" expression="^666$">'
        '<action application="hangup" data="CALL_REJECTED"/></condition></extension>\n</include>'
    )
    lab.install_kit(tmp_path)
    assert lab.call("666", "1000").wait_ended() == 603
    lab.install_kit(None)
    caller = lab.call("666", "1000")
    caller.wait_answered()
    caller.hang_up()


def test_a_broken_kit_is_told(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "dialplan" / "public"
    folder.mkdir(parents=True)
    (folder / "00_broken.xml").write_text("<include>\n<extension>")
    with pytest.raises(LabError, match="did not take"):
        lab.install_kit(tmp_path)
    lab.install_kit(None)


def test_after_a_crash_it_is_on_the_same_port_and_remembers_nothing() -> None:
    with SimulatedLab() as lab:
        lab.api("hash insert/a/b/c")
        lab.call("55", "9999").wait_answered()
        port = lab.port
        lab.kill()
        with pytest.raises(LabError):
            lab.api("status")
        lab.start()
        assert lab.port == port
        assert lab.api("hash select/a/b") == "-ERR no reply"
        assert lab.api("show channels as json") == '{"row_count": 0}'
