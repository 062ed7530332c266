"""Times, durations and figures as a reader's country writes them."""

from __future__ import annotations

from datetime import datetime

from fluxcc.i18n import LATEST, PORTUGUESE, machine_zone

HOUR = 3600
NOTHING = "\N{EN DASH}"
"""In place of a figure or a word that there is not."""


def span(seconds: float) -> str:
    """``03:12``, ``1:03:12``; nothing is before its beginning."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    if whole < HOUR:
        return f"{minutes:02}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def clock(epoch: float) -> str:
    """The time of day."""
    return _moment(epoch).strftime("%H:%M")


def day(epoch: float, language: str) -> str:
    """Day and month."""
    return _moment(epoch).strftime("%d/%m" if language == PORTUGUESE else "%b %d")


def moment(epoch: float, language: str) -> str:
    """The time, with its date where it is not today."""
    found = _moment(epoch)
    if found.date() == datetime.now(machine_zone()).date():
        return found.strftime("%H:%M:%S")
    date = "%d/%m/%Y %H:%M:%S" if language == PORTUGUESE else "%Y-%m-%d %H:%M:%S"
    return found.strftime(date)


def date_of(epoch: float) -> datetime:
    """The moment in the machine's time zone."""
    return _moment(epoch)


def figure(value: float, digits: int, language: str) -> str:
    """A number with its decimal sign."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language == PORTUGUESE else text


def percent(share: float, language: str) -> str:
    """A share from 0 to 1."""
    return f"{share * 100:.0f} %" if language == PORTUGUESE else f"{share * 100:.0f}%"


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(min(epoch, LATEST), machine_zone())
