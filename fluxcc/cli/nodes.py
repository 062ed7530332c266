"""Nodes of a site in the commands: the option ``--node``, and the column that tables have in a
site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from fluxcc.cli.session import printable
from fluxcc.marking import _


def node_option() -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option ``--node N``."""
    return click.option(
        "--node", metavar="N", default="", help=_("Of this PBX only, in a site of several.")
    )


def node_of(record: object) -> str:
    """Where it was: the node of a record of a site, and the one on which a block was marked first;
    empty where there is no site."""
    return getattr(record, "node", "") or getattr(record, "origin", "")


class NodeColumn:
    """The column ``node`` of a table."""

    def __init__(self, rows: Iterable[object]) -> None:
        """It is shown where the rows are of a site."""
        self.is_shown = any(node_of(row) for row in rows)

    def titles(self, titles: Sequence[str]) -> list[str]:
        """The titles, with the column's as the last one: scripts count from the left."""
        return [*titles, _("node")] if self.is_shown else list(titles)

    def cells(self, row: object) -> list[str]:
        """The last cells of a row."""
        return [printable(node_of(row)) or "-"] if self.is_shown else []
