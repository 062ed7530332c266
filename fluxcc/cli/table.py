"""Rows in columns: aligned, with a heading on a terminal; tab-separated and bare in a pipe."""

from __future__ import annotations

import sys

import click

from fluxcc.cli.session import Session


class Table:
    """Filled row by row, shown once."""

    def __init__(self, headings: list[str]) -> None:
        self._headings = headings
        self._rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        """One more row."""
        self._rows.append(cells)

    def show(self, session: Session) -> None:
        """Print it."""
        if not sys.stdout.isatty():
            for row in self._rows:
                click.echo("\t".join(row))
            return
        headings = tuple(session.translate(heading) for heading in self._headings)
        rows = [headings, *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
        for number, row in enumerate(rows):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.secho(line.rstrip(), bold=number == 0)
