"""Makes SQLAlchemy's engine for a site's PostgreSQL, and translates its errors.

Every statement is a transaction of its own unless it says otherwise, and nothing is set for a
session, so that a PgBouncer in transaction mode may stand in between. Making an engine touches no
network: it connects when it is first used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from fluxcc.domain.errors import SiteUnavailableError

CONNECTIONS = 4
"""Connections that a daemon has at most, besides the one that waits for notifications."""
LIBPQ = {
    "application_name": "fluxcc",
    "client_encoding": "UTF8",
    "connect_timeout": 3,
    # Of a list of hosts the one that can be written.
    "target_session_attrs": "read-write",
    # A server that vanished is given up after 5 s; TCP's own limit is a quarter of an hour.
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
    # A statement that is prepared on one server connection is unknown on PgBouncer's next one.
    "prepare_threshold": None,
}
"""Parameters for psycopg; the same keys in the URL's query win."""
READ_ONLY = "25006"
"""SQLSTATE of a write on a server that can only be read: the leader of before a failover."""


def parse_url(url: str) -> URL:
    """The URL in parts. Raises ``SiteUnavailableError`` where it names no PostgreSQL."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    # The text is not repeated: it may hold a password.
    raise SiteUnavailableError("the site's URL must be postgresql+psycopg://…")


def create_pooled(url: URL) -> Engine:
    """The engine for everything but notifications; each statement is committed by itself."""
    return _create(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
        # A connection that was lost while it was idle is replaced before it is used.
        pool_pre_ping=True,
    )


def create_single(url: URL) -> Engine:
    """The engine that makes connections and keeps none."""
    return _create(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _create(url: URL, **options: object) -> Engine:
    arguments = {key: value for key, value in LIBPQ.items() if key not in url.query}
    try:
        return create_engine(url, connect_args=arguments, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        raise SiteUnavailableError(
            f"{error.name} is not installed: pip install 'fluxcc[postgresql]'"
        ) from None


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection of the engine, in a ``with``. Raises errors as ``SiteUnavailableError``; after
    one that says that the server can only be read, every connection is made anew."""
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        if getattr(getattr(error, "orig", None), "sqlstate", "") == READ_ONLY:
            engine.dispose()
        raise unavailable(engine.url, error) from None


@contextmanager
def begun(engine: Engine) -> Iterator[Connection]:
    """As ``connected``, in a transaction that is committed at the end of the ``with``."""
    with connected(engine) as plain:
        connection = plain.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            yield connection


def unavailable(url: URL, error: Exception) -> SiteUnavailableError:
    """The error as ours: it names the place and the reason, in one line without a password or a
    row's contents."""
    place = f"PostgreSQL {url.host or url.query.get('host', 'locally')}/{url.database}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    # PostgreSQL's further lines may show the row.
    text = str(cause).partition("\n")[0]
    for secret in (url.password, url.query.get("password")):
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "***")
    return SiteUnavailableError(f"{place}: {' '.join(text.split())}")
