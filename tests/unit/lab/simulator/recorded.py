"""Real calls as a FreeSWITCH's event socket sent them (``tests/streams``)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STREAMS = Path(__file__).parents[3] / "streams"

Headers = dict[str, Any]


def recorded_events(name: str) -> Iterator[Headers]:
    """The events of the stream ``name``, in the order they came."""
    data = gzip.decompress((STREAMS / f"{name}.esl.gz").read_bytes())
    position = 0
    while (end := data.find(b"\n\n", position)) >= 0:
        head = data[position:end]
        length = re.search(rb"Content-Length: (\d+)", head)
        size = int(length[1]) if length else 0
        body = data[end + 2 : end + 2 + size]
        position = end + 2 + size
        if b"text/event-json" in head:
            yield json.loads(body.decode("utf-8", "replace"))
