"""Collects what is to be translated, for ``make catalogues``: ``_()`` and the commands' help.

The docstrings of click commands are taken as ``fluxcc.cli.help`` asks for their translations, and
``help=`` of their options.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from babel.messages.extract import extract_python

from fluxcc.cli.help import sentences

MAKE_COMMANDS = {"command", "group"}
Found = tuple[int, str | None, Any, list[str]]
"""Line, function, message, comments: what Babel wants of an extraction method."""


def extract(
    file: BinaryIO, keywords: Any, comment_tags: list[str], options: dict[str, Any]
) -> Iterator[Found]:
    """Babel's extraction method ``click_help:extract``."""
    source = file.read()
    yield from extract_python(io.BytesIO(source), keywords, comment_tags, options)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and any(map(makes_command, node.decorator_list)):
            for sentence in sentences(ast.get_docstring(node) or ""):
                yield node.lineno, None, sentence, []
        elif isinstance(node, ast.Call) and name_of(node) == "option":
            for keyword in node.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    yield node.lineno, None, keyword.value.value, []


def makes_command(decorator: ast.expr) -> bool:
    """Whether it is ``@click.command(…)``, ``@click.group(…)`` or a group's ``@….command(…)``."""
    return isinstance(decorator, ast.Call) and name_of(decorator) in MAKE_COMMANDS


def name_of(call: ast.Call) -> str:
    """``option`` of ``click.option(…)``."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
