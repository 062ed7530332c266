"""Translates sentences for people into ``pt_BR`` or English, by gettext catalogues, and tells
moments in their time zone.

Counterparts: ``domain.codes`` (the English sentences), ``locale/`` (their translations).
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fluxcc.domain import codes
from fluxcc.domain.privacy import WITHHELD

if TYPE_CHECKING:  # importing it is slow, and --help must be quick
    from fluxcc.domain.requests import Reply

LOCALE = Path(__file__).parent / "locale"
MACHINE_ZONE = Path("/etc/localtime")
LATEST = 253_370_764_800.0
"""The epoch second that is told for any later one: ``datetime`` ends with the year 9999."""
ENGLISH = "en"
PORTUGUESE = "pt_BR"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into a language; English where there are none."""
    return gettext.translation("fluxcc", LOCALE, [language], fallback=True)


def pick(wanted: str, otherwise: str) -> str:
    """The language to use: ``wanted`` where it is known (``pt``, ``pt_BR.UTF-8``, ``en``)."""
    if wanted.lower().startswith("pt"):
        return PORTUGUESE
    if wanted.lower().startswith("en"):
        return ENGLISH
    return otherwise


def of_locale(environment: Mapping[str, str]) -> str:
    """The language of the locale; English where there is no other translation."""
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return pick(next(filter(None, named), ""), ENGLISH)


def machine_zone() -> tzinfo | None:
    """The machine's own time zone, in which the daemon is unless it was told otherwise. A person at
    a terminal may have another one (``$TZ``)."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # it takes its time, and commands seldom need it

    try:
        with MACHINE_ZONE.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (ValueError, OSError):
        return None


def clock_time(epoch: float, reader: tzinfo | None = None, home: tzinfo | None = None) -> str:
    """A moment (epoch seconds) in the reader's time zone: the time, with the date if not today, and
    with the zone where it differs from the daemon's, ``home``. None stands for the zone of this
    process."""
    epoch = min(epoch, LATEST)
    moment = datetime.fromtimestamp(epoch, reader).astimezone(reader)
    is_today = moment.date() == datetime.now(reader).date()
    text = moment.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")
    if moment.utcoffset() == datetime.fromtimestamp(epoch, home).astimezone(home).utcoffset():
        return text
    return f"{text} {getattr(reader, 'key', None) or moment.tzname()}"


def sentence(
    reply: Reply, language: str, reader: tzinfo | None = None, home: tzinfo | None = None
) -> str:
    """The sentence of a reply, in that language; its times are told as by ``clock_time``."""
    translate = catalogue(language).gettext
    until = clock_time(reply.expires, reader, home) if reply.expires else ""
    number = translate(codes.WITHHELD_WORD) if reply.number == WITHHELD else reply.number
    said = [translate(codes.SENTENCES[reply.code]).format(number=number, until=until)]
    if reply.nth > 1:
        said.append(translate(codes.NTH_BLOCK).format(nth=reply.nth))
    if reply.block:
        said.append(translate(codes.BLOCK_NAME).format(block=reply.block))
    if reply.freed:
        said.append(translate(codes.FREED).format(freed=reply.freed))
    if reply.record_pending:
        said.append(translate(codes.RECORD_PENDING))
    return " ".join(said)
