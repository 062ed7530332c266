"""What code says to its readers is plain: no docstring begins with "Let", and comments, docstrings
and log lines name their subject instead of whoever, whatever or somebody.

Sentences for people stand in ``_()`` or in a setting's ``Key`` and are not looked at.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import PACKAGE, ROOT

VAGUE = re.compile(r"\b(whoever|whatever|somebody)\b", re.IGNORECASE)
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
FILES = sorted(PACKAGE.rglob("*.py"))
EXAMPLE = '''
"""Let it be."""
LIMIT = 1
"""What somebody may take."""

def f():
    # Whoever calls this waits.
    log.info("whatever came was dropped")
    print(_("Somebody else gets through"))
'''


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring, those below a constant or an attribute among them."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Constant(str(text))):
                yield node.lineno, text


def log_messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every message that is given to a logger."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr=level), [ast.Constant(str(text)), *_]) if (
                level in LEVELS
            ):
                yield node.lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def faults(source: str) -> list[str]:
    """What is not plain in a module: ``3: What somebody may take.``"""
    tree = ast.parse(source)
    said = [*docstrings(tree), *log_messages(tree), *comments(source)]
    vague = [(line, text) for line, text in said if VAGUE.search(text)]
    begun = [(line, text) for line, text in docstrings(tree) if text.startswith("Let ")]
    return [f"{line}: {' '.join(text.split())}" for line, text in sorted({*vague, *begun})]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_speaks_plainly(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


def test_what_is_not_plain_is_found() -> None:
    assert faults(EXAMPLE) == [
        "2: Let it be.",
        "4: What somebody may take.",
        "7: # Whoever calls this waits.",
        "8: whatever came was dropped",
    ]
