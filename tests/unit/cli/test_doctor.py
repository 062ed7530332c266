"""``fluxcc doctor``: how the results are printed, and the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from fluxcc.cli import doctor, main
from fluxcc.config import Settings, StoreSettings
from fluxcc.doctor import checks
from fluxcc.doctor.checks import CHECKS, OK
from fluxcc.doctor.finding import Finding, grave, skipped, warning

GRAVE = grave("pbx-unreachable", "{host} does not answer.", "Start {host}.", host="pbx1")
WARNING = warning("disk-nearly-full", "Only {megabytes} MB are left.", "Make room.", megabytes=3)
SKIPPED = skipped("pbx-silent", "Not looked at.")


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the diagnosis finds: by the check's name, ``OK`` for the others."""

    def set_findings(**findings: Finding) -> None:
        results = [checks.Result(check, findings.get(check.name, OK)) for check in CHECKS]
        monkeypatch.setattr(doctor, "diagnose", lambda *_, **__: results)

    return set_findings


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], env=environment)


def test_every_check_has_its_line(find: Callable[..., None]) -> None:
    find()
    result = run()
    *lines, counts = result.stdout.splitlines()
    assert lines == [f"ok       {check.title}" for check in CHECKS]
    assert counts == "Grave: 0. Warnings: 0. Skipped: 0."
    assert result.exit_code == 0


def test_a_fault_is_printed_with_what_to_do(find: Callable[..., None]) -> None:
    find(link=GRAVE, disk=WARNING, gate=SKIPPED)
    result = run()
    lines = result.stdout.splitlines()
    blanks = " " * (len("skipped") + max(len(check.title) for check in CHECKS) + 4)
    assert "GRAVE    link to FreeSWITCH            pbx1 does not answer." in lines
    assert lines[lines.index(f"{blanks}→ Start pbx1.") - 1].startswith("GRAVE")
    assert "warning  disk                          Only 3 MB are left." in lines
    assert f"{blanks}→ Make room." in lines
    assert "skipped  gate in place                 Not looked at." in lines
    assert lines[-1] == "Grave: 1. Warnings: 1. Skipped: 1."
    assert result.exit_code == 1


def test_only_a_grave_fault_fails(find: Callable[..., None]) -> None:
    find(disk=WARNING, gate=SKIPPED)
    assert run().exit_code == run("--json").exit_code == 0


def test_titles_and_states_are_in_the_readers_language(find: Callable[..., None]) -> None:
    find(disk=WARNING)
    result = run(LC_ALL="pt_BR.UTF-8")
    assert "aviso" in result.stdout
    assert result.stdout.splitlines()[-1] == "Graves: 0. Avisos: 1. Não verificados: 0."
    translated = sum(check.title in result.stdout for check in CHECKS)
    # A few are the same in both languages.
    assert translated < len(CHECKS) / 4


def test_json_has_every_finding(find: Callable[..., None]) -> None:
    find(disk=WARNING, link=GRAVE)
    result = run("--json")
    document = json.loads(result.stdout)
    assert document["healthy"] is False
    found = {each["check"]: each for each in document["findings"]}
    assert list(found) == [check.name for check in CHECKS]
    assert found["link"] == {
        "check": "link",
        "state": "grave",
        "code": "pbx-unreachable",
        "problem": "pbx1 does not answer.",
        "remedy": "Start pbx1.",
        "facts": {"host": "pbx1"},
    }
    assert found["disk"]["facts"] == {"megabytes": "3"}
    assert (found["gate"]["state"], found["gate"]["problem"]) == ("ok", "")


def test_what_a_stranger_may_have_chosen_is_harmless_to_a_terminal(
    find: Callable[..., None],
) -> None:
    find(link=grave("x", "{name} is wrong.", "", name="a\x1b[31m\nb"))
    assert "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b is wrong." in run().stdout


def test_the_faults_of_a_configuration_are_the_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "diagnose", lambda *_, **__: pytest.fail("diagnosed"))
    for language, problem in (("C.UTF-8", "must be"), ("pt_BR.UTF-8", "deve")):
        result = run("--json", FLUXCC_PBX_PORT="0", LC_ALL=language)
        document = json.loads(result.stdout)
        (fault,) = [each for each in document["findings"] if each["state"] == "grave"]
        assert (fault["check"], fault["code"]) == ("configuration", "configuration-fault")
        assert fault["problem"].startswith(f"pbx.port: {problem}")
        assert len(document["findings"]) == len(CHECKS)
        assert result.exit_code == 1


def test_the_diagnosis_is_told_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnoses: list[tuple[int, dict[str, Any]]] = []

    def diagnose(settings: Settings, ask: Callable[[], object], **options: Any) -> list[object]:
        assert options.pop("ask_site")
        diagnoses.append((settings.pbx.port, options))
        return [checks.Result(CHECKS[0], OK)]

    monkeypatch.setattr(doctor, "diagnose", diagnose)
    run(FLUXCC_PBX_PORT="8022")
    run("--call")
    assert diagnoses == [(8022, {"places_call": False}), (8021, {"places_call": True})]


def test_a_daemon_that_is_down_is_asked_in_vain(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(url=f"sqlite:///{tmp_path}/none.db"))
    with pytest.raises(FileNotFoundError):
        doctor.ask_status(settings)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_line_that_is_too_long_for_the_terminal_goes_on_below_itself(
    find: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    width: int,
) -> None:
    find(link=grave("x", "Wrong " + "word " * 30, "Write " + "other " * 30))
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(SystemExit):
        main(["doctor"])
    lines = [click.unstyle(line) for line in capsys.readouterr().out.splitlines()]
    titles = max(len(check.title) for check in CHECKS)
    left = len("skipped") + titles + 4
    # However narrow the terminal is, a sentence has 30 columns.
    assert max(map(len, lines)) <= max(width, left + 2 + 30)
    start = next(number for number, line in enumerate(lines) if "Wrong" in line)
    arrow = next(number for number, line in enumerate(lines) if "→ Write" in line)
    assert {line[:left].strip() for line in lines[start + 1 : arrow]} == {""}
    assert sum(line.count("word") for line in lines[start:arrow]) == 30
    assert sum(line.count("other") for line in lines[arrow:]) == 30


def test_a_state_has_its_colour_on_a_terminal(find: Callable[..., None]) -> None:
    find(link=GRAVE)
    result = CliRunner().invoke(main, ["doctor"], color=True)
    assert click.style("GRAVE  ", "red") in result.stdout
    assert click.style("ok     ", "green") in result.stdout
