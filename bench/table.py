"""A row of the table, and the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEADS = ("#", "measure", "figure", "bar", "met", "beside it")


@dataclass(frozen=True)
class Row:
    """One line: a figure beside its bar."""

    number: str
    measure: str
    figure: str
    bar: str
    is_met: bool | None
    """None where it could not be measured, or has no bar."""
    note: str = ""
    """What the figure was made of, or why there is none."""

    @property
    def cells(self) -> tuple[str, ...]:
        """As texts."""
        met = {True: "yes", False: "NO", None: "-"}[self.is_met]
        return self.number, self.measure, self.figure, self.bar, met, self.note


def skipped(number: str, measure: str, bar: str, why: str) -> Row:
    """A row that this machine cannot fill."""
    return Row(number, measure, "skipped", bar, None, why)


def render(rows: Iterable[Row]) -> str:
    """The table in Markdown, its columns aligned."""
    cells = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])
