"""What a text shows, which is what it means.

Unicode has letters that nobody sees (zero-width ones, marks of the direction of writing, fillers)
and digits that look like others: a caller who puts them into a number would be shown as one person
and known as another. Where a number comes in it is read as what it shows; where a stranger's text
goes out it has nothing in it that is not seen. Counterparts: ``pasted``, ``core.calls.tracker``,
``pbx.commands``.
"""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
"""Unicode's ``Default_Ignorable_Code_Point``, and the interlinear marks."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BLANKS = {"Zs", "Zl", "Zp", "Cc"}
_MARKS = {"Mn", "Me", "Cf"}
_BRAILLE_BLANK = "\u2800"
_MINUS = "\u2212"


def visible(text: str) -> str:
    """A text as it is, without what nobody sees; controls and line ends are a blank."""
    if text.isprintable() and text.isascii():
        return text
    return _CONTROLS.sub(" ", _UNSEEN.sub("", text))


def number(text: str) -> str:
    """A number as it shows: with plain digits, blanks and hyphens."""
    if text.isprintable() and text.isascii():
        return text
    # First of all, so that an accent becomes a part of its letter.
    composed = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    return "".join(map(_plain, composed))


def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    if category == "Pd" or letter == _MINUS:
        return "-"
    if category in _BLANKS or letter == _BRAILLE_BLANK:
        return " "
    return "" if category in _MARKS else letter
