"""Translates sentences for people into ``pt_BR`` or English, by gettext catalogues.

Counterparts: ``domain.codes`` (the English sentences), ``locale/`` (their translations).
"""

from __future__ import annotations

import gettext
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fluxcc.domain import codes

if TYPE_CHECKING:  # importing it is slow, and --help must be quick
    from fluxcc.domain.requests import Reply

LOCALE = Path(__file__).parent / "locale"
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


def clock_time(epoch: float) -> str:
    """A moment (epoch seconds) in the machine's time zone: the time, with the date if not today."""
    moment = time.localtime(epoch)
    is_today = moment[:3] == time.localtime()[:3]
    return time.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S", moment)


def sentence(reply: Reply, language: str) -> str:
    """The sentence of a reply, in that language."""
    translate = catalogue(language).gettext
    text = translate(codes.SENTENCES[reply.code]).format(
        number=reply.number, until=clock_time(reply.expires) if reply.expires else ""
    )
    return f"{text} {translate(codes.RECORD_PENDING)}" if reply.record_pending else text
