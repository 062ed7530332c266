"""Finds out from FreeSWITCH's files whether the dialplan's contexts include the kit's.

FreeSWITCH inserts an included file where the directive stands, so the order of lines is the order
of extensions. Lines are read, not XML, because the directive ends with its line.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

FOLDERS = ("public", "default")
"""The contexts that the kit has a folder for."""
FILE = "00_fluxcc.xml"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CONTEXT = re.compile(r"<context\s+name=\"([^\"]+)\"[^>]*>(.*?)(?:</context>|\Z)", re.DOTALL)
_INCLUDE = re.compile(r"<X-PRE-PROCESS\s+cmd=\"include\"\s+data=\"([^\"]+)\"")
_EXTENSION = re.compile(r"<extension\s[^>]*name=\"([^\"]*)\"")


class Reach(NamedTuple):
    """One context, and whether it includes the kit's file."""

    context: str
    file: Path
    is_included: bool
    before: str
    """The extension before the kit's; empty for none."""


def read_contexts(configuration: Path) -> list[Reach]:
    """Every context in the dialplan's files. Raises ``OSError``."""
    found = []
    for file in sorted((configuration / "dialplan").glob("*.xml")):
        text = _COMMENT.sub(_blank, file.read_text("utf-8", "replace"))
        for name, body in _CONTEXT.findall(text):
            folder = name if name in FOLDERS else "public"
            target = file.parent / folder / FILE
            place = next(
                (
                    include.start()
                    for include in _INCLUDE.finditer(body)
                    if fnmatch(str(target), str(file.parent / include[1]))
                ),
                None,
            )
            first = _EXTENSION.search(body, 0, place) if place is not None else None
            found.append(Reach(name, file, place is not None, first[1] if first else ""))
    return found


def with_gate_first(reach: Reach) -> bytes:
    """The context's file with one more line, which includes the gate before everything else."""
    text = reach.file.read_bytes().decode("utf-8", "surrogateescape")
    blanked = _COMMENT.sub(_blank, text)
    for context in _CONTEXT.finditer(blanked):
        if context[1] == reach.context:
            # On a line of its own: FreeSWITCH drops everything else on a directive's line.
            line = f'\n    <X-PRE-PROCESS cmd="include" data="public/{FILE}"/>\n'
            at = context.start(2)
            text = text[:at] + line + text[at:].removeprefix("\n")
            break
    return text.encode("utf-8", "surrogateescape")


def _blank(comment: re.Match[str]) -> str:
    """Blanks in place of a comment, so that the text after it keeps its position."""
    return re.sub(r"[^\n]", " ", comment[0])
