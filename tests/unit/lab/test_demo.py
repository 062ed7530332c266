"""The demo speaks one language, the reader's; and the picture of it shows what it says."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import fluxcc
from fluxcc import i18n
from fluxcc.cli import main
from fluxcc.client import NoReplyError, Reply
from fluxcc.domain.codes import SENTENCES, Code
from fluxcc.lab import demo, real
from fluxcc.lab.port import LabError, Reason
from fluxcc.lab.simulated import SimulatedLab

DOCS = Path(fluxcc.__file__).parents[1] / "docs"
PICTURES = {"demo.svg": "en", "demo.pt-BR.svg": "pt_BR"}
LOCALES = {"C": "en", "pt_BR.UTF-8": "pt_BR"}
SIMULATOR = "the built-in simulator"


def marked(module: str) -> list[str]:
    """Every sentence in ``_()`` in a file, in order."""
    calls = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: call.lineno)
    return [sentence for call in calls if (sentence := sentence_of(call))]


def story() -> list[str]:
    """The sentences that a demo with a good end says, in order, but for the first line's."""
    told = [
        node
        for node in ast.walk(parsed(demo.__file__))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) in {"story.step", "story.title"}
    ]
    told.sort(key=lambda call: (ast.unparse(call.func) == "story.title", call.lineno))
    sentences = [sentence_of(call.args[0]) for call in told]
    assert all(sentences)
    return sentences


def parsed(module: str) -> ast.Module:
    return ast.parse(Path(module).read_text(encoding="utf-8"))


def sentence_of(node: ast.expr) -> str:
    """The sentence in ``_("…")``; empty where it is nothing of that kind."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "_":
        return str(ast.literal_eval(node.args[0]))
    return ""


def as_pattern(sentence: str, language: str) -> str:
    """What matches the sentence in that language and no other text; facts are held, too."""
    translate = i18n.catalogue(language).gettext
    reasons = [re.escape(translate(reason)) for reason in marked(real.__file__)]
    facts = {
        "agent": r"\d+",
        "name": rf"(?:FreeSWITCH [\d.]+(?:-dev)?|{re.escape(translate(SIMULATOR))})",
        "number": r"\+?\d+",
        "reason": "(?:" + "|".join(reasons).replace(r"\{facts\}", r"[\w, ]+") + ")",
        "seconds": r"\d+",
        "status": r"\d{3}",
        "until": r"[\d:]+",
    }
    return re.sub(r"\\\{(\w+)\\\}", lambda fact: facts[fact[1]], re.escape(translate(sentence)))


def unsaid(lines: list[str], language: str) -> tuple[list[str], list[str]]:
    """The lines that are no sentence of the demo in that language, and the sentences of a good end
    that are in no line."""
    place = ["On {name}", "On {name} ({reason})"]
    said = [as_pattern(s, language) for s in [*story(), SENTENCES[Code.BLOCKED]]]
    bare = [re.sub(r"^ *(\d+\. )?", "", line) for line in lines]
    assert any(re.fullmatch(as_pattern(s, language), bare[0]) for s in place), lines[0]
    strange = [line for line in bare[1:] if not any(re.fullmatch(one, line) for one in said)]
    missing = [one for one in said if not any(re.fullmatch(one, line) for line in bare)]
    return strange, missing


def lines_of(picture: str) -> list[str]:
    """What is written in a picture, line by line, without the command that was typed."""
    root = ElementTree.fromstring((DOCS / picture).read_text(encoding="utf-8"))
    rows: dict[str, list[tuple[float, str]]] = {}
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("clip-path"):
            place = float(text.get("x", "0"))
            rows.setdefault(text.get("y", ""), []).append((place, "".join(text.itertext())))
    joined = ["".join(part for _, part in sorted(row)) for row in rows.values()]
    lines = [line.replace("\N{NO-BREAK SPACE}", " ").rstrip() for line in joined]
    assert lines[0] == "$ fluxcc demo"
    return lines[1:]


# A real run

one_run = pytest.mark.xdist_group("demo")
"""Of one worker: another one would run the demo again."""


@pytest.fixture(scope="module")
def runs() -> dict[str, str]:
    """What the demo printed in each locale; both run at once, for a block takes its seconds."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLUXCC_", "LC_")) and name not in {"LANG", "LANGUAGE"}
    }
    started = {
        locale: subprocess.Popen(
            [sys.executable, "-m", "fluxcc", "demo", "--simulator"],
            env=inherited | {"LANG": locale},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        for locale in LOCALES
    }
    printed = {locale: process.communicate()[0] for locale, process in started.items()}
    assert {process.returncode for process in started.values()} == {0}, printed
    return printed


@one_run
@pytest.mark.parametrize("locale", LOCALES)
def test_the_demo_says_everything_in_the_readers_language(
    runs: dict[str, str], locale: str
) -> None:
    assert unsaid(runs[locale].splitlines(), LOCALES[locale]) == ([], [])


@one_run
def test_no_line_is_the_same_in_both_languages(runs: dict[str, str]) -> None:
    english, portuguese = (set(runs[locale].splitlines()) for locale in LOCALES)
    assert not english & portuguese


# What else it may say


@pytest.fixture(scope="module")
def lab() -> Iterator[SimulatedLab]:
    with SimulatedLab() as lab:
        yield lab


@pytest.mark.parametrize("module", [demo.__file__, real.__file__], ids=["demo", "real"])
def test_every_sentence_is_translated(module: str) -> None:
    portuguese = i18n.catalogue("pt_BR").gettext
    assert marked(module)
    assert [sentence for sentence in marked(module) if portuguese(sentence) == sentence] == []


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (None, "No simulador embutido"),
        (
            Reason("this FreeSWITCH lacks {facts}", "mod_lua"),
            "No simulador embutido (faltam a este FreeSWITCH: mod_lua)",
        ),
    ],
)
def test_where_it_happens_is_told_in_the_readers_language(
    lab: SimulatedLab, reason: Reason | None, line: str
) -> None:
    written: list[str] = []
    story = demo.Story("pt_BR", i18n.catalogue("pt_BR").gettext, written.append)
    story.place(lab, reason)
    assert written == [line]


