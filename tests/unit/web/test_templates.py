"""What a page says where it has nothing to show."""

from __future__ import annotations

import re

import pytest

from fluxcc.web.rendering import TEMPLATES

EMPTY = re.compile(r'class="empty"[^>]*>(.*?)</p>', re.DOTALL)
SENTENCE = re.compile(r'_\("([^"]*)"\)')
PLACES = [
    (path.name, text)
    for path in sorted(TEMPLATES.rglob("*.html"))
    for place in EMPTY.findall(path.read_text(encoding="utf-8"))
    for text in SENTENCE.findall(place.partition("<a ")[0])
]


@pytest.mark.parametrize(("page", "text"), PLACES)
def test_an_empty_place_says_what_to_do_or_what_comes_there(page: str, text: str) -> None:
    nothing, _, then = text.partition(". ")
    assert nothing, page
    assert then, page


def test_there_are_such_places() -> None:
    assert len(PLACES) > 10
