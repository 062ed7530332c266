"""``config``: shows the settings in force, and checks a configuration."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import click

from fluxcc.cli.session import MISCONFIGURED, Session, json_option, pass_session
from fluxcc.cli.table import Table
from fluxcc.config import (
    DECLARED,
    DEFAULT_FILE,
    Duration,
    load,
    named_file,
    origins,
    write_duration,
)
from fluxcc.config.declaration import Declared
from fluxcc.domain.errors import ConfigurationError
from fluxcc.marking import _

HIDDEN = "********"
_PASSWORD_IN_URL = re.compile(r"(?<=//)([^:/@]*):.*@|(?<=[?&])(password)=[^&]*")


@click.group("config")
def config_command() -> None:
    """The configuration: what is in force, and whether it is right."""


@config_command.command("show")
@json_option
@pass_session
def show_config(session: Session) -> None:
    """Show every setting as it is in force, and where it comes from.

    A password is never shown.

    \b
    fluxcc config show
    FLUXCC_PBX_PORT=8022 fluxcc config show --json
    """
    values = _values(session)
    sources = origins(session.file, os.environ)
    if session.as_json:
        session.show_json(
            [
                {"key": key, "value": value, "origin": sources[key].value}
                for key, value in values.items()
            ]
        )
        return
    table = Table([_("setting"), _("value"), _("origin")])
    for key, value in values.items():
        table.add(key, _written(value), session.translate(_ORIGINS[sources[key].value]))
    table.show(session)


_ORIGINS = {"default": _("default"), "file": _("file"), "environment": _("environment")}


@config_command.command("check")
@json_option
@pass_session
def check_config(session: Session) -> None:
    """Tell every fault of the configuration; exit code 78 where there is one.

    \b
    fluxcc --config new.toml config check
    """
    try:
        load(session.file, os.environ)
    except ConfigurationError as error:
        if session.as_json:
            faults = [
                {"key": each.key, "problem": session.translate_fault(each)} for each in error.faults
            ]
            session.show_json({"valid": False, "faults": faults})
        for fault in error.faults:
            click.echo(f"{fault.key}: {session.translate_fault(fault)}", err=True)
        sys.exit(MISCONFIGURED)
    if session.as_json:
        session.show_json({"valid": True, "faults": []})
        return
    file = named_file(session.file, os.environ) or DEFAULT_FILE
    if file.exists():
        session.say(_("The configuration in {file} is right."), file=file)
    else:
        session.say(_("The configuration is right; there is no file {file}."), file=file)


def _values(session: Session) -> dict[str, Any]:
    """Key → value, as the file would have it."""
    values = {each.path: _shown(each, session) for each in DECLARED}
    for key in ("site.url", "site.listen_url"):
        values[key] = _PASSWORD_IN_URL.sub(_hide, values[key])
    return values


def _shown(each: Declared, session: Session) -> Any:
    value = each.value(session.settings)
    if each.key.is_secret:
        return HIDDEN
    return write_duration(value) if isinstance(value, Duration) else value


def _hide(found: re.Match[str]) -> str:
    return f"{found[1]}:{HIDDEN}@" if found[2] is None else f"{found[2]}={HIDDEN}"


def _written(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
