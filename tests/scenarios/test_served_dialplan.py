"""A dialplan that a back end of mod_xml_curl serves: what the gate is said to be there, and that a
blocked caller is refused in any case (contract, sections 2 and 8)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.backend import Backend
from tests.testing.waiting import until

from .scene import Scene

SETTINGS = """<configuration name="xml_curl.conf"><bindings><binding name="lab">
  <param name="gateway-url" value="{url}" bindings="dialplan"/>
  <param name="timeout" value="{timeout}"/>
</binding></bindings></configuration>
"""
TIMEOUT = 3
"""Seconds after which FreeSWITCH gives the back end up."""
SEEN = {"contexts_without_gate": [], "contexts_unseen": []}
MISSING = SEEN | {"contexts_without_gate": ["public"]}
UNSEEN = SEEN | {"contexts_unseen": ["public"]}


class Case(NamedTuple):
    """How the back end is, and what is right to say of it."""

    status: dict[str, list[str]]
    has_gate: bool = True
    tells: bool = True
    is_up: bool = True
    found: frozenset[tuple[str, str]] = frozenset()
    """The doctor's codes and states, of the checks ``gate`` and ``refusal``."""
    found_by_call: frozenset[tuple[str, str]] = frozenset()


SKIPPED = frozenset({("gate-unseen", "skipped"), ("refusal-unseen", "skipped")})
NO_GATE = frozenset({("gate-missing", "grave"), ("no-gate", "skipped")})
LET_THROUGH = frozenset({("call-let-through", "grave")})
CASES = {
    "gate served": Case(SEEN),
    "gate not served": Case(MISSING, has_gate=False, found=NO_GATE, found_by_call=NO_GATE),
    "nothing answered to xml_locate": Case(UNSEEN, tells=False, found=SKIPPED),
    "nothing answered, gate not served": Case(
        UNSEEN, has_gate=False, tells=False, found=SKIPPED, found_by_call=LET_THROUGH
    ),
    "back end down": Case(UNSEEN, is_up=False, found=SKIPPED),
}


@pytest.fixture
def backend(lab: Lab, scene: Scene, tmp_path: Path) -> Iterator[Backend]:
    """The dialplan comes from a back end; files with the kit stand behind it, as on such a PBX."""
    backend = Backend()
    kit = Path(shutil.copytree(find_kit(), tmp_path / "kit"))
    (kit / "autoload_configs").mkdir()
    settings = SETTINGS.format(url=backend.url, timeout=TIMEOUT)
    (kit / "autoload_configs/xml_curl.conf.xml").write_text(settings, encoding="utf-8")
    lab.install_kit(kit)
    try:
        answer = lab.api("load mod_xml_curl")
        if "-ERR" in answer:
            pytest.skip(f"this FreeSWITCH has no mod_xml_curl: {answer.strip()}")
        yield backend
    finally:
        backend.close()
        lab.api("unload mod_xml_curl")
        lab.install_kit(find_kit())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_said_of_the_gate_and_that_a_blocked_caller_is_refused(
    scene: Scene, backend: Backend, case: Case
) -> None:
    assert scene.daemon.cli("block", scene.number).code == 0
    backend.has_gate, backend.tells = case.has_gate, case.tells
    if not case.is_up:
        backend.close()

    assert scene.lab.call(scene.number, "1000").wait_ended(5) == 603
    until(lambda: _attempts(scene) == 1, "the attempt is counted")
    until(lambda: _told(scene) == case.status, lambda: f"not {_told(scene)}")
    assert ("MISSING" in scene.daemon.cli("status").stdout) is (case.status == MISSING)
    assert ("CANNOT BE SEEN" in scene.daemon.cli("status").stdout) is (case.status == UNSEEN)

    assert _found(scene) == case.found
    assert _found(scene, "--call") == case.found_by_call
    assert _attempts(scene) == 1


def test_a_back_end_that_takes_its_time_keeps_nobody_waiting_but_the_caller(
    scene: Scene, backend: Backend
) -> None:
    """The daemon asks it on a connection of its own."""
    assert scene.daemon.cli("block", scene.number).code == 0
    backend.answers.clear()
    caller = scene.lab.call(scene.number, "1000")
    until(lambda: _attempts(scene) == 1, "the attempt is counted")
    started = time.monotonic()
    assert scene.daemon.cli("block", scene.somebody_else.number).code == 0
    assert time.monotonic() - started < TIMEOUT
    backend.answers.set()
    assert caller.wait_ended(5) == 603


def test_an_answer_is_corrected_when_the_back_end_is_up_again(
    scene: Scene, backend: Backend
) -> None:
    backend.close()
    assert scene.daemon.cli("block", scene.number).code == 0
    assert scene.lab.call(scene.number, "1000").wait_ended(5) == 603
    until(lambda: _told(scene) == UNSEEN, "the gate cannot be seen")
    backend.open()
    scene.lab.api("reloadxml")
    until(lambda: _told(scene) == SEEN, "the gate is seen")


def test_what_cannot_be_seen_is_never_said_to_lack_a_service(
    scene: Scene, backend: Backend
) -> None:
    backend.tells = False
    for destination in ("1000", "7777"):
        wanted = ("--destination", destination, "--context", "public")
        done = scene.daemon.cli("service", "add", "served", *wanted)
        assert done.code == 0
        assert "cannot be seen" in done.stderr
        assert "nothing" not in done.stderr
    assert scene.daemon.cli("service", "remove", "served").code == 0


def _told(scene: Scene) -> dict[str, list[str]]:
    status = scene.daemon.status()
    return {key: status[key] for key in SEEN}


def _found(scene: Scene, *options: str) -> set[tuple[str, str]]:
    printed = scene.daemon.cli("doctor", "--json", *options)
    return {
        (each["code"], each["state"])
        for each in printed.json["findings"]
        if each["check"] in ("gate", "refusal") and each["code"] != "ok"
    }


def _attempts(scene: Scene) -> int:
    block = scene.daemon.block_of(scene.number)
    return block.attempts if block is not None else 0
