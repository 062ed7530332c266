"""``${variable}`` and ``${api(arguments)}`` in the text of a dialplan.

Its counterparts are ``routing.py``, ``dialing.py`` and the ``eval`` command.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_SLICE = re.compile(r"(?P<name>.+?):(?P<from>-?\d+)(?::(?P<length>-?\d+))?$")


def expand(text: str, variable: Callable[[str], str], api: Callable[[str, str], str]) -> str:
    """``text`` with each ``${…}`` replaced, innermost first; what came in is not expanded again."""
    out: list[str] = []
    position = 0
    while True:
        start = text.find("${", position)
        if start < 0:
            return "".join([*out, text[position:]])
        end = _closing(text, start + 2)
        if end < 0:
            return "".join([*out, text[position:]])
        out.append(text[position:start])
        out.append(_value(text[start + 2 : end], variable, api))
        position = end + 1


def _closing(text: str, position: int) -> int:
    depth = 1
    for index in range(position, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return -1


def _value(inside: str, variable: Callable[[str], str], api: Callable[[str, str], str]) -> str:
    name, bracket, rest = inside.partition("(")
    if bracket and rest.endswith(")"):
        return api(name, expand(rest[:-1], variable, api))
    name = expand(inside, variable, api)
    part = _SLICE.match(name)
    if part is None:
        return variable(name)
    whole = variable(part["name"])[int(part["from"]) :]
    length = int(part["length"] or 0)
    return whole[:length] if length else whole
