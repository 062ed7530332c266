"""The kit as four rows of FusionPBX's table ``v_dialplans``: which rows, and what to do with them.

No I/O but reading FusionPBX's configuration. Counterparts: FusionPBX's ``dialplan.lua``, which puts
the rows of a context together in the order of ``dialplan_order``, and ``fusionpbx_table``, which
reads and writes them.

Each row's XML begins with a comment that holds a hash of the row. A row that still agrees with its
own hash was not changed since a kit put it there, whichever version that was, and may be replaced.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from fluxcc.kit.installation import Change
from fluxcc.kit.names import GATE_CONTEXT, VERSION_ATTRIBUTE, VERSION_MARK
from fluxcc.kit.parts import Part, read_part

APPLICATION = "cf0cbf54-1af2-4933-97a1-2ac1aa911dec"
"""``app_uuid`` of the rows: FusionPBX lists them under Dialplan Manager."""
EVERY_DOMAIN = "global"
"""The ``dialplan_context`` of rows that are in every context but ``public``."""
CONFIGURATIONS = (
    Path("/usr/local/etc/fusionpbx/config.conf"),
    Path("/etc/fusionpbx/config.conf"),
)
"""Where FusionPBX itself looks for its configuration, in this order."""
XML = "dialplan_xml"
ORDER = "dialplan_order"
_DESCRIPTIONS = {
    Part.GATE: ("fluxcc gate", "Refuses callers whom all domains have blocked. Must be first."),
    Part.DOMAIN_GATE: ("fluxcc domain gate", "Refuses callers whom the domain has blocked."),
    Part.ROOMS: ("fluxcc rooms", "Agents' conference rooms that fluxcc has provisioned."),
    Part.SURVEY: ("fluxcc survey", "Asks the customer after the call (Avali-E)."),
}
_PLACES = {
    Part.GATE: ("c95d4217-6ace-4f3b-9200-35e1e77b193b", GATE_CONTEXT, "0", ""),
    Part.DOMAIN_GATE: ("bbd97b4c-094f-4984-9a1e-c9326887084a", EVERY_DOMAIN, "0", ""),
    # Before what FusionPBX prepares for every call, and so without its delay.
    Part.ROOMS: ("8aa83ade-d2b7-4f06-9054-2f63ef9c3031", EVERY_DOMAIN, "1", "*29[ext]"),
    Part.SURVEY: ("4e83d665-a65f-451f-bfd6-22188c1ced1e", EVERY_DOMAIN, "2", "*28"),
}
"""Each part's UUID, context, order, and the number that FusionPBX's list shows."""
IDENTITIES = tuple(identity for identity, *_ in _PLACES.values())
_HASHED = (
    "domain_uuid",
    "hostname",
    "dialplan_context",
    "dialplan_continue",
    ORDER,
    "dialplan_enabled",
)
"""The columns on which it hangs whether, where and when a row counts."""
_HEAD = re.compile(rf"<!-- {VERSION_MARK}: \d+ ([0-9a-f]{{64}}) -->\n")
_VERSION = re.compile(rf'{VERSION_ATTRIBUTE}="(\d+)"')

Columns = Mapping[str, str | None]
"""A row as text: ``true`` and ``false`` for a boolean, None for NULL."""


class Row(NamedTuple):
    """One row as it is to be, and what is to be done with the one that is there."""

    part: Part
    columns: dict[str, str | None]
    present: Columns | None
    change: Change

    @property
    def identity(self) -> str:
        """``dialplan_uuid``."""
        return str(self.columns["dialplan_uuid"])

    @property
    def title(self) -> str:
        """By which a person knows it."""
        return f"v_dialplans {self.columns['dialplan_name']} ({self.identity})"

    def difference(self) -> str:
        """The change as a unified diff."""
        before = _shown(self.present) if self.present is not None else []
        name = self.title if before else os.devnull
        return "".join(difflib.unified_diff(before, _shown(self.columns), name, self.title))


def plan(kit: Path, present: Iterable[Columns]) -> list[Row]:
    """The four rows, and what is to be done with each. Raises ``OSError``."""
    known = {row["dialplan_uuid"]: row for row in present}
    rows = []
    for part in Part:
        columns = _columns(part, read_part(kit, part))
        former = known.get(columns["dialplan_uuid"])
        rows.append(Row(part, columns, former, _change(columns, former)))
    return rows


def is_unchanged(row: Columns) -> bool:
    """Whether a row is as a kit put it there."""
    xml = row[XML] or ""
    head = _HEAD.match(xml)
    return head is not None and head[1] == _hash(row, xml[head.end() :])


def script(rows: Iterable[Row]) -> str:
    """The SQL that puts the rows there, for PostgreSQL and SQLite; rows of their UUIDs go first."""
    statements = [removal()]
    for row in rows:
        filled = {name: value for name, value in row.columns.items() if value is not None}
        values = ",\n  ".join(map(_quoted, filled.values()))
        names = ", ".join(filled)
        statements.append(f"INSERT INTO v_dialplans ({names}) VALUES (\n  {values});\n")  # noqa: S608
    return f"BEGIN;\n{''.join(statements)}COMMIT;\n"


def removal() -> str:
    """The SQL that takes the rows out."""
    identities = ",\n  ".join(map(_quoted, IDENTITIES))
    return f"DELETE FROM v_dialplans WHERE dialplan_uuid IN (\n  {identities});\n"  # noqa: S608


def find_configuration() -> Path | None:
    """FusionPBX's configuration on this machine."""
    return next((path for path in CONFIGURATIONS if path.is_file()), None)


