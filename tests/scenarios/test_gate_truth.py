"""Memory, the store and the gate say the same of a number, and what was acknowledged is what
holds: whatever ran side by side, and whatever was done to mod_hash."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab, LabError
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .pbx import gate_ends
from .people import STRANGERS, Person
from .scene import Scene

SOON = 1.0
"""Seconds after which keys are there again once mod_hash is loaded; a health check would take 5."""


def ends(lab: Lab, person: Person) -> set[int]:
    """The ends that the gate has for this person's keys; none where it has no key."""
    keys = {person.number, *person.other_spellings}
    return {until for key, until in gate_ends(lab).items() if key in keys}


def agrees(lab: Lab, daemon: Daemon, person: Person) -> bool:
    """Whether memory, store and gate say the same of a person."""
    until_when = daemon.operate("check", number=person.number)["reading"]["blocked_until"]
    block = daemon.block_of(person.number)
    stored = block.until if block is not None and block.state == "live" else None
    return ends(lab, person) == ({until_when} if until_when else set()) and stored == until_when


def talk(lab: Lab, daemon: Daemon, person: Person) -> None:
    """Somebody talks to agent 1000."""
    lab.call(person.number, "1000").wait_answered()
    daemon.wait_talking(person.number)


@pytest.fixture
def slow(make_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon whose store takes its time."""
    daemon = make_daemon()
    daemon.start(spoil="slow_store")
    return daemon


def beside(daemon: Daemon, other: Person, do: str, **fields: object) -> str:
    """Prank agent 1000's call, and ask for this in the same moment: while ``other`` is being
    written, so that both are written together. The codes of both replies."""
    replies: dict[str, str] = {}

    def prank() -> None:
        with daemon.board() as board:
            replies["prank"] = board.prank("1000").code

    def block() -> None:
        daemon.operate("block", number=other.number)

    threads = [threading.Thread(target=work) for work in (block, prank)]
    for count, thread in enumerate(threads, 1):
        thread.start()
        until(lambda count=count: daemon.status()["blocks"] == count, "it is in memory")
    code = daemon.operate(do, **fields)["reply"]["code"]
    for thread in threads:
        thread.join()
    return f"{replies['prank']} {code}"


def test_a_prank_beside_an_unblock_leaves_no_gate_that_nobody_can_open(
    lab: Lab, slow: Daemon, person: Person
) -> None:
    talk(lab, slow, person)
    other = next(STRANGERS)
    assert beside(slow, other, "unblock", number=person.number) == "ended released"
    until(lambda: agrees(lab, slow, person), "all say the same")
    assert ends(lab, person) == set()
    assert not is_refused(lab, person.number)


def test_a_prank_beside_a_long_block_does_not_shorten_it(
    lab: Lab, slow: Daemon, person: Person
) -> None:
    talk(lab, slow, person)
    month = {"number": person.number, "duration": 2_592_000}
    assert beside(slow, next(STRANGERS), "block", **month) == "blocked renewed"
    until(lambda: agrees(lab, slow, person), "all say the same")
    (end,) = ends(lab, person)
    assert end > time.time() + 2_500_000


def test_without_mod_hash_nobody_is_told_that_the_gate_refuses(scene: Scene) -> None:
    """The daemon ends the calls, says so, and tells the gate as soon as there is one."""
    lab, daemon = scene.lab, scene.daemon
    talked = scene.talk(scene.somebody_else.number)
    lab.api("unload mod_hash")
    try:
        until(lambda: not daemon.status()["gate_told"], "the daemon knows", SOON)
        printed = daemon.cli("--json", "block", scene.number)
        assert (printed.code, printed.json["code"]) == (0, "gate-pending")
        with daemon.board() as board:
            reply = board.prank("1000")
        assert (reply.code, reply.status, reply.blocked) == ("gate-pending", "ok", True)
        talked.wait_over()
        for number in (scene.number, scene.somebody_else.number):
            assert scene.is_turned_away(number)
        assert "does NOT have the blocks" in daemon.cli("status").stdout
        assert "gate-not-told" in daemon.cli("doctor", "--json").stdout
    finally:
        lab.api("load mod_hash")
    for person in (scene.person, scene.somebody_else):
        until(lambda person=person: agrees(lab, daemon, person), "the gate is told", SOON)
    until(lambda: daemon.status()["gate_told"], "the daemon says so", SOON)
    assert scene.is_refused(scene.number)


def test_a_reload_of_mod_hash_is_mended_at_once(scene: Scene) -> None:
    assert scene.daemon.cli("block", scene.number).code == 0
    before = ends(scene.lab, scene.person)
    for _ in range(3):
        scene.lab.api("reload mod_hash")
        until(lambda: ends(scene.lab, scene.person) == before != set(), "the gate is told", SOON)
    assert scene.is_refused(scene.number)


def test_a_caller_who_passes_the_gate_is_ended_by_the_daemon(scene: Scene) -> None:
    """Somebody emptied the gate, and nothing tells of it yet."""
    assert scene.daemon.cli("block", scene.number).code == 0
    assert scene.is_refused(scene.number)
    for key in (scene.number, *scene.person.other_spellings):
        scene.lab.api(f"hash delete/fluxcc_block/{key}")
    assert scene.is_turned_away(scene.number)
    until(lambda: "a blocked caller passed the gate" in scene.daemon.log, "the log says so")
    other = scene.lab.call(scene.somebody_else.number, "1000")
    other.wait_answered()
    with pytest.raises(LabError):
        other.wait_ended(0.5)


def test_what_was_done_to_the_gate_by_hand_is_mended_and_told(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """A key deleted, an end changed, and a key that nobody asked for."""
    daemon = make_daemon()
    daemon.start(spoil="eager_comparison")
    assert daemon.cli("block", person.number).code == 0
    (end,) = ends(lab, person)
    until(lambda: "fluxcc_gate" not in daemon.log and daemon.status()["gate_told"], "it is told")
    lab.api(f"hash delete/fluxcc_block/{person.number}")
    lab.api(f"hash insert/fluxcc_block/11{person.local}/{end + 5}")
    lab.api(f"hash insert/fluxcc_block/+5511900000000/{end}")

    def is_mended() -> bool:
        held = gate_ends(lab)
        return ends(lab, person) == {end} and "+5511900000000" not in held and len(held) == 5

    until(is_mended, "the gate is mended")
    until(lambda: daemon.status()["gate_differences"] == 3, "it is counted")
    assert "the gate differed from the blocks" in daemon.log
    assert "DIFFERED" in daemon.cli("status").stdout


def test_a_restored_backup_frees_nobody_who_was_blocked_since(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person, tmp_path: Path
) -> None:
    """``docs/operations.md``: the backup knows an earlier block of the same number, which has
    ended."""
    daemon = make_daemon()
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    assert daemon.cli("unblock", person.number).code == 0
    until(lambda: daemon.block_of(person.number).state == "released", "it is written")
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(daemon.database)) as connection:
        connection.execute("VACUUM INTO ?", [str(backup)])
    printed = daemon.cli("--json", "block", person.number, "--for", "2h")
    daemon.kill()
    daemon.store.close()
    for suffix in ("-wal", "-shm"):
        daemon.database.with_name(daemon.database.name + suffix).unlink(missing_ok=True)
    daemon.database.write_bytes(backup.read_bytes())
    daemon.start()
    until(lambda: daemon.status()["blocks"] == 1, "the block is taken over")
    until(lambda: agrees(lab, daemon, person), "all say the same")
    assert ends(lab, person) == {printed.json["expires"]}
    assert is_refused(lab, person.number)
    assert daemon.cli("unblock", person.number).code == 0
    assert not is_refused(lab, person.number)


def test_a_block_follows_the_area_code_also_while_the_daemon_runs(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person, tmp_path: Path
) -> None:
    """Made before ``[numbers] area_code`` was set: found, refused and released by the number that
    it is read as now."""
    daemon = make_daemon()
    file = tmp_path / "fluxcc.toml"
    file.write_text('[numbers]\narea_code = ""\n')
    daemon.environment |= {"FLUXCC_CONFIG": str(file)}
    del daemon.environment["FLUXCC_NUMBERS_AREA_CODE"]
    daemon.start()
    assert daemon.cli("block", person.local, "--for", "2h").code == 0
    assert set(gate_ends(lab)) == {person.local}

    file.write_text('[numbers]\narea_code = "11"\n')
    daemon.signal(signal.SIGHUP)
    until(lambda: agrees(lab, daemon, person) and ends(lab, person), "it is read again")
    for spelling in (person.local, person.number, f"02111{person.local}"):
        assert is_refused(lab, spelling), spelling

    file.write_text('[numbers]\narea_code = "21"\n')
    daemon.kill()
    daemon.start()
    until(lambda: person.local not in gate_ends(lab), "it is another person's now")
    assert agrees(lab, daemon, person) or not ends(lab, person)
    assert is_refused(lab, person.number)
    assert not is_refused(lab, person.local)
    assert daemon.cli("unblock", person.number).code == 0
    assert gate_ends(lab) == {}
