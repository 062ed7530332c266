"""Real calls as a FreeSWITCH's event socket sent them (``tests/streams``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.builders import recorded_bodies

Headers = dict[str, Any]


def recorded_events(name: str) -> Iterator[Headers]:
    """The events of the stream ``name``, in the order they came."""
    for body in recorded_bodies(name):
        if body.startswith(b"{"):
            yield json.loads(body.decode("utf-8", "replace"))
