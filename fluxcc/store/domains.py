"""The table of the SIP domains that were seen. Counterpart: ``sql_store``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import astuple
from sqlalchemy import Connection, select

from fluxcc.domain.agents import SeenDomain
from fluxcc.store.readable import convert, read_rows
from fluxcc.store.schema import DOMAINS


def to_rows(node: str, domains: Iterable[SeenDomain]) -> list[tuple[Any, ...]]:
    """The domains as rows of ``DOMAINS``."""
    return [(node, *astuple(domain)) for domain in domains]


def read(connection: Connection, node: str) -> list[SeenDomain]:
    """The domains of the node, by name."""
    query = select(DOMAINS.c.name, DOMAINS.c.seen).where(DOMAINS.c.node == node)
    return read_rows(connection, query.order_by(DOMAINS.c.name), DOMAINS, _restore)


def _restore(*row: Any) -> SeenDomain:
    return convert(SeenDomain, row)
