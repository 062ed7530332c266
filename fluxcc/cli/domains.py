"""SIP domains in the commands: the option ``--domain``, an agent with a domain, and the column that
tables have where there are several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import click

from fluxcc.cli.session import printable
from fluxcc.domain.agents import clean_domain, domain_behind
from fluxcc.marking import _


class InDomain(Protocol):
    """A record that belongs to a SIP domain."""

    @property
    def domain(self) -> str:
        """The domain; empty where it is not known, or is all."""


class DomainType(click.ParamType[str]):
    """A SIP domain, in small letters."""

    name = "domain"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The domain as it is stored."""
        cleaned = clean_domain(value)
        if value and not cleaned:
            self.fail(f"{value!r}", param, ctx)
        return cleaned


def domain_option(help_text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option ``--domain D``."""
    return click.option("--domain", type=DomainType(), metavar="D", default="", help=help_text)


def split(name: str, domain: str) -> tuple[str, str]:
    """``8000@a.example`` as name and domain; a ``domain`` of its own stays. What stands behind the
    ``@`` counts where it is a domain (contract, section 8)."""
    behind = domain_behind(name)
    return (name.partition("@")[0], behind) if behind and domain in ("", behind) else (name, domain)


class DomainColumn:
    """The column ``domain`` of a table."""

    def __init__(self, rows: Iterable[InDomain], least: int = 2) -> None:
        """It is shown where the rows name at least so many domains."""
        self.is_shown = len({row.domain for row in rows} - {""}) >= least

    def titles(self, titles: Sequence[str]) -> list[str]:
        """The titles, with the column's as the last one: scripts count from the left."""
        return [*titles, _("domain")] if self.is_shown else list(titles)

    def cells(self, row: InDomain) -> list[str]:
        """The last cells of a row."""
        return [printable(row.domain) or "-"] if self.is_shown else []
