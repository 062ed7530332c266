"""Where the kit is: the files that go into FreeSWITCH's configuration (contract, section 6)."""

from __future__ import annotations

import sys
from pathlib import Path

PLACES = (
    Path(__file__).parent.parent / "freeswitch",
    Path(sys.prefix) / "share/fluxcc/freeswitch",
    Path("/usr/share/fluxcc/freeswitch"),
)
"""A checkout's own, a wheel's, the Debian package's."""
GATE = Path("dialplan/public/00_fluxcc.xml")


def find_kit() -> Path:
    """The kit's folder. Raises ``FileNotFoundError`` where there is none."""
    for place in PLACES:
        if (place / GATE).is_file():
            return place
    raise FileNotFoundError(f"no kit in {', '.join(map(str, PLACES))}")
