"""The unit, the packaged configuration and the man page say what the program does.

The package itself is tried by ``make test-deb``, which takes a machine that is thrown away.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fluxcc.cli import COMMANDS
from fluxcc.config import Settings, load

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd/fluxcc.service"
DROP_IN = ROOT / "systemd/fusionpbx.conf"
"""For a FreeSWITCH that runs as www-data."""
CONFIGURATION = ROOT / "packaging/fluxcc.toml"
PACKAGES_OWN = {"password_file", "url", "socket"}
"""Keys that the package sets; every other one is there as a comment that shows the default."""
_COMMENTED = re.compile(r"^#(\w+ = )", re.MULTILINE)

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing (package systemd)"
)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@needs_systemd
def test_the_unit_is_hardly_exposed() -> None:
    """At most 2.0, in tenths."""
    done = analyze("security", "--offline=true", "--threshold=20", str(UNIT))
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    # The program is not where the package will put it.
    unit.write_text(UNIT.read_text().replace("/usr/bin/fluxcc", sys.executable))
    drop_ins = tmp_path / f"{UNIT.name}.d"
    drop_ins.mkdir()
    shutil.copy(DROP_IN, drop_ins)
    done = analyze("verify", "--man=no", str(unit))
    assert [line for line in done.stderr.splitlines() if "fluxcc" in line] == []


@pytest.mark.parametrize("unit", [UNIT, DROP_IN], ids=lambda path: path.name)
def test_every_line_of_the_unit_has_its_reason(unit: Path) -> None:
    """A comment above it, or above the lines that it belongs to."""
    blocks = re.split(r"\n(?=#)|\n\n|\n(?=\[)", unit.read_text())
    unexplained = [block for block in blocks if "=" in block and not block.startswith("#")]
    assert unexplained == []


def test_the_packaged_configuration_shows_every_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shown = tmp_path / "shown.toml"
    text = _COMMENTED.sub(r"\1", CONFIGURATION.read_text())
    (tmp_path / "esl.password").write_text("secret")
    shown.write_text(text.replace("/etc/fluxcc", str(tmp_path)))
    defaults, settings = Settings(), load(shown, {})
    for section in msgspec.structs.fields(Settings):
        default, value = getattr(defaults, section.name), getattr(settings, section.name)
        if not isinstance(default, msgspec.Struct):
            assert f"{section.name} = " in text
            assert value == default
            continue
        assert f"[{section.name}]" in text
        for field in msgspec.structs.fields(type(default)):
            if field.name == "password":
                continue
            assert f"\n{field.name} = " in text, f"{section.name}.{field.name}"
            if field.name not in PACKAGES_OWN | {"node"}:
                assert getattr(value, field.name) == getattr(default, field.name), field.name


def test_the_manual_has_every_command() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging/manpage.py"], capture_output=True, text=True, check=True
    )
    for command in COMMANDS:
        assert f".SS\nfluxcc {command} " in done.stdout