def read_configuration(file: Path) -> dict[str, str]:
    """FusionPBX's ``config.conf``, as its Lua reads it. Raises ``OSError``."""
    lines = (line.partition("=") for line in file.read_text("utf-8", "replace").splitlines())
    return {
        name.strip(): value.strip()
        for name, found, value in lines
        if found and not name.lstrip().startswith("#")
    }


def serves(configuration: Path) -> bool:
    """Whether FusionPBX's Lua serves the dialplan of the FreeSWITCH of this configuration folder.
    Raises ``OSError``."""
    for file in sorted((configuration / "autoload_configs").glob("lua.conf*.xml")):
        text = re.sub(r"<!--.*?-->", "", file.read_text("utf-8", "replace"), flags=re.S)
        if re.search(r'"xml-handler-script"\s+value="[^"]*\bxml_handler\b', text):
            return True
    fusionpbx = find_configuration()
    if fusionpbx is None:
        return False
    folder = read_configuration(fusionpbx).get("switch.conf.dir", "")
    return bool(folder) and Path(folder).resolve() == configuration.resolve()


def _columns(part: Part, xml: str) -> dict[str, str | None]:
    identity, context, order, number = _PLACES[part]
    name, description = _DESCRIPTIONS[part]
    columns: dict[str, str | None] = {
        "domain_uuid": None,
        "dialplan_uuid": identity,
        "app_uuid": APPLICATION,
        "hostname": None,
        "dialplan_context": context,
        "dialplan_name": name,
        "dialplan_number": number or None,
        "dialplan_continue": "false",
        ORDER: order,
        "dialplan_enabled": "true",
        "dialplan_description": description,
    }
    found = _VERSION.search(xml)
    version = found[1] if found else "0"
    return columns | {XML: f"<!-- {VERSION_MARK}: {version} {_hash(columns, xml)} -->\n{xml}"}


def _change(columns: Columns, present: Columns | None) -> Change:
    if present is None:
        return Change.NEW
    if not is_unchanged(present):
        return Change.CHANGED
    return Change.SAME if present[XML] == columns[XML] else Change.UPGRADED


def _hash(columns: Columns, xml: str) -> str:
    values = [columns[name] or "" for name in _HASHED]
    # FusionPBX's pages write CR LF.
    text = "\n".join([*values, xml.replace("\r\n", "\n").strip()])
    return hashlib.sha256(text.encode()).hexdigest()


def _shown(row: Columns) -> list[str]:
    columns = [f"{name}: {row[name] or ''}\n" for name in _HASHED]
    return columns + (row[XML] or "").splitlines(keepends=True)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
