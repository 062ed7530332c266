"""How the daemon comes and goes, and what an administrator is told (contract, sections 4 and 5)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .people import Person
from .scene import Scene

NOBODY = 65534


def test_a_wrong_password_is_final(make_daemon: Callable[..., Daemon]) -> None:
    """Contract, section 4, exit code 78: trying again is useless until somebody changes the
    configuration."""
    daemon = make_daemon(FLUXCC_PBX_PASSWORD="not-this-one")
    daemon.start(connected=False, cold=True)
    assert daemon.wait_ended() == 78
    assert "refused the password" in daemon.log
    assert "pbx.password" in daemon.log
    assert "Traceback" not in daemon.log


def test_a_freeswitch_that_refuses_for_a_while_is_waited_for(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """Once it was connected, a refusal is somebody's mistake at the PBX: the daemon keeps trying
    and says so, and works when it is undone."""
    ours = lab.password
    daemon = make_daemon()
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    try:
        lab.lock("another-one")
        until(
            lambda: daemon.status()["link_refusal"].startswith("FreeSWITCH refused the password"),
            "the daemon says that it is refused",
        )
        printed = daemon.cli("status")
        assert "FreeSWITCH REFUSES the daemon" in printed.stdout
        found = daemon.cli("doctor", "--json").json["findings"]
        codes = {finding["code"]: finding["remedy"] for finding in found}
        assert "mod_event_socket" in codes["daemon-refused"]
        until(lambda: daemon.log.count(" ERROR ") >= 3, "it keeps trying, loudly")
        assert is_refused(lab, person.number) or not lab.name.startswith("FreeSWITCH")
    finally:
        lab.lock(ours)
    daemon.wait_connected(2)
    status = daemon.status()
    assert (status["connected"], status["link_refusal"]) == (True, "")
    until(lambda: is_refused(lab, person.number), "the block is enforced")


def test_the_password_comes_out_of_a_file(
    lab: Lab, make_daemon: Callable[..., Daemon], tmp_path: Path
) -> None:
    """Contract, section 5, ``password_file``."""
    file = tmp_path / "esl.password"
    file.write_text(f"{lab.password}\n")
    daemon = make_daemon(FLUXCC_PBX_PASSWORD_FILE=str(file))
    del daemon.environment["FLUXCC_PBX_PASSWORD"]
    daemon.start()
    assert daemon.cli("status", "--json").json["connected"]


def test_a_daemon_that_starts_before_freeswitch_waits_for_it(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """It keeps trying, says so, and works when FreeSWITCH comes."""
    daemon = make_daemon()
    lab.kill()
    daemon.start(connected=False)
    until(lambda: daemon.log.count("no link to FreeSWITCH") >= 2, "it tries again")
    status = daemon.cli("status", "--json").json
    assert (status["connected"], bool(status["link_loss"])) == (False, True)
    printed = daemon.cli("prank", "--agent", "1000")
    assert (printed.code, printed.stdout) == (69, "")
    printed = daemon.cli("--json", "block", person.number)
    assert (printed.code, printed.json["code"]) == (0, "gate-pending")
    lab.start()
    daemon.wait_connected()
    until(lambda: is_refused(lab, person.number), "the block is enforced")


def test_every_fault_of_the_configuration_is_told_at_once(
    make_daemon: Callable[..., Daemon], tmp_path: Path
) -> None:
    """Contract, section 5: each with its key and what it should be; an unknown key is a fault.
    Exit 78."""
    file = tmp_path / "fluxcc.toml"
    file.write_text(
        "[pbx]\nprot = 8021\n[numbers]\narea_code = 'onze'\n[nonsense]\n"
        "[blocks]\ninternal = ['(']\n"
    )
    daemon = make_daemon(
        FLUXCC_CONFIG=str(file),
        FLUXCC_PBX_PORT="0",
        FLUXCC_BLOCKS_DURATION="soon",
        FLUXCC_NUMBERS_COUNTRY="Brazil",
    )
    del daemon.environment["FLUXCC_NUMBERS_AREA_CODE"]
    printed = daemon.cli("run")
    assert printed.code == 78
    told = {line.partition(":")[0] for line in printed.stderr.splitlines()}
    assert told == {
        "pbx.prot",
        "pbx.port",
        "numbers.area_code",
        "numbers.country",
        "blocks.internal",
        "blocks.duration",
        "nonsense",
    }
    assert daemon.cli("blocks").code == 78


def attempts(daemon: Daemon, number: str) -> int:
    """How often the store says that this blocked number has tried to call."""
    block = daemon.block_of(number)
    assert block is not None
    return block.attempts


def test_sigterm_ends_it_in_order_and_leaves_calls_alone(scene: Scene) -> None:
    """Within 2 s, exit code 0, nothing unwritten, blocks and calls as they were."""
    call = scene.talk(scene.somebody_else.number)
    assert scene.daemon.cli("block", scene.number).code == 0
    assert scene.is_refused(scene.number)
    until(
        lambda: attempts(scene.daemon, scene.number) == 1,
        "the daemon has seen the refused call",
    )
    until(lambda: len(scene.daemon.calls()) == 1, "the refused call is over")
    asked = time.monotonic()
    assert scene.daemon.stop() == 0
    assert time.monotonic() - asked < 2
    assert call.is_up
    assert scene.is_refused(scene.number)
    assert attempts(scene.daemon, scene.number) == 1
    assert [row.number for row in scene.daemon.store.live_calls()] == [scene.somebody_else.number]


def test_sigterm_ends_it_while_it_waits_for_freeswitch(
    lab: Lab, make_daemon: Callable[..., Daemon]
) -> None:
    """As above, in the middle of a pause between two tries."""
    daemon = make_daemon()
    lab.kill()
    daemon.start(connected=False)
    until(lambda: daemon.log.count("no link to FreeSWITCH") >= 3, "it backs off")
    asked = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - asked < 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status"], 69),
        (["calls"], 69),
        (["prank", "--agent", "1000"], 69),
        (["block", "+5511988886666"], 69),
        (["unblock", "+5511988886666"], 69),
        (["blocks"], 0),
        (["check", "+5511988886666"], 0),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_an_operator_can_do_without_the_daemon(
    scene: Scene, arguments: list[str], code: int
) -> None:
    """Contract, section 4: 69 where the daemon is needed; the store can be read without it."""
    if scene.daemon.is_running:
        scene.daemon.stop()
    printed = scene.daemon.cli(*arguments)
    assert printed.code == code
    assert printed.stderr.startswith("daemon-unavailable:") == (code == 69)
    assert "Traceback" not in printed.stderr


def test_the_operators_door_is_for_its_owner_and_group(scene: Scene) -> None:
    """Contract, section 4: who else asks is not permitted (exit code 77)."""
    assert scene.daemon.database.with_suffix(".sock").stat().st_mode & 0o777 == 0o660
    if os.geteuid() == 0:
        printed = scene.daemon.cli("prank", "--agent", "1000", user=NOBODY)
        assert (printed.code, printed.stdout) == (77, "")
        assert printed.stderr.startswith("not-permitted: ")
