"""The databases that the store's contract is held against.

PostgreSQL is started once a session (``tests/testing/postgresql.py``). Where it is not installed
its tests are skipped.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from fluxcc.core.ports import Store
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import upgrade
from tests.contract.fake_history import FakeHistory
from tests.fakes import FakeStore
from tests.testing.postgresql import running_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of an empty database on a server of our own; skips where there is none."""
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every kind of store that outlives its process."""
    return resolve_url(request, tmp_path)


def resolve_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """A store of this kind that is empty: a new file, or a new schema on the one server."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/state/fluxcc.db"
    server: str = request.getfixturevalue("postgresql_server")
    return new_schema(server)


def new_schema(server: str) -> str:
    """The URL of an empty schema on the server."""
    psycopg = pytest.importorskip("psycopg")
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path={name}"


class Kept(NamedTuple):
    """One store under the contract: what the daemon uses, and what people ask of it."""

    store: Store
    history: History | FakeHistory


FAKE = "fake"
"""In place of a URL: the store of the core's tests."""


@contextmanager
def opened(url: str, node: str) -> Iterator[Kept]:
    """A node's store, in a ``with``."""
    if url == FAKE:
        fake = FakeStore()
        yield Kept(fake, FakeHistory(fake))
        return
    with closing(SqlStore(url, node)) as store, closing(History(url, [node])) as history:
        store.open()
        yield Kept(store, history)


@pytest.fixture(params=[FAKE, "sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every kind of store, the fake one of the core's tests among them."""
    return FAKE if request.param == FAKE else resolve_url(request, tmp_path)


@pytest.fixture
def kept(any_url: str) -> Iterator[Kept]:
    """An open, empty store."""
    with opened(any_url, "pbx1") as kept:
        yield kept


@pytest.fixture
def store(kept: Kept) -> Store:
    """As the daemon sees it."""
    return kept.store


@pytest.fixture
def history(kept: Kept) -> History | FakeHistory:
    """As people see it."""
    return kept.history


@pytest.fixture
def migrated_url(lasting_url: str) -> str:
    """A lasting store whose tables are there."""
    upgrade(lasting_url)
    return lasting_url