@pytest.mark.parametrize(
    ("error", "locale", "told"),
    [
        (
            demo.StoryError("{number} was not refused (SIP {status})", number="5511", status=200),
            "C",
            "demo-failed: 5511 was not refused (SIP 200)\n",
        ),
        (
            demo.StoryError("{number} was not refused (SIP {status})", number="5511", status=200),
            "pt_BR.UTF-8",
            "demo-failed: 5511 não foi recusado (SIP 200)\n",
        ),
        (
            LabError("{}: FreeSWITCH did not come up"),
            "pt_BR.UTF-8",
            "demo-failed: A demonstração não pode continuar: {}: FreeSWITCH did not come up\n",
        ),
    ],
)
def test_a_failure_is_told_in_the_readers_language(
    error: Exception, locale: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(demo, "run", run)
    done = CliRunner().invoke(main, ["demo"], env={"LC_ALL": locale})
    assert (done.exit_code, done.output) == (1, told)


class RefusingBoard:
    def prank(self, agent: str) -> Reply:
        return Reply(request="1", status="refused", code="block-full", text="Não cabe mais.")


class SilentBoard:
    def prank(self, agent: str) -> Reply:
        raise NoReplyError("no reply in time")


@pytest.mark.parametrize(
    ("board", "told"),
    [
        (RefusingBoard(), "The call was not marked as a prank: Não cabe mais."),
        (SilentBoard(), "The board got no answer: no reply in time"),
    ],
)
def test_a_prank_that_is_not_done_is_told(board: Any, told: str) -> None:
    with pytest.raises(demo.StoryError, match=rf"^{re.escape(told)}$"):
        demo.mark(board)


def test_legs_that_are_left_over_are_told(
    lab: SimulatedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "LONGEST_WAIT", 0)
    monkeypatch.setattr(lab, "api", lambda command: f"1 total: {command}")
    with pytest.raises(demo.StoryError, match=r"^Legs are left over:\n1 total: show channels$"):
        demo._wait_until_empty(lab)


def test_a_daemon_that_ends_at_once_is_told(
    lab: SimulatedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.sys, "executable", "/bin/false")
    with (
        pytest.raises(demo.StoryError, match=r"^The daemon did not connect; its log:\n$"),
        demo.running_daemon(lab, tmp_path, "en"),
    ):
        pytest.fail("it was connected")


# The picture. Where one of these fails: make picture


@pytest.mark.parametrize("picture", PICTURES)
def test_the_picture_shows_every_sentence_of_the_demo_and_nothing_else(picture: str) -> None:
    assert unsaid(lines_of(picture), PICTURES[picture]) == ([], [])


@pytest.mark.parametrize("picture", PICTURES)
def test_nothing_in_the_picture_is_fetched_from_elsewhere(picture: str) -> None:
    text = (DOCS / picture).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|@font-face|url\((?!#)|<image|<script|href", text)
