"""A number as people paste it: out of a web page, a mail, a telephone's display, a SIP trace.

What it shows is what counts (``shown``): marks of the direction of writing are invisible, a
full-width digit is a digit, a non-breaking hyphen a hyphen.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fluxcc.domain import shown
from fluxcc.marking import _

_URI = re.compile(r"(?:<)?(?:tel|sips?|callto):(?://)?([^@;?>]*)(?:[@;?>].*)?", re.IGNORECASE)
"""RFC 3966 and 3261: the user is the number, and parameters follow."""
_CARRIER = re.compile(r"^\(?0\s*-?\s*[xX]{2}\s*-?\s*\(?([0-9]{2})\)?")
"""``(0xx11)``: where a carrier's code is to be dialled, in Brazilian print."""
_NAME = re.compile(r'^\s*"[^"]*"\s*(?=<)')
_NUMBER = re.compile(r"[+]?[0-9]+")
_PUNCTUATION = re.compile(r"[ ()./\-]+")
_SPOKEN = re.compile(r"[^\W\d_]")


class Pasted(NamedTuple):
    """What a pasted text was read as."""

    number: str
    """With digits and perhaps a plus sign alone; what was pasted, where it cannot be read."""
    fault: str = ""
    """Why it cannot be read, in English for translation; empty where it can."""


def read(text: str) -> Pasted:
    """A number out of a pasted text."""
    text = shown.number(text)
    bare = _NAME.sub("", text).strip()
    if uri := _URI.fullmatch(bare):
        bare = shown.number(_decode(uri[1]))
    bare = _CARRIER.sub(r"0\1", bare.strip())
    plain = _PUNCTUATION.sub("", bare)
    if _NUMBER.fullmatch(plain):
        return Pasted(plain)
    return Pasted(text.strip(), _fault(plain))


def _decode(text: str) -> str:
    return re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _fault(plain: str) -> str:
    if not plain:
        return _("there is nothing in it")
    if "+" in plain[1:]:
        return _("a plus sign stands in its middle: perhaps there are two numbers")
    if _SPOKEN.search(plain):
        return _("there are letters in it")
    return _("there is something in it that is no digit")
