"""The demo speaks one language, the reader's; and the picture of it shows what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import fluxcc
from fluxcc import i18n
from fluxcc.domain.codes import SENTENCES, Code
from fluxcc.lab import demo

DOCS = Path(fluxcc.__file__).parents[1] / "docs"
LANGUAGES = {"demo.svg": "en", "demo.pt-BR.svg": "pt_BR"}


def story() -> list[str]:
    """Every sentence that the demo may say."""
    tree = ast.parse(Path(demo.__file__).read_text(encoding="utf-8"))
    return [
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "_"
        and isinstance(call.args[0], ast.Constant)
    ]


def as_pattern(sentence: str) -> str:
    """The sentence with anything in the place of its facts."""
    return re.sub(r"\\{\w+\\}", ".+", re.escape(sentence))


def lines(picture: str) -> list[str]:
    """What is written in a picture, line by line, without the command that was typed."""
    root = ElementTree.fromstring((DOCS / picture).read_text(encoding="utf-8"))
    rows: dict[str, list[tuple[float, str]]] = {}
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("clip-path"):
            place = float(text.get("x", "0"))
            rows.setdefault(text.get("y", ""), []).append((place, "".join(text.itertext())))
    joined = ["".join(part for _, part in sorted(row)) for row in rows.values()]
    return [line.replace("\N{NO-BREAK SPACE}", " ").strip() for line in joined][1:]


@pytest.mark.parametrize("picture", LANGUAGES)
def test_the_picture_shows_what_the_demo_says_and_in_one_language(picture: str) -> None:
    """Otherwise: make picture."""
    translate = i18n.catalogue(LANGUAGES[picture]).gettext
    said = [as_pattern(translate(sentence)) for sentence in story()]
    shown = [re.sub(r"^\d+\. ", "", line) for line in lines(picture) if line]
    assert len(shown) == 11
    assert [line for line in shown if not any(re.fullmatch(one, line) for one in said)] == []
    reply = as_pattern(translate(SENTENCES[Code.BLOCKED]))
    assert re.search(reply, shown[3])


@pytest.mark.parametrize("picture", LANGUAGES)
def test_nothing_in_the_picture_is_fetched_from_elsewhere(picture: str) -> None:
    text = (DOCS / picture).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}


def test_every_sentence_of_the_demo_is_translated() -> None:
    portuguese = i18n.catalogue("pt_BR").gettext
    assert [sentence for sentence in story() if portuguese(sentence) == sentence] == []
