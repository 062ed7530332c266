"""The table of spellings: persons and the ways in which trunks present them, and strangers who look
like them. ``kinds.csv`` has the source of each way."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fluxcc.domain.numbers import NumberPlan

FOLDER = Path(__file__).parent
INTERNAL = (r"^\d{2,4}$",)


class Spelling(NamedTuple):
    """One way in which a person's number is presented."""

    plan: str
    person: str
    """The canonical number."""
    kind: str
    text: str


class Stranger(NamedTuple):
    """Somebody else, who looks like one of the persons."""

    plan: str
    differs_by: str
    caller: str


def plan_named(name: str) -> NumberPlan:
    """``BR 11``: the country, and the area code at home."""
    country, _blank, area_code = name.partition(" ")
    return NumberPlan(country, area_code, INTERNAL)


def spellings() -> list[Spelling]:
    """Every spelling of every person."""
    return [Spelling(*row) for row in _rows("spellings")]


def strangers() -> list[Stranger]:
    """Every stranger."""
    return [Stranger(*row) for row in _rows("strangers")]


def sources() -> dict[str, str]:
    """Where each kind of spelling comes from."""
    return {row[0]: row[1] for row in _rows("kinds")}


def _rows(name: str) -> Iterator[list[str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows
