"""What a comment, a test or a document cites can be read: in ``docs/``, under the name it cites.

Three spellings, and no other: "contract, section 2" (or "sections 1, 2 and 4", "sections 1 to 4"),
"freeswitch.md, The gate" for a section of any other document, and ``docs/decisions/0002`` (in a
document also "decision 0002"). What looks like a citation and is spelt otherwise fails, so that
none can be missed.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import CONTRACT, DOCS, ROOT, contract_sections, headings, name_of

SECTIONS = frozenset(contract_sections())
DECISIONS = frozenset(path.name[:4] for path in DOCS.glob("decisions/*.md"))
WRONG_ON_PURPOSE = {"test_citations.py", "test_document_numbers.py"}
"""Tests that have wrong citations in them, to see them found."""
NEXT = " ¦ "
"""Stands between two comments or texts of a program: no citation goes on from one to the other."""

_NUMBERS = r"\d+a?(?:(?:, | and | to )\d+a?)*"
CONTRACT_CITED = re.compile(rf"\bcontract, (sections?) ({_NUMBERS})\b", re.IGNORECASE)
SECTION_CITED = re.compile(rf"\b(sections?) ({_NUMBERS})\b", re.IGNORECASE)
DOCUMENT = re.compile(r"(?<![\w*])[\w/.-]*\w\.md\b(?![\w.]*=)")
HEADING_CITED = re.compile(r"(\w[\w/.-]*\.md)`*[,:]?\s+(?=[\"'“`(]*[A-Z\d])([\"'“`(]*)(.{0,120})")
DECISION_CITED = re.compile(r"(docs/decisions/|\bdecision )(\d{4})\b", re.IGNORECASE)

LEFT_OVER = {
    "the contract's section is not cited as 'contract, section N'": re.compile(
        r"\bcontract(?:'s|s)?\b[^.;:¦|]{0,60}?(?:\bsect?(?:ion|\.)|§|(?<![\w.-])\d+a?\b(?!-))"
        r"|\(contract\b(?!\.md)",
        re.IGNORECASE,
    ),
    "a section's number without the document": re.compile(
        r"(?:\bsect(?:ions?|\.)|\bsec\.|§|\bchapter|\bclause)\s*\d", re.IGNORECASE
    ),
    "facts are sections of freeswitch.md": re.compile(r"\bfacts?[,:]\s*[\"'“`A-Z]|\(facts?\b"),
    "an issue is nothing that a reader can look up": re.compile(
        r"\bissues?\s*(?::|#?\d)|\(issues?\b|\bissue by issue\b", re.IGNORECASE
    ),
    "a decision is cited as docs/decisions/NNNN": re.compile(
        r"\bdecisions?(?:\s|/|,|\bno\b|\bnumber\b|\.|#)*\d", re.IGNORECASE
    ),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/work/"),
}


def faults(text: str, *, name: str = "x.py") -> Iterator[str]:
    """What is wrong with the citations in a text, in which each blank is one; ``name`` is the
    file's path from the root."""
    is_document = name.endswith(".md")
    if name == name_of(CONTRACT):
        # It may name its own sections.
        text = SECTION_CITED.sub(r"contract, \g<0>", text.replace("contract, section", "section"))
    for found in CONTRACT_CITED.finditer(text):
        numbers = list(expand(found[2]))
        if (len(numbers) > 1) != (found[1].lower() == "sections"):
            yield f"{found[0]!r}: one section, or several?"
        yield from (f"{found[0]!r}: there is no section {n}" for n in numbers if n not in SECTIONS)
    for found in DECISION_CITED.finditer(text):
        if found[2] not in DECISIONS:
            yield f"{found[0]!r}: there is no such decision"
        elif not is_document and found[1] != "docs/decisions/":
            yield f"{found[0]!r}: docs/decisions/{found[2]} is how it is written"
    for document in DOCUMENT.findall(text):
        if find(document, name) is None:
            yield f"{document!r}: there is no such document"
    for found in HEADING_CITED.finditer(text):
        cited = find(found[1], name)
        if cited is not None and not is_heading(found, cited):
            yield f"{found[0][:60]!r}: no section of {found[1]}"
    rest = DECISION_CITED.sub(NEXT, CONTRACT_CITED.sub(NEXT, text))
    rest = re.sub(r"\(?[\w/.-]*decisions/[\w.-]+\.md\)?", NEXT, rest)
    for why, pattern in LEFT_OVER.items():
        yield from (f"{excerpt(rest, found)!r}: {why}" for found in pattern.finditer(rest))


def expand(numbers: str) -> Iterator[str]:
    """``1, 2 and 4`` → 1, 2, 4; ``1 to 4`` → 1, 2, 3, 4."""
    for part in re.split(r", | and ", numbers):
        first, _, last = part.partition(" to ")
        if last:
            yield from (str(number) for number in range(int(first), int(last) + 1))
        else:
            yield first


def find(document: str, name: str) -> Path | None:
    """The document that a file means: beside it, in ``docs/`` or in the root."""
    for folder in (ROOT / Path(name).parent, DOCS, ROOT):
        path = folder / document
        if path.is_file():
            return path
    return None


