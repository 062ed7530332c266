"""What a setting's value may be: durations, addresses, names; and the rules that a type alone does
not tell.

A rule is given a value and raises ``WrongValueError`` where it is none. Counterpart: ``settings``,
which puts a rule beside each key.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxcc.domain import protection
from fluxcc.domain.provisioning import CONTEXT, DESTINATION, PLACEHOLDERS
from fluxcc.marking import _

if TYPE_CHECKING:
    from datetime import tzinfo

Rule = Callable[[Any], None]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 3650 * 86400
"""Seconds of the longest duration: what is meant to last longer is a mistake."""
MOST_PROTECTED = 1_000
"""Entries of a list of protected numbers. They are read while the event loop waits."""
SQLITE = "sqlite:///"
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
A_DURATION = _("must be a duration such as 90s, 30m, 2h or 1d")
_DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
POSTGRESQL = ("postgresql:", "postgresql+", "postgres:", "postgres+")
"""How a URL of a PostgreSQL begins, by whichever driver."""
_STORE = re.compile(r"sqlite:///+[^:/?]")
_SITE = re.compile(r"postgresql(\+psycopg)?://")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{2,60}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}", re.ASCII)
NODE = re.compile(r"[A-Za-z0-9_.-]{1,255}", re.ASCII)


class WrongValueError(ValueError):
    """A value that a setting cannot have; the text is a sentence, its ``{names}`` the facts."""

    def __init__(self, sentence: str, **facts: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


class Duration(int):
    """Seconds, written ``90s``, ``30m``, ``2h`` or ``1d``."""


def read_duration(text: str) -> Duration:
    """``30m`` → 1800. Raises ``WrongValueError``, which says how it is written."""
    found = _DURATION.fullmatch(text)
    if found is None or int(found.group(1)) == 0:
        raise WrongValueError(A_DURATION)
    seconds = int(found.group(1)) * _UNITS[found.group(2)]
    if seconds > LONGEST:
        raise WrongValueError(_("must be ten years at the most"))
    return Duration(seconds)


def write_duration(seconds: int) -> str:
    """1800 → ``30m``, in the largest unit that says it exactly."""
    unit = next(unit for unit in reversed(_UNITS) if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def read_address(text: str) -> tuple[str, int]:
    """``127.0.0.1:9137`` or ``[::1]:9137`` → host and port. Raises ``ValueError``.

    The host must be there, and be an address: who wants to be heard beyond loopback says so.
    """
    host, _colon, port = text.rpartition(":")
    if not re.fullmatch(r"\d{1,5}", port, re.ASCII) or not 0 < int(port) < 65536:
        raise ValueError("no port")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError("an IPv6 address without brackets")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    return str(ipaddress.ip_address(host)), int(port)


def default_store() -> str:
    """SQLite where the user may write: the system's place for root, the home otherwise."""
    if os.geteuid() == 0:
        return "sqlite:////var/lib/fluxcc/fluxcc.db"
    return f"sqlite:///{Path.home() / '.local/state/fluxcc/fluxcc.db'}"


def find_zone(name: str) -> tzinfo | None:
    """The time zone of that name (``America/Sao_Paulo``); None where nothing is named, or no zone
    that this machine knows."""
    if not _ZONE.fullmatch(name):
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415  # it takes its time

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


# Rules


def matching(pattern: re.Pattern[str], sentence: str) -> Rule:
    """The whole value matches."""

    def check(value: str) -> None:
        if not pattern.fullmatch(value):
            raise WrongValueError(sentence)

    return check


def one_of(choices: Collection[str], sentence: str) -> Rule:
    """One of these; ``{names}`` in the sentence stands for them."""

    def check(value: str) -> None:
        if value not in choices:
            raise WrongValueError(sentence, names=", ".join(choices))

    return check


def names(sentence: str, *, may_be_none: bool = False) -> Rule:
    """A list of names."""

    def check(value: tuple[str, ...]) -> None:
        if not all(_NAME.fullmatch(name) for name in value) or not (value or may_be_none):
            raise WrongValueError(sentence)

    return check


def at_least(seconds: int, sentence: str) -> Rule:
    """A duration of so many seconds or more."""

    def check(value: int) -> None:
        if value < seconds:
            raise WrongValueError(sentence)

    return check


