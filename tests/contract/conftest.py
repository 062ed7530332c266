"""The kinds of store that the store's contract is held against."""

from __future__ import annotations

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


@pytest.fixture
def lasting_url(tmp_path: Path) -> str:
    """A store that outlives its process, a new file."""
    return f"sqlite:///{tmp_path}/state/fluxcc.db"


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


@pytest.fixture(params=[FAKE, "sqlite"])
def any_url(request: pytest.FixtureRequest) -> str:
    """Every kind of store, the fake one of the core's tests among them."""
    url: str = FAKE if request.param == FAKE else request.getfixturevalue("lasting_url")
    return url


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
