"""``names`` has what stands in the kit's files, each where its kind stands, and leaves none out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import fluxcc
from fluxcc import spool
from fluxcc.actions import survey
from fluxcc.domain.provisioning import MOST_QUESTIONS, Group, Language, Scale
from fluxcc.kit import find_kit, names, read_version
from fluxcc.pbx import events
from tests.builders import a_conversation

KIT = find_kit()
DOCUMENT = KIT.parent / "docs/kit.md"
XML = "\n".join(file.read_text(encoding="utf-8") for file in sorted(KIT.rglob("*.xml")))
LUA = "\n".join(file.read_text(encoding="utf-8") for file in sorted(KIT.rglob("*.lua")))
DIALPLAN = re.sub(r"<!--.*?-->", "", XML, flags=re.DOTALL)
SCRIPTS = re.sub(r"--.*", "", LUA)
NAMES = {name: value for name, value in vars(names).items() if name.isupper()}


def stands_as(pattern: str, text: str = DIALPLAN) -> Callable[[str], bool]:
    """Whether a text has a name where the pattern says ``NAME``; comments do not count."""
    return lambda name: bool(re.search(pattern.replace("NAME", re.escape(name)), text))


def is_read(name: str) -> bool:
    """Whether the dialplan or a script reads this global variable."""
    return stands_as(r"\$\{NAME\}")(name) or stands_as(r'global\("NAME"\)', SCRIPTS)(name)


def is_put_before(name: str) -> bool:
    """Whether a script or the dialplan reads variables whose names begin so."""
    return stands_as(r'getVariable\("NAME" \.\.', SCRIPTS)(name) or stands_as(r"\$\{NAME\$\{")(name)


def is_in_each_file(mark: str) -> bool:
    files = [*KIT.rglob("*.xml"), *KIT.rglob("*.lua")]
    return all(re.search(rf"\b{mark}: \d", file.read_text(encoding="utf-8")) for file in files)


IS_IN_THE_KIT: dict[str, Callable[[str], bool]] = {
    "REALM": stands_as(r"\$\{hash\(select/NAME/"),
    "KEY": stands_as(rf"\$\{{hash\(select/{names.SETTINGS_REALM}/NAME\)"),
    "EXTENSION": stands_as('<extension name="NAME"'),
    "ATTRIBUTE": stands_as(r'<extension [^>]*\bNAME="\d'),
    "MARK": is_in_each_file,
    "PREFIX": is_put_before,
    "VARIABLE": is_read,
    "CONTEXT": lambda name: (KIT / "dialplan" / name).is_dir(),
    "FILE": lambda name: all((each / name).is_file() for each in (KIT / "dialplan").iterdir()),
    "PATH": lambda name: (KIT / name).is_file(),
    "SCRIPT": lambda name: (KIT / "scripts" / name).is_file(),
    "FOLDER": lambda name: (KIT / "sounds" / name).is_dir() and f'"/{name}/"' in SCRIPTS,
}
"""The last word of a constant → whether the kit has such a thing of that name."""


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_where_the_kit_has_such_things(name: str) -> None:
    assert IS_IN_THE_KIT[name.rpartition("_")[2]](NAMES[name])


@pytest.mark.parametrize("kind", IS_IN_THE_KIT)
def test_a_name_that_the_kit_does_not_have_would_be_seen(kind: str) -> None:
    assert not IS_IN_THE_KIT[kind]("fluxcc_other")


def unknown(text: str) -> set[str]:
    """The kit's names in a text that ``names`` does not have."""
    return set(re.findall(r"\bfluxcc_\w*", text)) - set(NAMES.values())


def test_the_kit_has_no_other_names() -> None:
    assert not unknown(XML + LUA)
    assert unknown(XML.replace("${hash(select/fluxcc_room/", "${hash(select/fluxcc_rooms/")) == {
        "fluxcc_rooms"
    }


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("REALM", r"hash\(select/(\w+)/"),
        ("KEY", rf"hash\(select/{names.SETTINGS_REALM}/(\w+)\)"),
        ("EXTENSION", r'<extension name="(\w+)"'),
    ],
)
def test_the_kit_has_no_other_things_of_a_kind(kind: str, pattern: str) -> None:
    known = {value for name, value in NAMES.items() if name.endswith(f"_{kind}")}
    assert set(re.findall(pattern, DIALPLAN)) == known