def port(value: int) -> None:
    """A TCP port."""
    if not 0 < value < 65536:
        raise WrongValueError(_("must be from 1 to 65535"))


def given(value: str) -> None:
    """Not empty."""
    if not value:
        raise WrongValueError(_("must not be empty"))


def node(value: str) -> None:
    """A PBX's name, or none: then the store has it."""
    if value and not NODE.fullmatch(value):
        raise WrongValueError(_("must be a name without blanks"))


def zone(value: str) -> None:
    """A time zone that this machine knows, or none."""
    if value and find_zone(value) is None:
        raise WrongValueError(
            _("must be a time zone that this machine knows, such as America/Sao_Paulo")
        )


def store_url(value: str) -> None:
    """Where a store can be."""
    if value.startswith(POSTGRESQL):
        raise WrongValueError(
            _("must be sqlite:////path/to/file; a PostgreSQL that PBXs share is [site] url")
        )
    if not _STORE.match(value):
        raise WrongValueError(_("must be sqlite:////path/to/file"))


def site_url(value: str) -> None:
    """Where a site's database can be, or none."""
    if value and not _SITE.match(value):
        raise WrongValueError(_("must be postgresql+psycopg://user@host/database"))


def expressions(value: tuple[str, ...]) -> None:
    """Regular expressions."""
    for pattern in value:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise WrongValueError(
                _("{pattern} is no regular expression: {error}"),
                pattern=repr(pattern),
                error=str(error),
            ) from error


def protections(value: tuple[str, ...]) -> None:
    """Numbers or regular expressions."""
    if len(value) > MOST_PROTECTED:
        raise WrongValueError(
            _("must be {most} at most; one regular expression stands for many numbers"),
            most=str(MOST_PROTECTED),
        )
    for text in value:
        if protection.fault(text):
            raise WrongValueError(
                _("{text} is neither a number nor a regular expression"), text=repr(text)
            )


def durations(value: tuple[str, ...]) -> None:
    """A list of durations."""
    for text in value:
        read_duration(text)


def divert(value: str) -> None:
    """A destination, or none."""
    if value:
        destination(value)


def room(value: str) -> None:
    """What is dialled for an agent's room."""
    example = value.replace("{agent}", "1").replace("{domain}", "a.example")
    if "{agent}" not in value or not DESTINATION.fullmatch(example):
        raise WrongValueError(_("must be a destination with {{agent}} in it, such as *{{agent}}"))


def address(value: str) -> None:
    """An address and a port, or nothing."""
    try:
        if value:
            read_address(value)
    except ValueError as error:
        raise WrongValueError(
            _("must be an address and a port, such as 127.0.0.1:9137, or empty for nowhere")
        ) from error


def networks(value: tuple[str, ...]) -> None:
    """Addresses and networks."""
    for text in value:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise WrongValueError(
                _("{text} is neither an address nor a network, such as 10.0.0.0/8"), text=repr(text)
            ) from error


cause = matching(
    _CAUSE, _("must be one of FreeSWITCH's hangup causes, such as CALL_REJECTED or USER_BUSY")
)
country = matching(
    re.compile(r"[A-Z]{2}"), _("must be a country's two capital letters, such as BR")
)
_PLACE = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
"""A name that FreeSWITCH takes as a part of a variable's."""
_AREA_CODE = re.compile(r"\d{1,5}", re.ASCII)
area_code = matching(re.compile(r"\d{0,5}", re.ASCII), _("must be digits, such as 11, or empty"))


def area_codes(value: dict[str, str]) -> None:
    """Area codes by the name of a gateway or a context."""
    for name, code in value.items():
        if not _PLACE.fullmatch(name) or not _AREA_CODE.fullmatch(code):
            raise WrongValueError(
                _('must be area codes by gateway or context, such as { public = "11" }')
            )


login = matching(
    re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\$?", re.ASCII),
    _("must be a login name, such as fluxcc-web"),
)
base_path = matching(
    re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._~-]{0,63}){0,8}", re.ASCII),
    _("must be a path that begins with / and does not end with it, or empty"),
)
destination = matching(DESTINATION, _("must be a destination, such as *28"))
context = matching(CONTEXT, _("must be the name of a dialplan context"))


def agent_context(value: str) -> None:
    """A dialplan context, or one that depends on the agent."""
    if value not in PLACEHOLDERS:
        context(value)
