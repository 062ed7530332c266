"""The kit's dialplan in its four parts, for PBXs whose dialplan is not in files.

A part is the text of its extensions alone: a back end of mod_xml_curl puts it into a ``<context>``,
FusionPBX into a row of its table.
"""

from __future__ import annotations

import re
import textwrap
from enum import StrEnum
from pathlib import Path

from fluxcc.kit import names


class Part(StrEnum):
    """One part."""

    GATE = "gate"
    DOMAIN_GATE = "domain-gate"
    ROOMS = "rooms"
    SURVEY = "survey"


_PLACES = {
    Part.GATE: (names.GATE_PATH, (names.GATE_EXTENSION, names.INTERNAL_EXTENSION)),
    Part.DOMAIN_GATE: (names.DOMAIN_GATE_PATH, (names.DOMAIN_GATE_EXTENSION,)),
    Part.ROOMS: (names.DESTINATION_PATH, (names.ROOM_EXTENSION,)),
    Part.SURVEY: (names.DESTINATION_PATH, (names.SURVEY_EXTENSION,)),
}


def read_part(kit: Path, part: Part) -> str:
    """The XML of a part's extensions. Raises ``OSError``."""
    path, extensions = _PLACES[part]
    text = (kit / path).read_text("utf-8")
    return "".join(_extension(text, name) for name in extensions)


def _extension(text: str, name: str) -> str:
    # As text and not as XML, so that it looks as in the file. The kit's extensions are not nested.
    found = re.search(rf'^ *<extension name="{name}".*?</extension>\n', text, re.S | re.M)
    if found is None:
        raise LookupError(f"the kit has no extension {name}")
    return textwrap.dedent(found[0])
