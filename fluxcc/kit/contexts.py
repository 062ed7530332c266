"""Whether the dialplan's contexts include the kit's files, read from the XML before it is compiled.

FreeSWITCH puts an included file in the directive's place, so the order of lines is the order of
extensions. Lines are looked at, not XML: the directive is FreeSWITCH's own, and ends with its line.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from fluxcc.kit.names import DESTINATION_CONTEXT, DIALPLAN_FILE, DOMAIN_CONTEXT, GATE_CONTEXT

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CONTEXT = re.compile(r"<context\s+name=\"([^\"]+)\"[^>]*>(.*?)(?:</context>|\Z)", re.DOTALL)
_INCLUDE = re.compile(r"<X-PRE-PROCESS\s+cmd=\"include\"\s+data=\"([^\"]+)\"")
_LINE = f'\n    <X-PRE-PROCESS cmd="include" data="{GATE_CONTEXT}/{DIALPLAN_FILE}"/>\n'
"""A line of its own: FreeSWITCH ignores everything else on a directive's line."""
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
            folders = [GATE_CONTEXT, DOMAIN_CONTEXT]
            if name == DESTINATION_CONTEXT:
                folders = [DESTINATION_CONTEXT]
            targets = [str(file.parent / folder / DIALPLAN_FILE) for folder in folders]
            place = next(
                (
                    include.start()
                    for include in _INCLUDE.finditer(body)
                    if any(fnmatch(each, str(file.parent / include[1])) for each in targets)
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
            at = context.start(2)
            text = text[:at] + _LINE + text[at:].removeprefix("\n")
            break
    return text.encode("utf-8", "surrogateescape")


def with_gate_first_undone(configuration: Path) -> dict[Path, bytes]:
    """The dialplan's files that have such a line, without it. Raises ``OSError``."""
    line = _LINE.encode()
    contents = {file: file.read_bytes() for file in (configuration / "dialplan").glob("*.xml")}
    return {
        file: content.replace(line, b"\n") for file, content in contents.items() if line in content
    }


def _blank(comment: re.Match[str]) -> str:
    """As many blanks and lines as the comment has: offsets behind it stay the same."""
    return re.sub(r"[^\n]", " ", comment[0])
