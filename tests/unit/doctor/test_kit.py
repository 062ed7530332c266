"""The kit in FreeSWITCH: what is there, and of which version."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from fluxcc.config import Settings
from fluxcc.config.settings import ConferenceSettings, SurveySettings
from fluxcc.doctor import kit
from fluxcc.doctor.finding import State
from fluxcc.kit import find_kit
from fluxcc.pbx.contexts import FUSIONPBX, Server

from .builders import FAR, GATE, OTHER, ROOM, SURVEY, FakeInquiry, codes, installation


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """FreeSWITCH's script folder, with the kit's scripts in it."""
    return Path(shutil.copytree(find_kit() / "scripts", tmp_path / "scripts"))


def of_version(extension: str, version: object) -> str:
    """The extension with another ``kit_version``, None for none."""
    attribute = "" if version is None else f' kit_version="{version}"'
    return extension.replace(' kit_version="2"', attribute)


def with_scripts(folder: Path) -> FakeInquiry:
    return FakeInquiry(variables={"script_dir": str(folder)})


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (2, []),
        (None, ["kit-outdated"]),
        ("x", ["kit-outdated"]),
        (1, ["kit-outdated"]),
        (3, ["kit-newer"]),
    ],
)
def test_the_version_that_freeswitch_runs(version: object, expected: list[str]) -> None:
    both = of_version(ROOM, version) + of_version(SURVEY, version)
    for gate, default in ((of_version(GATE, version), ROOM + SURVEY), (GATE, both)):
        inquiry = FakeInquiry(contexts={"public": gate, "default": default})
        assert codes(kit.check_dialplan(installation(inquiry))) == expected


def test_a_file_is_as_old_as_its_oldest_extension() -> None:
    for default in (
        of_version(ROOM, 2) + of_version(SURVEY, None),
        of_version(ROOM, None) + of_version(SURVEY, 2),
    ):
        inquiry = FakeInquiry(contexts={"public": GATE, "default": default})
        assert codes(kit.check_dialplan(installation(inquiry))) == ["kit-outdated"]


@pytest.mark.parametrize(
    "default", ["", ROOM, SURVEY, "<not XML"], ids=["none", "no-survey", "no-rooms", "not-xml"]
)
def test_missing_rooms_or_surveys_are_one_missing_file(default: str) -> None:
    inquiry = FakeInquiry(contexts={"public": GATE, "default": default})
    (finding,) = kit.check_dialplan(installation(inquiry))
    assert (finding.code, finding.facts) == (
        "kit-missing",
        {"file": "dialplan/default/00_fluxcc.xml"},
    )


def test_a_missing_gate_is_left_to_its_own_check() -> None:
    inquiry = FakeInquiry(contexts={"default": ROOM + SURVEY})
    assert codes(kit.check_dialplan(installation(inquiry))) == []


def test_the_kits_scripts_are_right(scripts: Path) -> None:
    assert codes(kit.check_scripts(installation(with_scripts(scripts)))) == []


def test_a_missing_script_is_grave(scripts: Path) -> None:
    (scripts / "avali_e.lua").unlink()
    (finding,) = kit.check_scripts(installation(with_scripts(scripts)))
    assert (finding.code, finding.facts) == ("kit-missing", {"file": "scripts/avali_e.lua"})


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("-- mine\n", ["kit-outdated"]),
        ("-- fluxcc-kit-version: 0\n", ["kit-outdated"]),
        ("-- fluxcc-kit-version: 3\n", ["kit-newer"]),
    ],
)
def test_the_version_of_a_script(scripts: Path, head: str, expected: list[str]) -> None:
    (scripts / "fluxcc.lua").write_text(head)
    assert codes(kit.check_scripts(installation(with_scripts(scripts)))) == expected


def test_a_script_that_cannot_be_read_is_skipped(scripts: Path) -> None:
    (scripts / "fluxcc.lua").unlink()
    (scripts / "fluxcc.lua").mkdir()
    (finding,) = kit.check_scripts(installation(with_scripts(scripts)))
    assert finding.code == "script-unreadable"
    assert finding.facts["reason"] == os.strerror(errno.EISDIR)


def test_a_far_freeswitchs_files_are_not_looked_for() -> None:
    inquiry = FakeInquiry(variables={"script_dir": "/x"})
    far = installation(inquiry, settings=FAR)
    assert codes(kit.check_scripts(far)) == ["scripts-elsewhere"]


def test_folders_that_freeswitch_does_not_name_are_not_looked_for() -> None:
    assert codes(kit.check_scripts(installation())) == ["scripts-elsewhere"]


@pytest.mark.parametrize(
    ("server", "remedies"),
    [
        (Server(), {"kit install DIR"}),
        (Server("mod_lua", FUSIONPBX), {"kit install --fusionpbx"}),
        (Server("mod_xml_curl"), {"kit install DIR", "What mod_xml_curl serves"}),
    ],
    ids=["files", "fusionpbx", "mod_xml_curl"],
)
def test_a_remedy_leads_to_where_the_dialplan_comes_from(
    tmp_path: Path, server: Server, remedies: set[str]
) -> None:
    """``kit install DIR`` on FusionPBX would put the files where nothing reads them."""
    inquiry = FakeInquiry(
        server=server,
        contexts={"default": OTHER},
        variables={"script_dir": str(tmp_path), "sounds_dir": str(tmp_path)},
    )
    whole = installation(inquiry)
    found = [*kit.check_dialplan(whole), *kit.check_scripts(whole)]
    found = [each for each in found if each.code != "context-of-no-domain"]
    assert set(codes(found)) == {"kit-missing"}
    told = [each.remedy.format(**each.facts) for each in found]
    assert all(any(remedy in each for remedy in remedies) for each in told)
    assert all(any(remedy in each for each in told) for remedy in remedies)


def test_on_fusionpbx_a_context_of_no_domain_is_named_with_what_to_set() -> None:
    """As delivered, the settings name ``default``, which FusionPBX serves with the rows for all
    domains alone, the kit's among them."""
    inquiry = FakeInquiry(
        server=Server("mod_lua", FUSIONPBX), contexts={"default": ROOM + SURVEY, "public": GATE}
    )
    found = list(kit.check_dialplan(installation(inquiry)))
    assert codes(found) == ["context-of-no-domain"] * 2
    assert {each.state for each in found} == {State.WARNING}
    assert [each.facts["key"] for each in found] == ["conference.context", "survey.context"]
    assert all('"{domain}"' in each.remedy.format(**each.facts) for each in found)


def test_on_fusionpbx_a_missing_kit_is_told_besides() -> None:
    inquiry = FakeInquiry(server=Server("mod_lua", FUSIONPBX), contexts={"default": OTHER})
    found = codes(kit.check_dialplan(installation(inquiry)))
    assert found == ["context-of-no-domain"] * 2 + ["kit-missing"]


@pytest.mark.parametrize("setting", ["{domain}", "a.example"])
def test_on_fusionpbx_the_kit_is_looked_for_in_the_domains_contexts(setting: str) -> None:
    settings = Settings(
        conference=ConferenceSettings(context=setting), survey=SurveySettings(context=setting)
    )
    inquiry = FakeInquiry(
        server=Server("mod_lua", FUSIONPBX),
        contexts={"a.example": ROOM + SURVEY, "public": GATE},
        registrations=[("1000", "a.example")],
    )
    assert codes(kit.check_dialplan(installation(inquiry, settings=settings))) == []
