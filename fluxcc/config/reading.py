"""The settings out of a TOML file and the environment, checked whole: every fault at once.

Nothing is read twice: each part is given the settings that it needs. Counterpart: ``settings``,
which declares every key with its rule.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_origin

import msgspec

from fluxcc.config.declaration import PREFIX, Declared
from fluxcc.config.settings import DECLARED, STOCK_PASSWORD, Settings
from fluxcc.config.values import A_DURATION, Duration, WrongValueError, read_duration
from fluxcc.domain.errors import ConfigurationError, Fault
from fluxcc.marking import _

DEFAULT_FILE = Path("/etc/fluxcc/fluxcc.toml")
FILE_VARIABLE = "FLUXCC_CONFIG"
LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file that is read."""
ONE_LINE = _("must be one line, without control characters")
UNREADABLE = _("cannot be read: {error}")


def load(
    file: Path | None, environment: Mapping[str, str], *, is_password_needed: bool = True
) -> Settings:
    """The settings out of ``file`` (or the default places) and the environment, which wins.

    Only root and the daemon may read the password's file. Where the password is not needed it is
    empty for everybody else, so that operators need not be root. Raises ``ConfigurationError``
    with every fault there is.
    """
    faults: list[Fault] = []
    document = _read_file(file, environment, faults)
    _refuse_unknown(document, environment, faults)
    found: dict[str, dict[str, Any]] = {}
    for each in DECLARED:
        raw, is_text = _given(each, document, environment)
        if raw is not None:
            try:
                found.setdefault(each.section, {})[each.name] = _convert(raw, each.kind, is_text)
            except WrongValueError as wrong:
                faults.append(Fault(each.path, wrong.sentence, wrong.facts))
    # What could not be read is at its default here, so the rest can be checked all the same.
    settings = _build(found)
    settings = _with_password(settings, faults, is_needed=is_password_needed)
    for each in DECLARED:
        if each.key.rule is not None:
            try:
                each.key.rule(each.value(settings))
            except WrongValueError as wrong:
                faults.append(Fault(each.path, wrong.sentence, wrong.facts))
    if faults:
        raise ConfigurationError(sorted(faults, key=lambda fault: fault.key))
    return settings


