"""The kit's way into a FreeSWITCH configuration, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fluxcc.kit import find_kit, read_version
from fluxcc.kit.contexts import Reach, read_contexts, with_gate_first
from fluxcc.kit.installation import MANIFEST, Change, Item, Places, install, plan

GATE = "dialplan/public/00_fluxcc.xml"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    folder = tmp_path / "kit"
    for name, content in (
        (GATE, b"<!-- fluxcc-kit-version: 1 -->\n"),
        ("scripts/fluxcc.lua", b"-- fluxcc-kit-version: 1\n"),
        ("sounds/fluxcc/thanks.wav", b"RIFF\xff\xfe"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "conf/dialplan").mkdir(parents=True)
    return Places(tmp_path / "conf", tmp_path / "scripts", tmp_path / "sounds")


def changes(kit: Path, places: Places) -> dict[str, Change]:
    return {item.target.name: item.change for item in plan(kit, places)}


def put(kit: Path, places: Places, *, with_changed: bool = False) -> None:
    install(plan(kit, places), places.configuration, with_changed=with_changed)


def test_everything_goes_to_its_place(kit: Path, places: Places) -> None:
    assert set(changes(kit, places).values()) == {Change.NEW}
    put(kit, places)
    assert (places.configuration / GATE).read_bytes() == (kit / GATE).read_bytes()
    assert (places.scripts / "fluxcc.lua").exists()
    assert (places.sounds / "fluxcc/thanks.wav").read_bytes() == b"RIFF\xff\xfe"
    assert (places.configuration / GATE).stat().st_mode & 0o777 == 0o644
    assert set(changes(kit, places).values()) == {Change.SAME}


def test_what_is_as_an_older_kit_left_it_is_upgraded(kit: Path, places: Places) -> None:
    put(kit, places)
    (kit / GATE).write_text("<!-- fluxcc-kit-version: 2 -->\n")
    assert changes(kit, places)["00_fluxcc.xml"] is Change.UPGRADED
    put(kit, places)
    assert read_version(places.configuration / GATE) == 2


@pytest.mark.parametrize("memory", [None, "", "[]", '{"files": 1}', "{"])
def test_what_somebody_changed_is_left_alone_unless_asked(
    kit: Path, places: Places, memory: str | None
) -> None:
    put(kit, places)
    gate = places.configuration / GATE
    gate.write_text("mine\n")
    gate.chmod(0o600)
    if memory is not None:
        (places.configuration / MANIFEST).write_text(memory)
    assert changes(kit, places)["00_fluxcc.xml"] is Change.CHANGED
    put(kit, places)
    assert gate.read_text() == "mine\n"
    assert changes(kit, places)["00_fluxcc.xml"] is Change.CHANGED
    put(kit, places, with_changed=True)
    assert gate.read_bytes() == (kit / GATE).read_bytes()
    assert gate.stat().st_mode & 0o777 == 0o600
    assert gate.with_name("00_fluxcc.xml.old").read_text() == "mine\n"
    assert changes(kit, places)["00_fluxcc.xml"] is Change.SAME


def test_the_difference_is_shown(kit: Path, places: Places) -> None:
    shown = {item.target.name: item.difference() for item in plan(kit, places)}
    assert "--- /dev/null" in shown["fluxcc.lua"]
    assert "+-- fluxcc-kit-version: 1\n" in shown["fluxcc.lua"]
    assert shown["thanks.wav"].endswith("(6 bytes)\n")


def test_what_was_written_before_a_failure_is_remembered(kit: Path, places: Places) -> None:
    items = plan(kit, places)
    (places.sounds).write_text("a file in the folder's place")
    with pytest.raises(OSError, match="sounds"):
        install(items, places.configuration, with_changed=False)
    remembered = json.loads((places.configuration / MANIFEST).read_text())["files"]
    assert str(places.configuration / GATE) in remembered
    assert len(remembered) == 2


def test_the_delivered_kit_has_one_version() -> None:
    kit = find_kit()
    files = [*kit.glob("dialplan/*/*.xml"), *kit.glob("scripts/*.lua")]
    assert {read_version(file) for file in files} == {1}
    for file in kit.glob("dialplan/*/*.xml"):
        text = file.read_text()
        assert text.count("<extension ") == text.count(' kit_version="1"')


STOCK = """<include>
  <!-- <context name="public"> -->
  <context name="public">
    <extension name="unloop"><condition/></extension>
    <X-PRE-PROCESS cmd="include" data="public/*.xml"/>
  </context>
</include>
"""


def test_where_the_contexts_take_the_kit_in(places: Places) -> None:
    folder = places.configuration / "dialplan"
    (folder / "public.xml").write_text(STOCK)
    (folder / "default.xml").write_text(
        '<include>\n<context name="default">\n'
        '<X-PRE-PROCESS cmd="include" data="default/*.xml"/>\n</context>\n</include>\n'
    )
    (folder / "x.xml").write_text('<include>\n<context name="x">\n</context>\n</include>\n')
    assert read_contexts(places.configuration) == [
        Reach("default", folder / "default.xml", True, ""),
        Reach("public", folder / "public.xml", True, "unloop"),
        Reach("x", folder / "x.xml", False, ""),
    ]


def test_the_gate_is_put_first(places: Places) -> None:
    file = places.configuration / "dialplan/public.xml"
    file.write_text(STOCK)
    (reach,) = read_contexts(places.configuration)
    item = Item(file, with_gate_first(reach), Change.EDITED)
    assert item.difference().count("\n+ ") == 1
    install([item], places.configuration, with_changed=False)
    (reach,) = read_contexts(places.configuration)
    assert (reach.is_included, reach.before) == (True, "")
    # FreeSWITCH drops whatever else stands on a directive's line.
    (line,) = [line for line in file.read_text().splitlines() if "00_fluxcc.xml" in line]
    assert line.strip() == '<X-PRE-PROCESS cmd="include" data="public/00_fluxcc.xml"/>'
