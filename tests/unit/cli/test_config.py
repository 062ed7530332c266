"""``fluxcc config``: what is in force, where from, and that no password is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fluxcc.cli import main
from fluxcc.config import Duration, read_duration, write_duration

SECRET = "hush-hush"


def run(file: Path, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(file), *arguments], env=environment)


def shown(file: Path, **environment: str) -> dict[str, tuple[Any, str]]:
    result = run(file, "config", "show", "--json", **environment)
    assert result.exit_code == 0
    return {each["key"]: (each["value"], each["origin"]) for each in json.loads(result.stdout)}


def test_each_setting_is_told_with_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text('lang = "en"\n[blocks]\nduration = "90m"\n[pbx]\nport = 8022\n')
    settings = shown(file, FLUXCC_PBX_PORT="8023", FLUXCC_NUMBERS_AREA_CODE="11")
    assert settings["lang"] == ("en", "file")
    assert settings["blocks.duration"] == ("90m", "file")
    assert settings["pbx.port"] == (8023, "environment")
    assert settings["numbers.area_code"] == ("11", "environment")
    assert settings["survey.destination"] == ("*28", "default")
    assert settings["calls.group_variables"] == (["fluxcc_group", "cc_queue"], "default")


@pytest.mark.parametrize(
    "site",
    [
        f"postgresql+psycopg://fluxcc:{SECRET}@db/fluxcc",
        f"postgresql+psycopg://fluxcc:{SECRET}/@{SECRET}@db/fluxcc",
        f"postgresql+psycopg://db/fluxcc?user=fluxcc&password={SECRET}&sslmode=require",
    ],
)
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_no_password_is_shown(tmp_path: Path, site: str, how: list[str]) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text(f'[pbx]\nnode = "pbx1"\npassword = "{SECRET}"\n[site]\nurl = "{site}"\n')
    result = run(file, "config", "show", *how)
    assert result.exit_code == 0
    assert SECRET not in result.output
    assert "db/fluxcc" in result.output


def test_a_right_configuration_is_said_to_be_right(tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text("[pbx]\nport = 8022\n")
    result = run(file, "config", "check")
    assert result.exit_code == 0
    assert str(file) in result.stdout


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text("[pbx]\nport = 0\nprot = 1\n")
    result = run(file, "config", "check")
    assert result.exit_code == 78
    assert "pbx.port: " in result.stderr
    assert "pbx.prot: is not known" in result.stderr
    result = run(file, "config", "check", "--json")
    assert result.exit_code == 78
    document = json.loads(result.stdout)
    assert document["valid"] is False
    assert [fault["key"] for fault in document["faults"]] == ["pbx.port", "pbx.prot"]


@pytest.mark.parametrize("text", ["1s", "90s", "30m", "90m", "5h", "1d", "90d"])
def test_a_duration_is_written_as_it_was_read(text: str) -> None:
    assert write_duration(read_duration(text)) == text
    assert write_duration(Duration(3600)) == "1h"
