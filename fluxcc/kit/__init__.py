"""The kit: the files that go into FreeSWITCH's configuration (contract, section 6).

Here is where its folder is; ``names`` has the names by which the program and these files know each
other, ``installation`` copies them, ``contexts`` tells whether the dialplan includes them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from fluxcc.kit.names import GATE_PATH, VERSION_MARK

PLACES = (
    Path(__file__).parent.parent.parent / "freeswitch",
    Path(sys.prefix) / "share/fluxcc/freeswitch",
    Path("/usr/share/fluxcc/freeswitch"),
)
"""A checkout's own, a wheel's, the Debian package's."""
_VERSION = re.compile(rf"{VERSION_MARK}: (\d{{1,9}})".encode())
_HEAD = 4096
"""Bytes at a file's beginning among which its version stands."""


def find_kit() -> Path:
    """The kit's folder. Raises ``FileNotFoundError`` where there is none."""
    for place in PLACES:
        if (place / GATE_PATH).is_file():
            return place
    raise FileNotFoundError(f"no kit in {', '.join(map(str, PLACES))}")


def read_version(file: Path) -> int:
    """The kit version in a file's comment; 0 for none. Raises ``OSError``."""
    with file.open("rb") as opened:
        found = _VERSION.search(opened.read(_HEAD))
    return int(found[1]) if found else 0
