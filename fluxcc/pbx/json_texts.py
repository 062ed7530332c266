"""Reads JSON leniently, with all values as texts: FreeSWITCH's may have bytes that are no UTF-8,
lists, and control characters, because callers choose some of its texts.

No I/O. Counterparts: ``events`` and ``snapshot`` use it for what msgspec rejects.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any


def read_loosely(body: bytes, names: Collection[str] = ()) -> dict[str, str]:
    """Header → value of an event's body, as texts that can be stored.

    Bytes that are no UTF-8 become U+FFFD, a list its first element, or under one of ``names`` the
    text that FreeSWITCH made a list of: it takes every value that begins with ``ARRAY::`` for one,
    a leg's name too. Raises ``ValueError``.
    """
    document = load(body.decode("utf-8", "replace"))
    if not isinstance(document, dict):
        raise ValueError("an event that is not an object")
    for name in names:
        value = document.get(name)
        if isinstance(value, list):
            document[name] = "ARRAY::" + "|:".join(map(as_text, value))
    return {as_text(name): as_text(value) for name, value in document.items()}


def load(text: str) -> Any:
    """The value of a JSON text that may have control characters in its strings. Raises
    ``ValueError``, also where it is nested too deep."""
    try:
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise ValueError("JSON that is too deep") from error


def as_text(value: Any) -> str:
    """A value as a text that can be stored: of a list its first element."""
    if isinstance(value, list):
        value = value[0] if value else ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode("utf-8")