def test_the_kit_has_no_other_files() -> None:
    told = {names.GATE_PATH, names.DOMAIN_GATE_PATH, names.DESTINATION_PATH} | {
        f"scripts/{value}" for name, value in NAMES.items() if name.endswith("_SCRIPT")
    }
    found = {path.relative_to(KIT) for path in KIT.rglob("*") if path.is_file()}
    prompts = {path for path in found if path.parent.parent == Path("sounds") / names.PROMPT_FOLDER}
    assert {str(path) for path in found - prompts} == told
    assert {path.parent.name for path in prompts} == {each.value for each in Language}


@pytest.mark.parametrize("language", list(Language))
def test_each_language_has_every_recording_that_is_asked_for(language: Language) -> None:
    folder = KIT / "sounds" / names.PROMPT_FOLDER / language.value
    texts = (folder / "prompts.txt").read_text(encoding="utf-8").splitlines()
    told = [line.split("|")[0] for line in texts]
    questions = [
        f"question_{number}_{scale.value}"
        for scale in Scale
        for number in range(1, MOST_QUESTIONS + 1)
    ]
    assert told == [*questions, "invalid", "thanks"]
    assert {path.stem for path in folder.glob("*.wav")} == set(told)


def test_the_script_knows_every_language() -> None:
    (known,) = re.findall(r"local LANGUAGES = \{(.*?)\}", SCRIPTS)
    assert set(re.findall(r"(\w+) = true", known)) == {each.value for each in Language}


def test_the_programs_sentences_name_files_that_the_kit_has() -> None:
    package = Path(fluxcc.__file__).parent
    text = "\n".join(file.read_text(encoding="utf-8") for file in package.rglob("*.py"))
    found = re.findall(r"\bdialplan/\w+/\w+\.xml\b", text)
    assert set(found) <= {names.GATE_PATH, names.DOMAIN_GATE_PATH, names.DESTINATION_PATH}


def test_the_delivered_kit_has_one_version() -> None:
    files = [*KIT.rglob("*.xml"), *KIT.rglob("*.lua")]
    assert {read_version(file) for file in files} == {3}
    assert DIALPLAN.count("<extension ") == DIALPLAN.count(f' {names.VERSION_ATTRIBUTE}="3"')


def test_the_survey_extension_runs_the_surveys_script() -> None:
    assert f'<action application="lua" data="{names.SURVEY_SCRIPT}"/>' in DIALPLAN


def test_the_room_extension_schedules_the_rooms_script() -> None:
    assert re.search(
        rf'data="api_result=\$\{{sched_api\(\+\d+ none lua {names.ROOM_SCRIPT} ', DIALPLAN
    )


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.endswith(("_VARIABLE", "_SCRIPT", "_PATH"))]
)
def test_what_an_administrator_meets_is_explained(name: str) -> None:
    assert NAMES[name] in DOCUMENT.read_text(encoding="utf-8")


# What the scripts share with other parts of the program


def test_the_survey_is_told_what_it_asks_for() -> None:
    asked = set(re.findall(r'(?<!\w)variable\("(\w+)"\)', SCRIPTS))
    told = survey.brief(a_conversation(), Group("sales", has_survey=True)).facts
    assert asked == {name for name, _value in told}


def test_the_scripts_events_are_those_of_the_program() -> None:
    assert set(re.findall(r'"(fluxcc::\w+)"', SCRIPTS)) == {
        events.REQUEST,
        events.REPLY,
        events.SURVEY,
    }


def test_the_surveys_files_are_those_that_the_daemon_looks_for() -> None:
    for ending in (spool.PART, spool.DONE):
        assert f'"/{spool.BEGINNING}" .. id .. "{ending}"' in SCRIPTS
