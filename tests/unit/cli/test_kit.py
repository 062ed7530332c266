"""``fluxcc kit install``: what is written where, what is asked first, and what is said after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fluxcc.cli import kit_files, main
from fluxcc.domain.errors import LinkLostError
from fluxcc.kit import find_kit
from fluxcc.kit.names import DESTINATION_PATH, GATE_PATH
from fluxcc.kit.parts import Part, read_part

CONTEXT = """<include>
<context name="{0}">
  <extension name="unloop"/>
  <X-PRE-PROCESS cmd="include" data="{0}/*.xml"/>
</context>
</include>
"""
WITHOUT = '<include>\n<context name="{}">\n</context>\n</include>\n'


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """FreeSWITCH's configuration folder."""
    folder = tmp_path / "conf"
    (folder / "dialplan").mkdir(parents=True)
    (folder / "dialplan/default.xml").write_text(CONTEXT.format("default"))
    (folder / "dialplan/public.xml").write_text(CONTEXT.format("public"))
    return folder


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which variables FreeSWITCH names; it does not answer where this is not called."""

    class Absent:
        def __init__(self, _address: object) -> None:
            raise LinkLostError("nothing listens")

    def set_variables(**variables: object) -> None:
        class Inquiry:
            def __init__(self, _address: object) -> None:
                pass

            def __enter__(self) -> Inquiry:
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def variable(self, name: str) -> str:
                return str(variables.get(name, ""))

        monkeypatch.setattr("fluxcc.pbx.inquiry.Inquiry", Inquiry)

    monkeypatch.setattr("fluxcc.pbx.inquiry.Inquiry", Absent)
    return set_variables


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed comes from a terminal."""
    stdin = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(kit_files, "sys", SimpleNamespace(stdin=stdin))


def run(*arguments: object, typed: str | None = None) -> Result:
    words = ["kit", "install", *map(str, arguments)]
    return CliRunner().invoke(main, words, input=typed)


def install(conf: Path, *options: str, typed: str | None = None) -> Result:
    """With the folders named, so that FreeSWITCH is not asked."""
    places = [f"--{name}={conf.with_name(name)}" for name in ("scripts", "sounds")]
    return run(conf, *places, *options, typed=typed)


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def changes(result: Result) -> set[str]:
    return {each["change"] for each in document(result)["files"]}


def test_everything_is_written_and_what_comes_next_is_said(conf: Path) -> None:
    result = install(conf)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "+++ " in result.stdout
    assert "The kit is installed. Let FreeSWITCH read it: fs_cli -x reloadxml" in result.stdout
    for file in (GATE_PATH, DESTINATION_PATH, "../scripts/fluxcc.lua"):
        assert (conf / file).exists()
    assert "extension unloop comes before the gate" in result.stdout
    # Rooms and survey need not be first.
    assert "default.xml" not in result.stdout


def test_json_has_every_file_and_context(conf: Path) -> None:
    result = install(conf, "--json")
    told = document(result)
    assert told["done"] is True
    assert changes(result) == {"new"}
    assert told["contexts"] == [
        {"context": "default", "included": True, "before": "unloop"},
        {"context": "public", "included": True, "before": "unloop"},
    ]
    assert changes(install(conf, "--json")) == {"same"}


def test_a_context_without_the_kit_is_named(conf: Path) -> None:
    for name in ("default", "public"):
        (conf / f"dialplan/{name}.xml").write_text(WITHOUT.format(name))
    lines = install(conf).stdout.splitlines()
    assert any("Context default" in line and "it has no rooms" in line for line in lines)
    assert any("Context public" in line and "blocked callers pass" in line for line in lines)


def test_the_gate_is_put_first_where_that_is_asked_for(conf: Path) -> None:
    result = install(conf, "--gate-first", "--json")
    assert [each for each in document(result)["files"] if each["change"] == "edited"] == [
        {"file": str(conf / "dialplan/public.xml"), "change": "edited"}
    ]
    (public,) = [each for each in document(result)["contexts"] if each["context"] == "public"]
    assert public == {"context": "public", "included": True, "before": ""}
    assert "edited" not in changes(install(conf, "--gate-first", "--json"))


def test_nothing_is_written_on_a_dry_run(conf: Path) -> None:
    result = install(conf, "--dry-run")
    assert result.exit_code == 0
    assert "+++ " in result.stdout
    assert "Nothing was written." in result.stdout
    assert not (conf / GATE_PATH).exists()
    assert document(install(conf, "--dry-run", "--json"))["done"] is False


def test_a_changed_file_is_left_alone_and_named(conf: Path) -> None:
    install(conf)
    (conf / GATE_PATH).write_text("mine\n")
    result = install(conf)
    assert result.exit_code == 1
    assert result.stderr.startswith("kit-file-changed: ")
    assert str(conf / GATE_PATH) in result.stderr
    assert (conf / GATE_PATH).read_text() == "mine\n"
    assert install(conf, "--force").exit_code == 0
    assert (conf / GATE_PATH).read_text() != "mine\n"


