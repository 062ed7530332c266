"""The kit: the files that go into FreeSWITCH's configuration (contract, section 6).

This module finds its folder; ``installation`` copies it, ``contexts`` finds out whether FreeSWITCH
reads the copied files.
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
"""The kit's folder in a checkout, in an installed wheel, in the Debian package."""
GATE = Path("dialplan/public/00_fluxcc.xml")
_VERSION = re.compile(rb"fluxcc-kit-version: (\d{1,9})")
_HEAD = 4096
"""Bytes at the beginning of a file in which its version is looked for."""


def find_kit() -> Path:
    """The kit's folder. Raises ``FileNotFoundError`` where there is none."""
    for place in PLACES:
        if (place / GATE).is_file():
            return place
    raise FileNotFoundError(f"no kit in {', '.join(map(str, PLACES))}")


def read_version(file: Path) -> int:
    """The kit version in a file's comment; 0 for none. Raises ``OSError``."""
    with file.open("rb") as opened:
        found = _VERSION.search(opened.read(_HEAD))
    return int(found[1]) if found else 0
