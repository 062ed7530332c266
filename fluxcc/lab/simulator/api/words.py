"""How FreeSWITCH takes the arguments of most commands apart: ``switch_separate_string``.

Counterparts: the commands of ``channels.py`` that are not split at their first blank alone.
"""

from __future__ import annotations

import re

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def words(arguments: str, most: int) -> list[str]:
    """The arguments, at most so many; the last one has all that is left. Between single quotes a
    blank is none, a backslash escapes, and ``^^:`` at the start makes a colon the separator."""
    separator = " "
    if re.match(r"\^\^..", arguments):
        separator, arguments = arguments[2], arguments[3:]
    found: list[str] = []
    position = 0
    while position < len(arguments) and len(found) < most:
        end = _end(arguments, position, separator)
        is_last = len(found) == most - 1
        found.append(
            _clean(arguments[position:] if is_last else arguments[position:end], separator)
        )
        position = end + 1
        while separator == " " and arguments[position : position + 1] == " ":
            position += 1
    return found


def _end(text: str, position: int, separator: str) -> int:
    is_quoted = False
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == "'":
            is_quoted = not is_quoted
        elif text[position] == separator and not is_quoted:
            return position
        position += 1
    return len(text)


def _clean(text: str, separator: str) -> str:
    """Without its quotes, and with what its backslashes stand for."""
    text = text.lstrip(" ")
    out: list[str] = []
    is_quoted = False
    kept = position = 0
    while position < len(text):
        sign, after = text[position], text[position + 1 : position + 2]
        is_delimiter = separator != " " and after == separator
        if sign == "\\" and after and (after in "'\"\\" or after in _ESCAPES or is_delimiter):
            out.append(_ESCAPES.get(after, after))
            kept = len(out)
            position += 1
        elif sign == "'" and (is_quoted or "'" in text[position + 1 :]):
            is_quoted = not is_quoted
            kept = len(out) if is_quoted else kept
        else:
            out.append(sign)
            if sign != " " or is_quoted:
                kept = len(out)
        position += 1
    return "".join(out[:kept])
