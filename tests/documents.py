"""The documents as tests read them: their text, headings and sections, and what set as code is in
them.

Counterparts: ``unit/test_documents.py`` (what they name), ``unit/test_document_numbers.py`` (what
they count), ``unit/test_citations.py`` (who cites them).
"""

from __future__ import annotations

import re
from pathlib import Path

import fluxcc

PACKAGE = Path(fluxcc.__file__).parent
ROOT = PACKAGE.parent
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
CONTRACT = DOCS / "contract.md"

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)


def name_of(path: Path) -> str:
    """How a test calls a document: its path from the repository's root."""
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A document without its examples."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def quoted(path: Path) -> set[str]:
    """Everything in a document's prose that is set as code."""
    return set(QUOTED.findall(prose(path)))


def headings(path: Path) -> list[str]:
    """The titles in a document, the document's own among them."""
    return [title for _, title in HEADING.findall(prose(path))]


def anchors(path: Path) -> set[str]:
    """The names of a document's headings in links, as GitHub makes them."""
    titles = [title.lower() for title in headings(path)]
    return {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}


def section(path: Path, title: str) -> str:
    """A section of a document, examples included: from its title, which is given whole, to the
    next title of its level or above. Raises ``KeyError``."""
    text = path.read_text(encoding="utf-8")
    # In an example a line may look like a title.
    without_examples = FENCED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    titles = list(HEADING.finditer(without_examples))
    for number, found in enumerate(titles):
        if found[2] == title:
            rest = (each for each in titles[number + 1 :] if len(each[1]) <= len(found[1]))
            end = next((each.start() for each in rest), len(text))
            return text[found.end() : end]
    raise KeyError(f"{path.name} has no section {title!r}")


def contract_sections() -> dict[str, str]:
    """The sections of ``docs/contract.md``: their number (``1a``) to their text."""
    titles = [title for title in headings(CONTRACT) if re.match(r"\d+a?\. ", title)]
    return {title.partition(". ")[0]: section(CONTRACT, title) for title in titles}
