"""The recorded shapes, for replay. Counterpart: ``record.py``, which wrote them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.testing.event_socket import cut

STREAMS = Path(__file__).parent.parent / "streams" / "shapes"
TWINS = STREAMS.with_name("twins")
"""Those of two domains."""


class Stage(NamedTuple):
    """What FreeSWITCH showed when a shape had come so far."""

    stage: str
    events: int
    """How many events had been heard."""
    legs: dict[str, str]
    """UUIDs by role."""
    channels: dict[str, Any]
    """``show channels as json``"""
    variables: dict[str, dict[str, Any]]
    """``uuid_dump … json`` of each leg, by UUID."""


class Recorded(NamedTuple):
    """One shape, from its first call to the end of its last leg."""

    bodies: list[bytes]
    """Of each event."""
    stages: list[Stage]


def recorded_shapes(streams: Path = STREAMS) -> list[str]:
    """Their names."""
    return sorted(path.name.removesuffix(".esl.gz") for path in streams.glob("*.esl.gz"))


def recorded_shape(name: str, streams: Path = STREAMS) -> Recorded:
    """One of them."""
    stream = gzip.decompress((streams / f"{name}.esl.gz").read_bytes())
    stages = json.loads(gzip.decompress((streams / f"{name}.stages.json.gz").read_bytes()))
    return Recorded([frame.body for frame in cut(stream)], [Stage(**stage) for stage in stages])
