"""The kit: the files that go into FreeSWITCH's configuration (contract, section 6).

Here is where it is found; ``installation`` copies it, ``contexts`` tells whether FreeSWITCH reads
what was copied.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PLACES = (
    Path(__file__).parent.parent.parent / "freeswitch",
    Path(sys.prefix) / "share/fluxcc/freeswitch",
    Path("/usr/share/fluxcc/freeswitch"),
)
"""A checkout's own, a wheel's, the Debian package's."""
GATE = Path("dialplan/public/00_fluxcc.xml")
_VERSION = re.compile(rb"fluxcc-kit-version: (\d{1,9})")
_HEAD = 4096
"""Bytes of a file among which its version stands."""


def find_kit() -> Path:
    """The kit's folder. Raises ``FileNotFoundError`` where there is none."""
    for place in PLACES:
        if (place / GATE).is_file():
            return place
    raise FileNotFoundError(f"no kit in {', '.join(map(str, PLACES))}")


def read_version(file: Path) -> int:
    """The kit version that a file tells; 0 for none. Raises ``OSError``."""
    with file.open("rb") as opened:
        found = _VERSION.search(opened.read(_HEAD))
    return int(found[1]) if found else 0
