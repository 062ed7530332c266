"""The event socket's password is where it must be, and nowhere else (docs/security.md)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fluxcc import logs
from fluxcc.cli import main
from fluxcc.config import PbxSettings, Settings, SiteSettings, load
from fluxcc.domain.errors import ConfigurationError, LinkRefusedError
from fluxcc.pbx.link import Link
from fluxcc.pbx.switch import Address

SECRET = "hush-hush"


def test_whatever_is_shown_of_the_settings_has_no_password() -> None:
    site = SiteSettings(url=f"postgresql+psycopg://fluxcc:{SECRET}@host/fluxcc")
    settings = Settings(pbx=PbxSettings(password=SECRET), site=site)
    assert SECRET not in f"{settings} {settings!r} {Address('host', 8021, SECRET)!r}"


@pytest.mark.parametrize("end", ["\n", "\r", "\x00"])
def test_a_password_that_cannot_be_sent_is_in_no_traceback(end: str) -> None:
    link = Link("127.0.0.1", 8021, f"{SECRET}{end}{end}x")
    with pytest.raises(LinkRefusedError) as raised:
        link.authenticate()
    trace = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("fluxcc", logging.ERROR, "", 0, "lost", None, trace)
    for formatter in (logs.KeyValue(is_masking=False), logs.JsonLines(is_masking=False)):
        assert SECRET not in formatter.format(record)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("content", [f"{SECRET}\nmore", f"{SECRET}\x00", f"{SECRET}\x1b[2J"])
def test_a_password_that_is_no_line_is_a_fault_which_does_not_tell_it(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "password"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load(None, {"FLUXCC_CONFIG": "/dev/null", "FLUXCC_PBX_PASSWORD_FILE": str(file)})
    (fault,) = raised.value.faults
    assert fault.key == "pbx.password_file"
    assert SECRET not in str(raised.value) + repr(raised.value) + fault.problem


@pytest.mark.parametrize("value", [f'["{SECRET}"]', f'"{SECRET}\\n"', f'{{a = "{SECRET}"}}'])
def test_a_fault_of_the_password_does_not_tell_it(tmp_path: Path, value: str) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text(f"[pbx]\npassword = {value}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load(file, {})
    assert [fault.key for fault in raised.value.faults] == ["pbx.password"]
    assert SECRET not in f"{raised.value} {raised.value.faults}"


def test_no_command_takes_a_password_as_an_argument() -> None:
    """``ps`` would show it to everybody."""
    assert not [name for name in _options(main) if "pass" in name]


def _options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from parameter.opts
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _options(child)
