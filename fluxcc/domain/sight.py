"""What is known of something that stands in FreeSWITCH's dialplan.

"Cannot be seen" is an answer of its own: a dialplan that a program serves (mod_xml_curl, a script)
may answer its calls and tell nobody else what is in it (``docs/sites.md``).
"""

from __future__ import annotations

from enum import StrEnum


class Sight(StrEnum):
    """Whether it is there."""

    THERE = "there"
    OUTDATED = "outdated"
    """It is there, of an older kit: of the gate, one that knows a blocked number by its usual
    spellings alone."""
    MISSING = "missing"
    UNSEEN = "unseen"
    """It cannot be seen: it may be there or not."""
