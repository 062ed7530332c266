"""A number as people of its country write it: ``+55 11 98888-7777``. For the eye only."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from fluxcc.domain.numbers import is_withheld
from fluxcc.domain.privacy import MASK, WITHHELD


@lru_cache(maxsize=4096)
def as_written(number: str) -> str:
    """A canonical number in groups; anything else as it is, masked digits in one short group.
    Empty for what stands for a number that is withheld."""
    if number == WITHHELD or is_withheld(number):
        return ""
    if number.startswith(MASK):
        return f"…{number.lstrip(MASK)}"
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return number
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
