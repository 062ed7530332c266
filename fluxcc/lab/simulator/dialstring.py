"""Dial strings: ``{variables}[variables]endpoint,endpoint|endpoint``.

Their counterpart is ``dialing.py``, which calls them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .events import Value

_VARIABLES = re.compile(r"(?P<open>[{\[<])(?P<inside>[^}\]>]*)[}\]>]")
_BRACKETS = {"{": "}", "[": "]", "<": ">", "(": ")"}
_SEPARATOR = re.compile(r"\^\^(?P<separator>.)")


class Endpoint(NamedTuple):
    """One thing to call, and the variables in front of it."""

    address: str
    variables: dict[str, Value]


def split_variables(dial_string: str, opening: str = "{[<") -> tuple[dict[str, Value], str]:
    """The ``{…}`` and ``[…]`` in front of an endpoint as variables, and the endpoint.

    ``{^^:a=b:c=d}`` has another separator than a comma. ``opening`` are the brackets that count.
    """
    variables: dict[str, Value] = {}
    text = dial_string.strip()
    while (found := _VARIABLES.match(text)) and found["open"] in opening:
        inside, separator = found["inside"], ","
        if other := _SEPARATOR.match(inside):
            inside, separator = inside[other.end() :], other["separator"]
        for pair in inside.split(separator):
            name, is_pair, value = pair.partition("=")
            if is_pair:
                variables[name.strip()] = value.strip("'")
        text = text[found.end() :].strip()
    return variables, text


def alternatives(dial_string: str) -> list[list[Endpoint]]:
    """Groups of endpoints: each group rings at once, one group after the other."""
    common, text = split_variables(dial_string, "{<")
    return [
        [Endpoint(address, {**common, **own}) for own, address in map(split_variables, group)]
        for group in (list(_parts(part, ",")) for part in _parts(text, "|"))
    ]


def _parts(text: str, separator: str) -> Iterator[str]:
    """``text`` cut at the separators that stand in no bracket."""
    open_brackets: list[str] = []
    begin = 0
    for index, letter in enumerate(text):
        if letter in _BRACKETS:
            open_brackets.append(_BRACKETS[letter])
        elif open_brackets and letter == open_brackets[-1]:
            open_brackets.pop()
        elif letter == separator and not open_brackets:
            yield text[begin:index]
            begin = index + 1
    yield text[begin:]
