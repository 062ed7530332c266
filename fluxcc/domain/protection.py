"""Numbers that nobody can block: what stands in ``[blocks] never`` and in supervisors' entries.

Each is a number in any spelling, or a regular expression that has to match a whole canonical number
(``^\\+55113333\\d{4}$``). What has only digits, blanks and signs between them is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # libphonenumber takes its time
    from fluxcc.domain.numbers import NumberPlan

_NUMBER = re.compile(r"\s*\+?[\d\s().\-/]*\d[\d\s().\-/]*", re.ASCII)
LONGEST = 200
"""Characters of an entry."""


def is_number(text: str) -> bool:
    """Whether it means one number; otherwise it is a regular expression."""
    return bool(_NUMBER.fullmatch(text))


def fault(text: str) -> str:
    """What is wrong with it, in English; empty if nothing."""
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        return f"number must be a number or a regular expression of {LONGEST} characters at most"
    if is_number(text):
        return ""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{text!r} is neither a number nor a regular expression: {error}"
    return ""


def canonical(text: str, numbers: NumberPlan) -> str:
    """The entry in the form in which it is kept: a number canonical, an expression as it is."""
    return numbers.canonical(text) if is_number(text) else text


class Protections:
    """Entries, read once: how many they are costs nothing when a number is looked up."""

    def __init__(
        self, entries: Iterable[str], numbers: NumberPlan, earlier: Protections | None = None
    ) -> None:
        """What the ``earlier`` ones read by the same plan is not read again."""
        known = earlier._read if earlier is not None else {}
        self._read: dict[str, str | re.Pattern[str]] = {
            text: known[text] if text in known else _read(text, numbers) for text in entries
        }
        read = self._read.values()
        self._numbers = {each for each in read if isinstance(each, str)}
        self._patterns = [each for each in read if not isinstance(each, str)]

    def has(self, number: str) -> bool:
        """Whether one of the entries protects a canonical number."""
        return number in self._numbers or any(
            pattern.fullmatch(number) is not None for pattern in self._patterns
        )


def _read(text: str, numbers: NumberPlan) -> str | re.Pattern[str]:
    return canonical(text, numbers) if is_number(text) else re.compile(text)