class Origin(StrEnum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


def origins(file: Path | None, environment: Mapping[str, str]) -> dict[str, Origin]:
    """Where each key's value comes from, in a configuration without faults (``load``)."""
    document = _read_file(file, environment, [])
    found = {}
    for each in DECLARED:
        raw, is_text = _given(each, document, environment)
        given = Origin.ENVIRONMENT if is_text else Origin.FILE
        found[each.path] = Origin.DEFAULT if raw is None else given
    return found


def named_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The file that was named; without one, the default file is read where there is one."""
    return file or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)


def _read_file(
    file: Path | None, environment: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any]:
    named = named_file(file, environment)
    path = named or DEFAULT_FILE
    try:
        return msgspec.toml.decode(read_text(path), type=dict[str, Any])
    except FileNotFoundError:
        if named is not None:
            faults.append(Fault(str(path), _("does not exist")))
    except RecursionError:
        faults.append(Fault(str(path), _("cannot be read: it is nested too deep")))
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        faults.append(Fault(str(path), UNREADABLE, {"error": str(error)}))
    return {}


def read_text(path: Path) -> str:
    """A file's text. For a pipe a daemon that reads it again would wait, and a device would fill
    its memory: ``OSError`` is raised for these, and ``UnicodeDecodeError`` too."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        is_empty = found.st_rdev == os.stat(os.devnull).st_rdev and stat.S_ISCHR(found.st_mode)
        if not stat.S_ISREG(found.st_mode) and not is_empty:
            raise OSError(f"{path} is no regular file")
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise OSError(f"{path} is larger than {LARGEST_FILE // 1024**2} MB")
    return data.decode("utf-8")


def _given(
    each: Declared, document: dict[str, Any], environment: Mapping[str, str]
) -> tuple[Any, bool]:
    """What was set, None for nothing; and whether it is a text out of the environment."""
    if each.variable in environment:
        return environment[each.variable], True
    section = document.get(each.section, {}) if each.section else document
    return (section.get(each.name) if isinstance(section, dict) else None), False


def _refuse_unknown(
    document: dict[str, Any], environment: Mapping[str, str], faults: list[Fault]
) -> None:
    """Misspelt keys, sections and variables."""
    # Section → its keys; a key in no section has none below it.
    known: dict[str, list[str]] = {each.section or each.name: [] for each in DECLARED}
    for each in DECLARED:
        if each.section:
            known[each.section].append(each.name)
    for name, given in document.items():
        if name not in known:
            sentence = _("is not known; there are {names}")
            faults.append(Fault(name, sentence, {"names": ", ".join(known)}))
        elif known[name] and not isinstance(given, dict):
            faults.append(Fault(name, _("must be a table: [{name}]"), {"name": name}))
        elif known[name]:
            sentence = _("is not known; [{name}] has {names}")
            facts = {"name": name, "names": ", ".join(known[name])}
            faults += [Fault(f"{name}.{k}", sentence, facts) for k in given if k not in known[name]]
    variables = {each.variable for each in DECLARED}
    sections = tuple({f"{PREFIX}{each.section}_".upper() for each in DECLARED if each.section})
    for variable in environment:
        if variable.startswith(sections) and variable not in variables:
            faults.append(Fault(variable, _("is not the name of a setting")))


def _build(found: dict[str, dict[str, Any]]) -> Settings:
    """The settings of these values, by section; the rest is at its default."""
    shapes = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    sections = {name: shapes[name](**given) for name, given in found.items() if name}
    return Settings(**found.get("", {}), **sections)


def _convert(raw: Any, kind: Any, is_text: bool) -> Any:
    """One value as its key wants it. A list in the environment has commas between its items."""
    if kind is Duration:
        if not isinstance(raw, str):
            raise WrongValueError(A_DURATION)
        return read_duration(raw)
    if get_origin(kind) is tuple:
        return _convert_list(raw, is_text)
    if get_origin(kind) is dict:
        return _convert_table(raw, is_text)
    if kind is int:
        if is_text and re.fullmatch(r"\d{1,9}", raw, re.ASCII):
            raw = int(raw)
        if type(raw) is not int:
            raise WrongValueError(_("must be a whole number"))
        return raw
    if not isinstance(raw, str):
        raise WrongValueError(_("must be a text"))
    if not raw.isprintable():
        raise WrongValueError(ONE_LINE)
    return raw


def _convert_list(raw: Any, is_text: bool) -> tuple[str, ...]:
    if is_text:
        raw = [item.strip() for item in raw.split(",") if item.strip()]
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise WrongValueError(_("must be a list of texts"))
    return tuple(raw)


def _convert_table(raw: Any, is_text: bool) -> dict[str, str]:
    """In the environment ``NAME=VALUE,NAME=VALUE``."""
    if is_text:
        pairs = [item.partition("=") for item in raw.split(",") if item.strip()]
        raw = {name.strip(): value.strip() for name, _equals, value in pairs}
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise WrongValueError(_("must be a table of texts"))
    return raw


def _with_password(settings: Settings, faults: list[Fault], *, is_needed: bool) -> Settings:
    """The settings with the password out of its file, where it has one."""
    pbx = settings.pbx
    if not pbx.password_file:
        return (
            settings
            if pbx.password
            else msgspec.structs.replace(
                settings, pbx=msgspec.structs.replace(pbx, password=STOCK_PASSWORD)
            )
        )
    if pbx.password:
        faults.append(Fault("pbx.password_file", _("must not be set together with pbx.password")))
        return settings
    try:
        password = read_text(Path(pbx.password_file)).strip()
    except (OSError, UnicodeDecodeError) as error:
        if is_needed or not isinstance(error, PermissionError):
            faults.append(Fault("pbx.password_file", UNREADABLE, {"error": str(error)}))
        return settings
    if not password:
        faults.append(
            Fault("pbx.password_file", _("is empty; it must hold event_socket's password"))
        )
    elif not password.isprintable():
        faults.append(Fault("pbx.password_file", ONE_LINE))
    return msgspec.structs.replace(settings, pbx=msgspec.structs.replace(pbx, password=password))
