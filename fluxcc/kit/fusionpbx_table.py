"""Reads and writes the kit's rows in FusionPBX's database.

Counterpart: ``fusionpbx``, which says which rows. Values go there as text and come back as text:
older versions of FusionPBX have text in the place of booleans and numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import URL, Connection, TextClause, bindparam, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from fluxcc.kit.fusionpbx import IDENTITIES, ORDER, Columns, Row
from fluxcc.kit.installation import Change

CONNECT_TIMEOUT = 5
"""Seconds for a connection to PostgreSQL."""
FIRST = 0
"""The order of the gates."""


class TableError(Exception):
    """FusionPBX's database cannot be read or written; the text says why, without the password."""


class Earlier(NamedTuple):
    """A row that is not the kit's, and that FusionPBX may put before a gate."""

    name: str
    context: str


def database_url(configuration: Mapping[str, str]) -> URL:
    """The database in FusionPBX's configuration. Raises ``TableError``."""
    values = {
        name: configuration.get(f"database.0.{name}", "")
        for name in ("type", "host", "port", "name", "username", "password", "path", "sslmode")
    }
    if values["type"] == "sqlite":
        return URL.create("sqlite", database=f"{values['path']}/{values['name']}")
    if values["type"] != "pgsql":
        raise TableError(f"database.0.type is {values['type']!r}, neither pgsql nor sqlite")
    return URL.create(
        "postgresql+psycopg",
        values["username"] or None,
        values["password"] or None,
        values["host"] or None,
        int(values["port"]) if values["port"].isdecimal() else None,
        values["name"] or None,
        {"sslmode": values["sslmode"]} if values["sslmode"] else {},
    )


def parse_url(url: str) -> URL:
    """A database that a person named. Raises ``TableError``."""
    try:
        parsed = make_url(url)
        is_postgresql = parsed.get_backend_name() == "postgresql"
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        reason = "--database must be like postgresql://USER:PASSWORD@HOST/DATABASE"
        raise TableError(reason) from None
    return parsed.set(drivername="postgresql+psycopg") if is_postgresql else parsed


class Table:
    """``v_dialplans``, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self) -> list[Columns]:
        """The kit's rows that are there."""
        query = text("SELECT * FROM v_dialplans WHERE dialplan_uuid IN :ours")
        found = self._connection.execute(_about_ours(query), {"ours": IDENTITIES})
        return [{k: _as_text(value) for k, value in row.items()} for row in found.mappings()]

    def earlier(self) -> list[Earlier]:
        """Rows that are not the kit's and may come before a gate."""
        query = text(
            f"SELECT dialplan_name, dialplan_context, dialplan_enabled FROM v_dialplans"  # noqa: S608
            f" WHERE {ORDER} <= :first AND dialplan_uuid NOT IN :ours"
            " ORDER BY dialplan_context, dialplan_name"
        )
        found = self._connection.execute(_about_ours(query), {"first": FIRST, "ours": IDENTITIES})
        return [
            Earlier(str(name), str(context))
            for name, context, is_enabled in found
            if _as_text(is_enabled) == "true"
        ]

    def put(self, rows: Iterable[Row], *, with_changed: bool) -> None:
        """Write new and upgraded rows; changed ones only ``with_changed``."""
        for row in rows:
            if row.change is Change.SAME or (row.change is Change.CHANGED and not with_changed):
                continue
            self.remove([row.identity])
            filled = {name: value for name, value in row.columns.items() if value is not None}
            names, values = ", ".join(filled), ", ".join(f":{name}" for name in filled)
            self._connection.execute(
                text(f"INSERT INTO v_dialplans ({names}) VALUES ({values})"),  # noqa: S608
                filled,
            )

    def remove(self, identities: Iterable[str]) -> None:
        """Take rows out."""
        query = text("DELETE FROM v_dialplans WHERE dialplan_uuid IN :ours")
        self._connection.execute(_about_ours(query), {"ours": tuple(identities)})


@contextmanager
def opened(url: URL) -> Iterator[Table]:
    """The table, in a ``with`` that commits at its end. Raises ``TableError``."""
    options = {}
    if url.get_backend_name() == "postgresql":
        options = {"application_name": "fluxcc", "connect_timeout": CONNECT_TIMEOUT}
    try:
        engine = create_engine(url, connect_args=options, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise TableError(
            f"{error.name} is not installed: pip install 'fluxcc[postgresql]'"
        ) from error
    try:
        with engine.begin() as connection:
            yield Table(connection)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise TableError(reason.replace(url.password or "\0", "***")) from error
    finally:
        engine.dispose()


def _about_ours(query: TextClause) -> TextClause:
    # FusionPBX's column is a UUID in PostgreSQL: PostgreSQL reads the texts as such.
    return query.bindparams(bindparam("ours", expanding=True))


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