def is_heading(found: re.Match[str], document: Path) -> bool:
    """Whether a document's name is followed by a comma and one of its headings, without quotes."""
    separator = found[0][len(found[1]) :].lstrip("`")[:2]
    return (
        separator == ", "
        and not found[2]
        and any(re.match(rf"{re.escape(title)}(?!\w)", found[3]) for title in headings(document))
    )


def excerpt(text: str, found: re.Match[str]) -> str:
    """What was found, with a little of what stands around it."""
    return text[max(0, found.start() - 20) : found.end() + 20]


def said(name: str, text: str) -> str:
    """What a file says to a reader, each blank and line end as one blank: of a program its comments
    and texts, of anything else all."""
    parts = list(comments_and_texts(text)) if name.endswith(".py") else [text]
    return NEXT.join(re.sub(r"\s*\n\s*(?:--|#|\||>)*\s*|\s+", " ", part) for part in parts)


def comments_and_texts(program: str) -> Iterator[str]:
    """Comments, lines in a row as one, and texts of more than a word."""
    comment: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(program).readline):
        if token.type == tokenize.COMMENT:
            comment.append(token.string.lstrip("#"))
        elif token.type != tokenize.NL:
            if comment:
                yield "\n".join(comment)
                comment = []
            if token.type == tokenize.STRING and re.search(r"\s", token.string):
                yield content(token.string)


def content(literal: str) -> str:
    """What stands between a literal's quotes."""
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        # An f-string is no literal.
        return literal.strip("rbfuRBFU").strip("\"'")
    return value if isinstance(value, str) else ""


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every file of text in the repository but those of ``WRONG_ON_PURPOSE``."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.name in WRONG_ON_PURPOSE or not path.is_file():
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_every_citation_can_be_looked_up() -> None:
    wrong = [
        f"{name}: {f}" for name, text in tracked() for f in faults(said(name, text), name=name)
    ]
    assert wrong == []


def test_every_kind_of_document_is_cited() -> None:
    """What is looked for is there: a pattern that finds nothing would find no fault either."""
    text = NEXT.join(said(name, text) for name, text in tracked() if name.startswith("fluxcc/"))
    assert len(CONTRACT_CITED.findall(text)) > 20
    assert {number for _, number in DECISION_CITED.findall(text)} >= {"0002", "0003", "0011"}
    assert HEADING_CITED.search(text)


@pytest.mark.parametrize("document", ["contract.md", "freeswitch.md", "sites.md"])
def test_a_section_that_is_cited_is_one(document: str) -> None:
    titles = headings(DOCS / document)
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    "text",
    [
        "(contract, section 2)",
        "Contract, section 1a. It",
        "(contract, sections 1, 2 and 4)",
        "(contract, sections 1 to 4).",
        "is due after 5 (contract, section 3: 24 h)",
        "in the headers of contract, section 3.",
        "(contract, section 2; freeswitch.md, Numbers in Brazil).",
        "``docs/freeswitch.md``, The gate",
        "sites.md, Who somebody is: at once",
        "(``docs/decisions/0002``)",
        "the store's contract",
        "facts = many, and the facts of a log line",
        "see ``docs/kit.md``. The other",
    ],
)
def test_a_right_citation_is_found_right(text: str) -> None:
    assert list(faults(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "(contract, 3)",
        "(contract 3)",
        "(contract)",
        "contract §3",
        "contract, sect. 3",
        "contract, section 11",
        "contract, section 3b",
        "contract, sections 1 to 11",
        "contract, sections 3",
        "contract, section 1 and 2",
        "the contract's headers (section 3)",
        "section 3 of the contract",
        "as the contract says in 2a",
        "as the contract demands, see section 3",
        "an attempt (section 2)",
        "Sections 3 and 4",
        'facts, "Numbers in Brazil"',
        "(facts: The gate)",
        "issue: the service",
        "Issue: commit, publish",
        "see issue #12",
        "decision 0002",
        "decision 2",
        "docs/decisions/0099",
        "decisions 0002 and 0003",
        "freeswitch-facts.md",
        "docs/users.md",
        "freeswitch.md, No such section",
        'freeswitch.md, "The gate"',
        "freeswitch.md: The gate",
        "freeswitch.md The gate",
        "sites.md, The gate",
        "it lies in /work/shared",
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str) -> None:
    assert list(faults(text))


def test_a_citation_is_found_over_the_end_of_a_line() -> None:
    program = (
        'def f():\n    """It is (contract,\n    3)."""\n    # See contract,\n    # section 99.\n'
    )
    assert len(list(faults(said("x.py", program)))) == 2
    assert list(faults(said("x.lua", "-- as the contract,\n--  section 99 says")))
    assert not list(faults(said("x.py", "facts, issue = contract, 3\n")))


def test_the_contract_may_name_its_own_sections() -> None:
    assert not list(faults("more in section 1a", name="docs/contract.md"))
    assert list(faults("more in section 1b", name="docs/contract.md"))
    assert list(faults("more in section 1a", name="docs/board.md"))
