"""The configuration: a TOML file and the environment, checked whole, into frozen settings.

Contract, section 5, which lists every key. The reference for an administrator is
``docs/configuration.md``. Nothing is read twice: whoever needs a setting is given it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_origin

import msgspec

from fluxcc import logs
from fluxcc.domain.errors import ConfigurationError, Fault
from fluxcc.marking import _

DEFAULT_FILE = Path("/etc/fluxcc/fluxcc.toml")
FILE_VARIABLE = "FLUXCC_CONFIG"
PREFIX = "FLUXCC_"
STOCK_PASSWORD = "ClueCon"  # noqa: S105  # FreeSWITCH's own default, known to everybody
"""What FreeSWITCH is delivered with, so that no configuration at all works beside a stock one."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 3650 * 86400
"""Seconds of the longest duration: what is meant to last longer is a mistake."""
SHORTEST_AUDIT = 86400
"""Seconds for which a request ID is remembered (contract, section 3), and so is its row."""
_DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
SQLITE = "sqlite:///"
LANGUAGES = ("pt_BR", "en")


class Duration(int):
    """Seconds, written ``90s``, ``30m``, ``2h`` or ``1d``."""


A_DURATION = _("must be a duration such as 90s, 30m, 2h or 1d")
ONE_LINE = _("must be one line, without control characters")
UNREADABLE = _("cannot be read: {error}")


def read_duration(text: str) -> Duration:
    """``30m`` → 1800. Raises ``ValueError``, with a text that says how it is written."""
    found = _DURATION.fullmatch(text)
    if found is None or int(found.group(1)) == 0:
        raise ValueError(A_DURATION)
    seconds = int(found.group(1)) * _UNITS[found.group(2)]
    if seconds > LONGEST:
        raise ValueError(_("must be ten years at the most"))
    return Duration(seconds)


def read_address(text: str) -> tuple[str, int]:
    """``127.0.0.1:9137`` or ``[::1]:9137`` → host and port. Raises ``ValueError``.

    The host must be there, and be an address: who wants to be heard beyond loopback says so.
    """
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"\d{1,5}", port, re.ASCII) or not 0 < int(port) < 65536:
        raise ValueError("no port")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError("an IPv6 address without brackets")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    return str(ipaddress.ip_address(host)), int(port)


