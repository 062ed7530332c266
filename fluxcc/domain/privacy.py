"""What stands in place of the number of a caller who asked for privacy (``Privacy: id``).

FreeSWITCH knows such a number, so that it can be blocked and found again; agents, notices and the
log are told this word, and the block by its name (contract, section 2a).
"""

from __future__ import annotations

WITHHELD = "withheld"
"""A header's and a record's value, never translated; ``i18n`` has the word for people."""


def told(number: str, *, is_private: bool) -> str:
    """The number as everybody may see it; an empty one stays empty."""
    return WITHHELD if is_private and number else number
