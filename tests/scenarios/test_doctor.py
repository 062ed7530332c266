"""``fluxcc doctor`` names what is wrong with an installation, and what to do about it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fluxcc.cli.doctor import ask_status
from fluxcc.config import Settings, load
from fluxcc.doctor.checks import CHECKS, Result
from fluxcc.doctor.diagnosis import diagnose
from fluxcc.doctor.finding import State
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

READ_ONLY = (18, 3)
"""SQLite's file format: where the version stands that a writer must know, and one that none does.
Such a file can only be read, by root too."""


@pytest.fixture
def installation(lab: Lab, make_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon beside FreeSWITCH, with a room, a survey and a service."""
    daemon = make_daemon()
    daemon.start()
    put(daemon, Room("1000"))
    put(daemon, Group("sales", has_survey=True))
    put(daemon, Service("invoices", "7001"))
    return daemon


def put(daemon: Daemon, entry: Entry, do: str = "set") -> None:
    """Set something as ``fluxcc room add`` and its like do, without a process for it."""
    answer = daemon.operate(do, entry=entry)
    assert answer["status"] == "ok", answer


def settings_of(daemon: Daemon, **settings: str) -> Settings:
    return load(None, daemon.environment | settings)


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A copy of the kit, to spoil."""
    return Path(shutil.copytree(find_kit(), tmp_path / "kit"))


@pytest.fixture
def installed(lab: Lab) -> Iterator[Callable[[Path], None]]:
    """Installs a spoilt kit; the right one comes back afterwards."""
    yield lab.install_kit
    lab.install_kit(find_kit())


@pytest.fixture
def without_mod_hash(lab: Lab, installation: Daemon) -> Iterator[None]:
    assert lab.api("unload mod_hash").startswith("+OK")
    yield
    lab.api("load mod_hash")


@pytest.fixture
def stopped(lab: Lab, installation: Daemon) -> Iterator[None]:
    lab.kill()
    until(lambda: not installation.status()["connected"], "the daemon has seen it")
    yield
    lab.start()


def examine(daemon: Daemon, now: Callable[[], float] = time.time, **settings: str) -> list[Result]:
    """What the doctor finds."""
    read = settings_of(daemon, **settings)
    return diagnose(read, lambda: ask_status(read), now=now)


def look(daemon: Daemon, **settings: str) -> dict[str, str]:
    """What the doctor finds grave: code → remedy."""
    return {
        finding.code: finding.remedy.format(**finding.facts)
        for _check, finding in examine(daemon, **settings)
        if finding.state is State.GRAVE
    }


def test_a_healthy_installation_has_no_fault(installation: Daemon) -> None:
    printed = installation.cli("doctor", "--json", "--call")
    states = {(each["check"], each["state"], each["code"]) for each in printed.json["findings"]}
    # The simulator has no mod_loopback to place a call with.
    states -= {("refusal", "skipped", "no-loopback")}
    assert {state for _check, state, _code in states} == {"ok"}, states
    assert printed.code == 0
    for language in ("C.UTF-8", "pt_BR.UTF-8"):
        printed = installation.cli("doctor", language=language)
        assert (printed.code, printed.stderr) == (0, "")
        assert len(printed.stdout.splitlines()) == len(CHECKS) + 1


def test_nothing_is_left_behind(lab: Lab, installation: Daemon) -> None:
    before = lab.api("hash_dump db fluxcc_block")
    assert look(installation) == {}
    assert lab.api("hash_dump db fluxcc_block") == before
    assert installation.cli("calls", "--ended", "--json").json == []


def test_a_wrong_password(installation: Daemon) -> None:
    printed = installation.cli("doctor", FLUXCC_PBX_PASSWORD="wrong")
    assert printed.code == 1
    assert "FreeSWITCH refuses the password" in printed.stdout
    assert "→ Set pbx.password or pbx.password_file" in printed.stdout
    found = look(installation, FLUXCC_PBX_PASSWORD="wrong")
    assert set(found) == {"password-refused"}


def test_a_missing_gate(installation: Daemon, kit: Path, installed: Callable[[Path], None]) -> None:
    shutil.rmtree(kit / "dialplan/public")
    installed(kit)
    found = look(installation)
    assert set(found) == {"gate-missing"}
    assert "kit install" in found["gate-missing"]


def test_a_gate_that_is_not_first(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    (kit / "dialplan/public/00_before.xml").write_text(
        '<include>\n<extension name="before"><condition field="destination_number"'
        ' expression="^9$"><action application="answer"/></condition></extension>\n</include>'
    )
    installed(kit)
    found = look(installation)
    assert set(found) == {"gate-not-first"}
    assert "top of the context" in found["gate-not-first"]


def test_a_context_that_does_not_take_the_kit_in(
    lab: Lab, installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    """The files are there, and installing them again would change nothing: the line that is missing
    is named, and with it all is well."""
    for context, first in (("public", True), ("default", False)):
        file = kit / f"dialplan/{context}.xml"
        own = f'<X-PRE-PROCESS cmd="include" data="{context}/50_lab.xml"/>'
        file.write_text(f'<include>\n<context name="{context}">\n{own}\n</context>\n</include>\n')
        installed(kit)
        found = look(installation)
        line = f'<X-PRE-PROCESS cmd="include" data="{context}/00_fluxcc.xml"/>'
        assert set(found) == (
            {"gate-missing"}
            if first
            else {"kit-missing", "room-without-dialplan", "survey-without-dialplan"}
        )
        assert all(line in remedy for remedy in found.values())
        file.write_text(file.read_text().replace(own, f"{line}\n{own}"))
        installed(kit)
        assert look(installation) == {}


def test_a_preamble_that_ends_every_call(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    (kit / "dialplan/default/00_before.xml").write_text(
        '<include>\n<extension name="closed"><condition>'
        '<action application="hangup"/></condition></extension>\n</include>'
    )
    installed(kit)
    found = look(installation)
    assert set(found) == {"room-ended", "survey-ended", "service-ended"}
    assert "before the one that hangs up" in found["service-ended"]
    done = installation.cli("service", "add", "invoices", "--destination", "7001")
    assert "hangs up every call" in done.stderr


def test_an_agent_of_mod_callcenter_who_is_named_by_a_uuid(lab: Lab, installation: Daemon) -> None:
    name = "f7d80643-20ed-5ab4-8100-8c17c4caaf11"
    lab.api(f"callcenter_config agent add {name} callback")
    lab.api(f"callcenter_config agent set contact {name} user/1000@pbx.test")
    try:
        found = {finding.code: finding for _, finding in examine(installation)}
    finally:
        lab.api(f"callcenter_config agent del {name}")
    note = found["agent-not-extension"]
    assert note.state is State.NOTE
    assert f"{name} = 1000@pbx.test" in note.facts["agents"]
    assert f"1000@pbx.test in place of {name}" in note.remedy.format(**note.facts)


def test_a_gate_that_refuses_nobody(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    gate = kit / "dialplan/public/00_fluxcc.xml"
    gate.write_text(gate.read_text().replace("fluxcc_block/", "fluxcc_blocks/"))
    installed(kit)
    assert set(look(installation)) == {"gate-lets-through"}


def test_a_gate_that_refuses_everybody(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    gate = kit / "dialplan/public/00_fluxcc.xml"
    text = gate.read_text().replace('expression="^true$"', 'expression="."')
    gate.write_text(text.replace('expression="^[0-9]+$"', 'expression=".*"'))
    installed(kit)
    assert set(look(installation)) == {"gate-refuses-everyone"}


@pytest.mark.usefixtures("without_mod_hash")
def test_mod_hash_not_loaded(installation: Daemon) -> None:
    found = look(installation)
    assert "load mod_hash" in found["module-missing"]
    assert "gate-lets-through" in found


def test_a_store_that_can_only_be_read(installation: Daemon) -> None:
    installation.stop()
    with closing(sqlite3.connect(installation.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    place, version = READ_ONLY
    with installation.database.open("r+b") as file:
        file.seek(place)
        file.write(bytes([version]))
    found = look(installation)
    assert set(found) == {"store-read-only", "daemon-down"}
    assert "writable" in found["store-read-only"]


def test_no_store_at_all(installation: Daemon) -> None:
    installation.stop()
    installation.database.unlink()
    found = look(installation)
    assert set(found) == {"store-unavailable", "daemon-down"}
    assert "db upgrade" in found["store-unavailable"]
    assert not installation.database.exists()


def test_a_room_without_dialplan(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    shutil.rmtree(kit / "dialplan/default")
    installed(kit)
    found = look(installation)
    assert set(found) == {"kit-missing", "room-without-dialplan", "survey-without-dialplan"}
    assert "kit install" in found["room-without-dialplan"]


def test_a_room_that_the_pbx_is_said_to_have_and_has_not(installation: Daemon) -> None:
    done = installation.cli("room", "add", "1777", "--served-by-pbx")
    assert done.code == 0
    assert "*1777" in done.stderr
    assert set(look(installation)) == {"room-without-dialplan"}
    put(installation, Room("1777"), do="remove")
    assert look(installation) == {}


def test_a_room_that_freeswitch_forgot(lab: Lab, installation: Daemon) -> None:
    lab.api("hash delete/fluxcc_room/*1000")
    assert set(look(installation)) == {"room-not-told"}


@pytest.mark.parametrize(("seconds", "state"), [(3600, State.GRAVE), (10, State.WARNING)])
def test_a_clock_that_is_off(installation: Daemon, seconds: int, state: State) -> None:
    results = examine(installation, now=lambda: time.time() + seconds)
    found = {result.finding.code: result.finding for result in results}
    assert found["clock-off"].state is state
    assert abs(found["clock-off"].facts["seconds"] + seconds) <= 1
    assert "NTP" in found["clock-off"].remedy


def test_an_unknown_key_in_the_configuration(installation: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text('[pbx]\nprot = 8021\n[blocks]\nduration = "soon"\n')
    printed = installation.cli("doctor", "--json", FLUXCC_CONFIG=str(file))
    problems = {
        each["problem"]
        for each in printed.json["findings"]
        if each["code"] == "configuration-fault"
    }
    assert printed.code == 1
    assert any(problem.startswith("pbx.prot: is not known") for problem in problems)
    assert any(problem.startswith("blocks.duration: ") for problem in problems)


@pytest.mark.usefixtures("stopped")
def test_freeswitch_stopped(installation: Daemon) -> None:
    printed = installation.cli("doctor", "--json")
    assert printed.code == 1
    assert printed.json["healthy"] is False
    found = {each["code"]: each for each in printed.json["findings"]}
    assert {"pbx-unreachable", "daemon-not-connected", "pbx-silent", "ok"} <= set(found)
    assert "Start FreeSWITCH" in found["pbx-unreachable"]["remedy"]


def test_a_daemon_that_is_down(installation: Daemon) -> None:
    installation.stop()
    found = look(installation)
    assert set(found) == {"daemon-down"}
    assert "systemctl start fluxcc" in found["daemon-down"]


def test_a_kit_of_an_older_version(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    for file in (*kit.glob("dialplan/*/*.xml"), *kit.glob("scripts/*.lua")):
        text = file.read_text().replace(' kit_version="2"', "")
        file.write_text(text.replace("fluxcc-kit-version: 2", "fluxcc-kit-version: 0"))
    installed(kit)
    old = [each for _, each in examine(installation) if each.code == "kit-outdated"]
    assert {each.facts["file"] for each in old} == {
        "dialplan/public/00_fluxcc.xml",
        "dialplan/default/00_fluxcc.xml",
        "scripts/avali_e.lua",
        "scripts/fluxcc.lua",
        "scripts/fluxcc_room.lua",
    }
    assert all("kit install" in each.remedy for each in old)


def test_a_missing_script(
    installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    (kit / "scripts/avali_e.lua").unlink()
    installed(kit)
    assert set(look(installation)) == {"kit-missing"}


def test_users_that_could_be_blocked(installation: Daemon) -> None:
    results = examine(installation, FLUXCC_BLOCKS_INTERNAL=r"^2\d{3}$")
    found = {finding.code: finding for _, finding in results}
    assert found["user-not-internal"].state is State.WARNING
    assert found["user-not-internal"].facts["users"] == "1000, 1001"


def test_a_pattern_by_which_nobody_is_blocked(installation: Daemon) -> None:
    assert set(look(installation, FLUXCC_BLOCKS_INTERNAL=r"^\d+$")) == {"outside-internal"}


def test_destinations_that_nothing_answers(installation: Daemon) -> None:
    for command, told in (
        (("service", "add", "nowhere", "--destination", "7999"), "7999"),
        (("service", "add", "typo", "--destination", "7001", "--context", "defualt"), "defualt"),
        (("group", "set", "support", "--survey", "on", "--destination", "*29"), "*29"),
    ):
        done = installation.cli(*command)
        assert done.code == 0
        assert "Warning" in done.stderr
        assert told in done.stderr
    named = {
        (finding.code, finding.facts.get("service") or finding.facts.get("group"))
        for _, finding in examine(installation)
        if finding.state is State.GRAVE
    }
    assert named == {
        ("service-without-dialplan", "nowhere"),
        ("service-without-dialplan", "typo"),
        ("survey-without-dialplan", "support"),
    }


def test_a_destination_that_is_answered_is_no_reason_for_a_warning(installation: Daemon) -> None:
    for command in (
        ("service", "add", "invoices", "--destination", "7001"),
        ("group", "set", "sales", "--destination", "*28"),
    ):
        done = installation.cli(*command)
        assert (done.code, done.stderr) == (0, "")


def test_the_kit_is_installed_where_freeswitch_says(lab: Lab, installation: Daemon) -> None:
    folder = lab.api("global_getvar conf_dir").strip()
    scripts = Path(lab.api("global_getvar script_dir").strip())
    (scripts / "fluxcc.lua").unlink()
    printed = installation.cli("kit", "install", folder, "--json")
    assert (printed.code, printed.stderr) == (0, "")
    new = [each["file"] for each in printed.json["files"] if each["change"] != "same"]
    assert new == [str(scripts.resolve() / "fluxcc.lua")]
    assert (scripts / "fluxcc.lua").exists()
    assert {each["context"]: each["included"] for each in printed.json["contexts"]} == {
        "default": True,
        "public": True,
    }
    assert look(installation) == {}


def test_a_changed_file_of_the_kit_is_not_replaced_unasked(
    lab: Lab, installation: Daemon, kit: Path, installed: Callable[[Path], None]
) -> None:
    (kit / "scripts/fluxcc.lua").write_text("-- mine\n")
    installed(kit)
    folder = lab.api("global_getvar conf_dir").strip()
    script = Path(lab.api("global_getvar script_dir").strip()) / "fluxcc.lua"
    printed = installation.cli("kit", "install", folder)
    assert printed.code == 1
    assert "\n--- mine\n" in printed.stdout
    assert printed.stderr.startswith("kit-file-changed: ")
    assert script.read_text() == "-- mine\n"
    assert installation.cli("kit", "install", folder, "--force").code == 0
    assert script.read_text() != "-- mine\n"


def test_a_folder_that_is_not_freeswitchs_own_needs_to_be_told_more(
    installation: Daemon, tmp_path: Path
) -> None:
    (tmp_path / "dialplan").mkdir()
    printed = installation.cli("kit", "install", str(tmp_path))
    assert printed.code == 2
    assert "--scripts" in printed.stderr
    assert not (tmp_path / "dialplan/public").exists()