def write_duration(seconds: int) -> str:
    """1800 → ``30m``, in the largest unit that says it exactly."""
    unit = next(unit for unit in reversed(_UNITS) if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def default_store() -> str:
    """SQLite where the user may write: the system's place for root, the home otherwise."""
    if os.geteuid() == 0:
        return "sqlite:////var/lib/fluxcc/fluxcc.db"
    return f"sqlite:///{Path.home() / '.local/state/fluxcc/fluxcc.db'}"


class PbxSettings(msgspec.Struct, frozen=True):
    """``[pbx]``"""

    node: str = msgspec.field(default_factory=socket.gethostname)
    host: str = "127.0.0.1"
    port: int = 8021
    password: str = ""
    password_file: str = ""

    def __repr__(self) -> str:
        """Without the password: whatever is shown of the settings ends in a log one day."""
        return f"PbxSettings({self.node!r}, {self.host!r}, {self.port!r})"


class StoreSettings(msgspec.Struct, frozen=True):
    """``[store]``"""

    url: str = msgspec.field(default_factory=default_store)

    def __repr__(self) -> str:
        """Without what may have a password in it."""
        return f"StoreSettings({self.url.partition(':')[0]!r})"


class BlockSettings(msgspec.Struct, frozen=True):
    """``[blocks]``"""

    duration: Duration = Duration(1800)
    internal: tuple[str, ...] = (r"^\d{2,6}$",)
    reject_cause: str = "CALL_REJECTED"


class NumberSettings(msgspec.Struct, frozen=True):
    """``[numbers]``"""

    country: str = "BR"
    area_code: str = ""


class CallSettings(msgspec.Struct, frozen=True):
    """``[calls]``"""

    group_variables: tuple[str, ...] = ("fluxcc_group", "cc_queue")
    agent_variables: tuple[str, ...] = ("fluxcc_agent", "cc_agent", "dialed_user")
    trunk_contexts: tuple[str, ...] = ("public",)
    """Where strangers come in: nobody is an extension there who only says so."""


class ConferenceSettings(msgspec.Struct, frozen=True):
    """``[conference]``"""

    room: str = "*{agent}"
    context: str = "default"


class SurveySettings(msgspec.Struct, frozen=True):
    """``[survey]``"""

    destination: str = "*28"
    context: str = "default"
    spool: str = ""
    """Folder in which the survey leaves its answers; empty for FreeSWITCH's own storage."""


class RetentionSettings(msgspec.Struct, frozen=True):
    """``[retention]``"""

    calls: Duration = Duration(90 * 86400)
    audit: Duration = Duration(365 * 86400)


class ControlSettings(msgspec.Struct, frozen=True):
    """``[control]``"""

    socket: str = ""
    """Path of the operators' door; empty for a file beside the SQLite store."""


class LogSettings(msgspec.Struct, frozen=True):
    """``[log]``"""

    format: str = logs.TEXT
    level: str = "INFO"
    """``DEBUG`` also shows telephone numbers whole."""


class MetricsSettings(msgspec.Struct, frozen=True):
    """``[metrics]``"""

    listen: str = "127.0.0.1:9137"
    """Where metrics and health are told; empty for nowhere.

    On by default: what has to be switched on first is missed in the night in which it is needed.
    Nobody but this machine reads it there, and it has no telephone number in it.
    """

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port; None for nowhere. Raises ``ValueError`` where it is neither."""
        return read_address(self.listen) if self.listen else None


class Settings(msgspec.Struct, frozen=True):
    """Everything."""

    lang: str = "pt_BR"
    pbx: PbxSettings = PbxSettings()
    store: StoreSettings = StoreSettings()
    blocks: BlockSettings = BlockSettings()
    numbers: NumberSettings = NumberSettings()
    calls: CallSettings = CallSettings()
    conference: ConferenceSettings = ConferenceSettings()
    survey: SurveySettings = SurveySettings()
    retention: RetentionSettings = RetentionSettings()
    control: ControlSettings = ControlSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @property
    def control_socket(self) -> Path:
        """Where the daemon listens for operators."""
        if self.control.socket:
            return Path(self.control.socket)
        if self.store.url.startswith(SQLITE):
            return Path(self.store.url.removeprefix(SQLITE)).with_suffix(".sock")
        return Path(default_store().removeprefix(SQLITE)).with_suffix(".sock")


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
    sections: dict[str, Any] = {}
    known = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name in document.keys() - known.keys():
        faults.append(
            Fault(name, _("is not known; there are {names}"), {"names": ", ".join(known)})
        )
    for variable in _unknown_variables(environment):
        faults.append(Fault(variable, _("is not the name of a setting")))
    for name, section in known.items():
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            given = document.get(name, {})
            if not isinstance(given, dict):
                faults.append(Fault(name, _("must be a table: [{name}]"), {"name": name}))
                given = {}
            sections[name] = _read_section(name, section.type, given, environment, faults)
        else:
            value = environment.get(f"{PREFIX}{name.upper()}", document.get(name))
            if value is not None:
                sections[name] = value
    if sections.get("lang", "pt_BR") not in LANGUAGES:
        faults.append(Fault("lang", _("must be one of {names}"), {"names": ", ".join(LANGUAGES)}))
    # What could not be read is at its default here, so the rest can be checked all the same.
    settings = _with_password(Settings(**sections), faults, is_needed=is_password_needed)
    _check(settings, faults)
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
    found = {"lang": _origin(f"{PREFIX}LANG" in environment, "lang" in document)}
    for variable, (section, key) in _variables().items():
        is_in_file = key in document.get(section, {})
        found[f"{section}.{key}"] = _origin(variable in environment, is_in_file)
    return found


def _origin(is_in_environment: bool, is_in_file: bool) -> Origin:
    if is_in_environment:
        return Origin.ENVIRONMENT
    return Origin.FILE if is_in_file else Origin.DEFAULT


def named_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The file that somebody named; without one, the default file is read where there is one."""
    return file or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)


