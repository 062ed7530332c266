"""Makes what people read of the settings out of their declaration (``fluxcc.config.settings``):
the tables of docs/configuration.md, and the packaged configuration file.

Run by ``make settings``; a test says when it has to be.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from fluxcc.config import DECLARED, Duration, Settings, write_duration
from fluxcc.config.declaration import Declared

ROOT = Path(__file__).parents[1]
DOCUMENT, PACKAGED = ROOT / "docs/configuration.md", ROOT / "packaging/fluxcc.toml"
HEAD = "| key | default | environment | |\n| --- | --- | --- | --- |\n"
CODE = re.compile(r"`[^`]+`")
UNBROKEN = "\0"
"""Stands for a blank at which no line ends."""
TABLE = re.compile(r"^\| key \|[^\n]*\n(?:\|[^\n]*\n)*", re.MULTILINE)
BEGINNING = """\
# fluxcc's configuration. What is commented out shows the default. docs/configuration.md explains
# each key; `fluxcc config check` tells every fault at once; `systemctl reload fluxcc` lets most
# changes count, `systemctl restart fluxcc` all of them. No call is lost by either.
#
# To begin with, two lines: event_socket's password in /etc/fluxcc/esl.password (now FreeSWITCH's
# own default, ClueCon), and numbers.area_code below.

"""


def written(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, Duration):
        return f'"{write_duration(value)}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(f"'{v}'" if "\\" in v else f'"{v}"' for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {json.dumps(code)}" for name, code in value.items()) + "}"
    return json.dumps(value)


def told(each: Declared) -> str:
    """A default as the document tells it."""
    if each.key.default_told:
        return each.key.default_told
    value = each.value(Settings())
    if value == "":
        return "empty"
    return f"`{written(value).strip(chr(34))}`"


def row(each: Declared) -> str:
    """One setting's row."""
    meaning = each.key.meaning + (". *reload*" if each.key.may_change else "")
    return f"| `{each.name}` | {told(each)} | `{each.variable}` | {meaning} |\n"


def tables() -> Iterator[str]:
    """The document's tables, in order."""
    for _section, keys in groupby(DECLARED, lambda each: each.section):
        yield HEAD + "".join(map(row, keys))


def document(before: str) -> str:
    """The document with its tables as they are now; everything between them stays."""
    made = tables()
    return TABLE.sub(lambda _: next(made), before)


def comment(text: str) -> list[str]:
    """The lines of a comment, with no command broken in two."""
    whole = CODE.sub(lambda found: found[0].replace(" ", UNBROKEN), text)
    lines = textwrap.wrap(
        whole, 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
    return [line.replace(UNBROKEN, " ") for line in lines]


def packaged() -> str:
    """The packaged file."""
    parts = []
    for section, keys in groupby(DECLARED, lambda each: each.section):
        lines = [f"[{section}]"] if section else []
        for each in keys:
            key = each.key
            if key.is_secret:
                continue
            lines += comment(key.comment)
            if key.packaged:
                lines.append(f"{each.name} = {written(key.packaged)}")
            else:
                lines.append(f"#{each.name} = {written(key.example or each.value(Settings()))}")
        parts.append("\n".join(lines))
    return BEGINNING + "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    PACKAGED.write_text(packaged(), encoding="utf-8")
