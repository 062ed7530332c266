"""Each part of the kit's dialplan is the file's own text, without what is around it."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from fluxcc.kit import find_kit, names
from fluxcc.kit.parts import Part, read_part

KIT = find_kit()
EXTENSIONS = {
    Part.GATE: [names.GATE_EXTENSION, names.INTERNAL_EXTENSION],
    Part.DOMAIN_GATE: [names.DOMAIN_GATE_EXTENSION],
    Part.ROOMS: [names.ROOM_EXTENSION],
    Part.SURVEY: [names.SURVEY_EXTENSION],
}


@pytest.mark.parametrize("part", Part)
def test_a_part_is_its_extensions(part: Part) -> None:
    text = read_part(KIT, part)
    found = fromstring(f"<context>{text}</context>")
    assert [each.get("name") for each in found] == EXTENSIONS[part]
    assert text.startswith("<extension ")
    assert "<!--" not in text


def test_the_parts_are_all_that_the_kit_has() -> None:
    delivered = "".join(file.read_text("utf-8") for file in (KIT / "dialplan").rglob("*.xml"))
    parts = "".join(read_part(KIT, part) for part in Part)
    assert delivered.count("<extension ") == parts.count("<extension ")


def test_a_kit_without_the_extension_is_said_to_be_so(tmp_path: Path) -> None:
    file = tmp_path / names.GATE_PATH
    file.parent.mkdir(parents=True)
    file.write_text("<include/>")
    with pytest.raises(LookupError, match=names.GATE_EXTENSION):
        read_part(tmp_path, Part.GATE)
