"""What the program calls the kit's things is what the kit's own files call them."""

from __future__ import annotations

import re

import pytest

from fluxcc.kit import find_kit, names

FILES = [
    *find_kit().rglob("*.xml"),
    *find_kit().rglob("*.lua"),
]
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
NAMES = {name: value for name, value in vars(names).items() if name.isupper()}
OF_THE_ADMINISTRATOR = {"fluxcc_announcement", "fluxcc_refuse_internal", "fluxcc_survey_spool"}
"""Global variables that the kit reads and an administrator sets (docs/kit.md)."""
WITHIN_THE_KIT = {"fluxcc_internal"}
"""An extension that nobody else looks for."""


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_in_the_kit(name: str) -> None:
    assert re.search(rf"\b{re.escape(NAMES[name])}", TEXT)


def test_the_kit_has_no_name_that_the_program_does_not_know() -> None:
    found = set(re.findall(r"\bfluxcc_\w+", TEXT))
    assert found <= {*NAMES.values(), *OF_THE_ADMINISTRATOR, *WITHIN_THE_KIT}
