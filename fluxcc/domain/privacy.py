"""What stands in place of the number of a caller who asked for privacy (``Privacy: id``), and of
one that the reader may not see whole.

FreeSWITCH knows such a number, so that it can be blocked and found again; agents, notices and the
log are told this word, and the block by its name (contract, section 2a).
"""

from __future__ import annotations

import re

WITHHELD = "withheld"
"""A header's and a record's value, never translated; ``i18n`` has the word for people."""
SHOWN_DIGITS = 4
MASK = "*"
_NUMBER_IN_A_TEXT = re.compile(r"\d{8,}", re.ASCII)


def told(number: str, *, is_private: bool) -> str:
    """The number as everybody may see it; an empty one stays empty."""
    return WITHHELD if is_private and number else number


def masked(number: str) -> str:
    """The number for a reader who may not see it whole: all but its last digits are masked, as in
    the log. An extension is short, and shown."""
    if number == WITHHELD or len(number) <= SHOWN_DIGITS:
        return number
    return MASK * (len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def masked_in(text: str) -> str:
    """The text with every number that may be in it masked."""
    return _NUMBER_IN_A_TEXT.sub(lambda found: masked(found[0]), text)
