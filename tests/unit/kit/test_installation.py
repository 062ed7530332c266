"""The kit's way into a FreeSWITCH configuration, and what it leaves alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import fluxcc.kit
from fluxcc.kit import find_kit, read_version
from fluxcc.kit.installation import (
    MANIFEST,
    Change,
    Installed,
    Item,
    Places,
    find_installed,
    install,
    plan,
    remove,
)
from fluxcc.kit.names import GATE_PATH


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    folder = tmp_path / "kit"
    for name, content in (
        (GATE_PATH, b"<!-- fluxcc-kit-version: 1 -->\n"),
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
    assert (places.configuration / GATE_PATH).read_bytes() == (kit / GATE_PATH).read_bytes()
    assert (places.scripts / "fluxcc.lua").exists()
    assert (places.sounds / "fluxcc/thanks.wav").read_bytes() == b"RIFF\xff\xfe"
    assert (places.configuration / GATE_PATH).stat().st_mode & 0o777 == 0o644
    assert set(changes(kit, places).values()) == {Change.SAME}


def test_what_is_as_an_older_kit_left_it_is_upgraded(kit: Path, places: Places) -> None:
    put(kit, places)
    (kit / GATE_PATH).write_text("<!-- fluxcc-kit-version: 2 -->\n")
    assert changes(kit, places)["00_fluxcc.xml"] is Change.UPGRADED
    put(kit, places)
    assert read_version(places.configuration / GATE_PATH) == 2


@pytest.mark.parametrize("memory", [None, "", "[]", '{"files": 1}', "{"])
def test_what_somebody_changed_is_left_alone_unless_asked(
    kit: Path, places: Places, memory: str | None
) -> None:
    put(kit, places)
    gate = places.configuration / GATE_PATH
    gate.write_text("mine\n")
    gate.chmod(0o600)
    if memory is not None:
        (places.configuration / MANIFEST).write_text(memory)
    assert changes(kit, places)["00_fluxcc.xml"] is Change.CHANGED
    put(kit, places)
    assert gate.read_text() == "mine\n"
    assert changes(kit, places)["00_fluxcc.xml"] is Change.CHANGED
    put(kit, places, with_changed=True)
    assert gate.read_bytes() == (kit / GATE_PATH).read_bytes()
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
    assert str(places.configuration / GATE_PATH) in remembered
    assert len(remembered) == 2


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(
    kit: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(kit, places)
    (kit / GATE_PATH).write_text("<!-- fluxcc-kit-version: 2 -->\n")

    def fail(_name: str, target: Path) -> None:
        raise OSError(f"cannot replace {target}")

    items = plan(kit, places)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="cannot replace"):
        install(items, places.configuration, with_changed=False)
    folder = (places.configuration / GATE_PATH).parent
    assert [path.name for path in folder.iterdir()] == ["00_fluxcc.xml"]
    assert read_version(folder / "00_fluxcc.xml") == 1


def test_a_file_of_freeswitchs_own_is_edited_and_not_remembered(places: Places) -> None:
    file = places.configuration / "dialplan/public.xml"
    file.write_text("<include/>\n")
    install([Item(file, b"<new/>\n", Change.EDITED)], places.configuration, with_changed=False)
    assert file.read_text() == "<new/>\n"
    assert json.loads((places.configuration / MANIFEST).read_text())["files"] == {}


def test_the_first_place_that_has_a_kit_is_taken(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fluxcc.kit, "PLACES", (tmp_path / "none", kit, tmp_path / "other"))
    assert find_kit() == kit
    monkeypatch.setattr(fluxcc.kit, "PLACES", (tmp_path / "none",))
    with pytest.raises(FileNotFoundError, match="none"):
        find_kit()


def test_a_file_without_a_version_has_version_0(kit: Path) -> None:
    assert read_version(kit / "sounds/fluxcc/thanks.wav") == 0


# Removal


def take_out(places: Places, *, with_changed: bool = False) -> None:
    conf = places.configuration
    remove(find_installed(conf), conf, with_changed=with_changed)


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_removal_leaves_the_folders_as_they_were(kit: Path, places: Places, tmp_path: Path) -> None:
    places.scripts.mkdir()
    (places.scripts / "mine.lua").write_text("mine\n")
    before = everything(tmp_path)
    put(kit, places)
    assert {file.target.name for file in find_installed(places.configuration)} == {
        "00_fluxcc.xml",
        "fluxcc.lua",
        "thanks.wav",
    }
    take_out(places)
    assert everything(tmp_path) == before


def test_a_folder_with_something_else_in_it_stays(kit: Path, places: Places) -> None:
    put(kit, places)
    (places.sounds / "fluxcc/mine.wav").write_bytes(b"RIFF")
    take_out(places)
    assert [path.name for path in places.sounds.rglob("*.wav")] == ["mine.wav"]
    assert not places.scripts.exists()


def test_a_changed_file_is_not_removed_unless_asked(kit: Path, places: Places) -> None:
    put(kit, places)
    gate = places.configuration / GATE_PATH
    gate.write_text("mine\n")
    take_out(places)
    assert gate.read_text() == "mine\n"
    assert find_installed(places.configuration) == [Installed(gate, True)]
    take_out(places, with_changed=True)
    assert not gate.exists()
    assert not (places.configuration / MANIFEST).exists()


def test_a_file_that_is_gone_already_is_no_matter(kit: Path, places: Places) -> None:
    put(kit, places)
    (places.configuration / GATE_PATH).unlink()
    take_out(places)
    assert not (places.configuration / MANIFEST).exists()


def test_a_kit_for_a_dialplan_elsewhere_is_without_its_files(kit: Path, places: Places) -> None:
    items = plan(kit, places, with_dialplan=False)
    assert {item.target.name for item in items} == {"fluxcc.lua", "thanks.wav"}