def _read_file(
    file: Path | None, environment: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any]:
    named = named_file(file, environment)
    path = named or DEFAULT_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named is not None:
            faults.append(Fault(str(path), _("does not exist")))
    except RecursionError:
        faults.append(Fault(str(path), _("cannot be read: it is nested too deep")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(Fault(str(path), UNREADABLE, {"error": str(error)}))
    return {}


def _variables() -> dict[str, tuple[str, str]]:
    """Environment variable → section and key."""
    return {
        f"{PREFIX}{section.name}_{field.name}".upper(): (section.name, field.name)
        for section in msgspec.structs.fields(Settings)
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct)
        for field in msgspec.structs.fields(section.type)
    }


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Misspelt settings: variables that begin like a section's and are none of its keys."""
    known = _variables()
    beginnings = tuple({variable[: variable.index("_", len(PREFIX)) + 1] for variable in known})
    return [name for name in environment if name.startswith(beginnings) and name not in known]


def _read_section(
    name: str,
    shape: type[msgspec.Struct],
    given: dict[str, Any],
    environment: Mapping[str, str],
    faults: list[Fault],
) -> msgspec.Struct:
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    for key in given.keys() - fields.keys():
        faults.append(
            Fault(
                f"{name}.{key}",
                _("is not known; [{name}] has {names}"),
                {"name": name, "names": ", ".join(fields)},
            )
        )
    values: dict[str, Any] = {}
    for key, field in fields.items():
        variable = f"{PREFIX}{name}_{key}".upper()
        is_from_environment = variable in environment
        if not is_from_environment and key not in given:
            continue
        raw = environment[variable] if is_from_environment else given[key]
        try:
            values[key] = _convert(raw, field.type, is_from_environment)
        except ValueError as error:
            faults.append(Fault(f"{name}.{key}", str(error)))
    return shape(**values)


def _convert(raw: Any, kind: Any, is_text: bool) -> Any:
    """One value as its key wants it. A list in the environment has commas between its items."""
    if kind is Duration:
        if not isinstance(raw, str):
            raise ValueError(A_DURATION)
        return read_duration(raw)
    if get_origin(kind) is tuple:
        if is_text:
            raw = [item.strip() for item in raw.split(",") if item.strip()]
        if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
            raise ValueError(_("must be a list of texts"))
        return tuple(raw)
    if kind is int:
        if is_text and re.fullmatch(r"\d{1,9}", raw, re.ASCII):
            raw = int(raw)
        if type(raw) is not int:
            raise ValueError(_("must be a whole number"))
        return raw
    if not isinstance(raw, str):
        raise ValueError(_("must be a text"))
    if not raw.isprintable():
        raise ValueError(ONE_LINE)
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
        password = Path(pbx.password_file).read_text(encoding="utf-8").strip()
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


_STORE = re.compile(r"sqlite:///+[^:/?]|postgresql\+psycopg://")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{2,60}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_NODE = re.compile(r"[A-Za-z0-9_.-]{1,255}", re.ASCII)
_DESTINATION = re.compile(r"[A-Za-z0-9_.*#+-]{1,64}", re.ASCII)


def _check(settings: Settings, faults: list[Fault]) -> None:
    """What a value's type alone does not tell."""

    def need(is_right: bool, key: str, sentence: str, **facts: str) -> None:
        if not is_right:
            faults.append(Fault(key, sentence, facts))

    need(0 < settings.pbx.port < 65536, "pbx.port", _("must be from 1 to 65535"))
    need(bool(settings.pbx.host), "pbx.host", _("must not be empty"))
    need(bool(_NODE.fullmatch(settings.pbx.node)), "pbx.node", _("must be a name without blanks"))
    need(
        bool(_STORE.match(settings.store.url)),
        "store.url",
        _("must be sqlite:////path/to/file or postgresql+psycopg://user@host/database"),
    )
    for pattern in settings.blocks.internal:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            faults.append(
                Fault(
                    "blocks.internal",
                    _("{pattern} is no regular expression: {error}"),
                    {"pattern": repr(pattern), "error": str(error)},
                )
            )
    need(
        bool(_CAUSE.fullmatch(settings.blocks.reject_cause)),
        "blocks.reject_cause",
        _("must be one of FreeSWITCH's hangup causes, such as CALL_REJECTED or USER_BUSY"),
    )
    need(
        bool(re.fullmatch(r"[A-Z]{2}", settings.numbers.country)),
        "numbers.country",
        _("must be a country's two capital letters, such as BR"),
    )
    need(
        bool(re.fullmatch(r"\d{0,5}", settings.numbers.area_code, re.ASCII)),
        "numbers.area_code",
        _("must be digits, such as 11, or empty"),
    )
    for key in ("group_variables", "agent_variables"):
        names = getattr(settings.calls, key)
        need(
            bool(names) and all(_NAME.fullmatch(name) for name in names),
            f"calls.{key}",
            _("must be a list of channel variables' names"),
        )
    need(
        all(_NAME.fullmatch(name) for name in settings.calls.trunk_contexts),
        "calls.trunk_contexts",
        _("must be a list of dialplan contexts' names"),
    )
    room = settings.conference.room
    need(
        "{agent}" in room and bool(_DESTINATION.fullmatch(room.replace("{agent}", "1"))),
        "conference.room",
        _("must be a destination with {{agent}} in it, such as *{{agent}}"),
    )
    need(
        bool(_DESTINATION.fullmatch(settings.survey.destination)),
        "survey.destination",
        _("must be a destination, such as *28"),
    )
    for section in ("conference", "survey"):
        need(
            bool(_NAME.fullmatch(getattr(settings, section).context)),
            f"{section}.context",
            _("must be the name of a dialplan context"),
        )
    need(settings.log.format in logs.FORMATS, "log.format", _("must be text or json"))
    need(
        settings.log.level in logs.LEVELS,
        "log.level",
        _("must be one of {names}"),
        names=", ".join(logs.LEVELS),
    )
    need(
        _is_address(settings.metrics.listen),
        "metrics.listen",
        _("must be an address and a port, such as 127.0.0.1:9137, or empty for no metrics"),
    )
    need(
        settings.retention.audit >= SHORTEST_AUDIT,
        "retention.audit",
        _("must be at least 1d: the audit knows which requests were answered in the last 24 h"),
    )


def _is_address(listen: str) -> bool:
    try:
        return not listen or bool(read_address(listen))
    except ValueError:
        return False
