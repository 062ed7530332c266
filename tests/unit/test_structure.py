"""The shape of the package: no circle among its files, and nothing in them too long to take in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

import fluxcc

PACKAGE = Path(fluxcc.__file__).parent
FILES = [
    # A migration stays as it was when stores were brought up to it.
    *(file for file in sorted(PACKAGE.rglob("*.py")) if file.parent.name != "versions")
]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_ARGUMENTS = 8


def circles(graph: grimp.ImportGraph) -> Iterator[set[str]]:
    """Modules that import each other, directly or by others."""
    below = {module: graph.find_upstream_modules(module) for module in graph.modules}
    for module in graph.modules:
        circle = {other for other in below[module] if module in below[other]}
        if circle:
            yield circle | {module}


def test_no_file_imports_itself_by_way_of_others() -> None:
    assert not list(circles(grimp.build_graph("fluxcc", cache_dir=None)))


def test_a_circle_would_be_seen() -> None:
    graph = grimp.ImportGraph()
    for module, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        graph.add_import(importer=module, imported=imported)
    assert list(circles(graph)) == [{"a", "b", "c"}] * 3


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_can_be_taken_in(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = len(text.splitlines())
    reason = ast.get_docstring(tree) or ""
    assert lines <= LONGEST_FILE or "longer than" in reason, f"{lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name}: {length} lines"
            if node.name == "__init__":
                arguments = node.args.args[1:] + node.args.kwonlyargs
                assert len(arguments) <= MOST_ARGUMENTS, f"line {node.lineno}: {len(arguments)}"