def test_a_folder_that_is_no_configuration_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("no-configuration: ")


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (PermissionError(13, "denied", "/etc/freeswitch/x"), 77, "not-permitted: "),
        (OSError("no space"), 1, "not-installed: Not installed: no space"),
    ],
)
def test_what_cannot_be_written_fails(
    conf: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, exit_code: int, code: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(kit_files, "install", fail)
    result = install(conf)
    assert result.exit_code == exit_code
    assert result.stderr.startswith(code)


# Where scripts and sounds go


def test_freeswitch_is_asked_where_scripts_and_sounds_go(
    conf: Path, tmp_path: Path, answers: Callable[..., None]
) -> None:
    answers(conf_dir=conf, script_dir=tmp_path / "a", sounds_dir=tmp_path / "b")
    assert run(conf).exit_code == 0
    assert (tmp_path / "a/fluxcc.lua").exists()
    assert (tmp_path / "b/fluxcc/pt_BR/thanks.wav").exists()


def test_what_is_given_counts_before_what_freeswitch_says(
    conf: Path, tmp_path: Path, answers: Callable[..., None]
) -> None:
    answers(conf_dir=conf, script_dir=tmp_path / "a", sounds_dir=tmp_path / "b")
    assert run(conf, "--scripts", tmp_path / "c").exit_code == 0
    assert (tmp_path / "c/fluxcc.lua").exists()
    assert (tmp_path / "b/fluxcc").exists()
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("variables", [None, {"conf_dir": "/other"}, {"script_dir": "/x"}])
def test_without_freeswitchs_word_the_folders_have_to_be_named(
    conf: Path, answers: Callable[..., None], variables: dict[str, str] | None
) -> None:
    if variables is not None:
        answers(**variables)
    result = run(conf)
    assert result.exit_code == 2
    assert "--scripts" in result.stderr
    assert not (conf / GATE_PATH).exists()


@pytest.mark.usefixtures("terminal", "answers")
def test_on_a_terminal_the_folders_are_asked_for(conf: Path, tmp_path: Path) -> None:
    result = run(conf, "--sounds", tmp_path / "b", typed=f"{tmp_path}/a\ny\n")
    assert result.exit_code == 0
    assert "FreeSWITCH's folder of scripts: " in result.stdout
    assert "FreeSWITCH's folder of sounds: " not in result.stdout
    assert (tmp_path / "a/fluxcc.lua").exists()


# What is asked before anything is written


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("typed", "is_written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_the_person_is_asked_before_anything_is_written(
    conf: Path, typed: str, is_written: bool
) -> None:
    result = install(conf, typed=typed)
    assert result.exit_code == 0
    assert "Write this?" in result.stderr
    assert (conf / GATE_PATH).exists() is is_written


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_a_person_who_said_so_is_not_asked(conf: Path, option: str) -> None:
    assert "Write this?" not in install(conf, option, typed="").output


@pytest.mark.usefixtures("terminal")
def test_nobody_is_asked_where_nothing_changes(conf: Path) -> None:
    install(conf, "--yes")
    result = install(conf, typed="")
    assert result.exit_code == 0
    assert "Write this?" not in result.output


# What is in force


def test_an_install_that_no_context_takes_in_is_no_success(conf: Path) -> None:
    for name in ("default", "public"):
        (conf / f"dialplan/{name}.xml").write_text(WITHOUT.format(name))
    result = install(conf)
    assert result.exit_code == 1
    assert result.stderr.startswith("kit-not-included: ")
    assert "fluxcc kit show" in result.stderr
    assert "The kit is installed" not in result.stdout
    # The scripts are needed wherever the dialplan is.
    assert (conf / "../scripts/fluxcc.lua").exists()
    assert install(conf, "--dry-run").exit_code == 0


def test_a_folder_without_any_context_is_no_success(conf: Path) -> None:
    for name in ("default", "public"):
        (conf / f"dialplan/{name}.xml").unlink()
    assert install(conf).stderr.startswith("kit-not-included: ")


def test_without_a_folder_it_is_asked_for() -> None:
    for command in ("install", "remove"):
        result = CliRunner().invoke(main, ["kit", command])
        assert result.exit_code == 2
        assert "Say which configuration folder" in result.stderr


# Removal


def remove(conf: Path, *options: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["kit", "remove", str(conf), *options], input=typed)


def test_removal_leaves_the_configuration_as_it_was(conf: Path, tmp_path: Path) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = files()
    install(conf, "--gate-first")
    assert files() != before
    dry = remove(conf, "--dry-run")
    assert dry.exit_code == 0
    assert f"--- {conf / GATE_PATH}" in dry.stdout
    assert "Nothing was changed." in dry.stdout
    result = remove(conf)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "The kit is removed. Let FreeSWITCH read it: fs_cli -x reloadxml" in result.stdout
    assert files() == before
    assert remove(conf).exit_code == 0


def test_a_changed_file_is_not_removed_and_named(conf: Path) -> None:
    install(conf)
    (conf / GATE_PATH).write_text("mine\n")
    result = remove(conf, "--json")
    assert result.exit_code == 1
    assert result.stderr.startswith("kit-file-changed: ")
    told = document(result)
    assert told["done"] is True
    assert told["left"] == [str(conf / GATE_PATH)]
    assert str(conf / DESTINATION_PATH) in told["removed"]
    assert remove(conf, "--force").exit_code == 0
    assert not (conf / GATE_PATH).exists()


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("typed", "is_gone"), [("y\n", True), ("n\n", False)])
def test_on_a_terminal_the_person_is_asked_before_anything_goes(
    conf: Path, typed: str, is_gone: bool
) -> None:
    install(conf, "--yes")
    assert remove(conf, typed=typed).exit_code == 0
    assert (conf / GATE_PATH).exists() is not is_gone


# Its parts


@pytest.mark.parametrize("part", Part)
def test_each_part_is_shown(part: Part) -> None:
    result = CliRunner().invoke(main, ["kit", "show", part.value])
    assert result.exit_code == 0
    assert result.stdout == read_part(find_kit(), part)
