"""What hangs in the store keeps others waiting only so long, and is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluxcc.core.ports import Batch
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.store.patience import PatientLock
from fluxcc.store.sql_store import SqlStore

SHORT = 0.05
LIMIT = 10.0
"""Seconds after which a wait would be one without an end."""


def try_for(seconds: float, work: Callable[[], object]) -> Exception | None:
    """What ``work`` raises in a thread of its own; it has to end in that time."""
    raised: list[Exception | None] = []

    def run() -> None:
        try:
            work()
        except StoreUnavailableError as error:
            raised.append(error)
        else:
            raised.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert raised, "it waits for ever"
    return raised[0]


def enter(lock: PatientLock) -> None:
    with lock:
        pass


def test_a_lock_whose_holder_hangs_is_given_up() -> None:
    lock = PatientLock(SHORT)
    with lock:
        error = try_for(LIMIT, lambda: enter(lock))
    assert str(error) == "something before it has not ended for 0.05 s"


def test_a_lock_is_free_again_after_it_and_after_an_error_in_it() -> None:
    lock = PatientLock(SHORT)
    with pytest.raises(ValueError, match="inside"), lock:
        raise ValueError("inside")
    assert try_for(LIMIT, lambda: enter(lock)) is None


def test_who_gave_up_does_not_unlock_it_for_the_holder() -> None:
    lock = PatientLock(SHORT)
    with lock:
        assert try_for(LIMIT, lambda: enter(lock))
        assert try_for(LIMIT, lambda: enter(lock))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    monkeypatch.setattr("fluxcc.store.sql_store.READ_PATIENCE", SHORT)
    monkeypatch.setattr("fluxcc.store.sql_store.WRITE_PATIENCE", SHORT)
    store = SqlStore(f"sqlite:///{tmp_path / 'fluxcc.db'}", "n")
    store.open()
    yield store
    store.close()


def hang_in(monkeypatch: pytest.MonkeyPatch, place: str, then: Callable[[], object]) -> None:
    """In the next statement at ``place``, ``then`` is done before it goes on."""

    def hang(*_: object) -> list[object]:
        then()
        return []

    monkeypatch.setattr(place, hang)


def test_a_read_that_hangs_keeps_no_other_waiting(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[Exception | None] = []

    def others() -> None:
        outcomes.append(try_for(LIMIT, store.live_calls))
        outcomes.append(try_for(LIMIT, lambda: store.write(Batch())))

    hang_in(monkeypatch, "fluxcc.store.blocks.live", others)
    store.live_blocks()
    read, write = outcomes
    assert isinstance(read, StoreUnavailableError)
    assert write is None, "a read holds up no write"


def test_a_write_that_hangs_keeps_no_other_waiting(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[Exception | None] = []

    def others() -> None:
        outcomes.append(try_for(LIMIT, lambda: store.write(Batch())))
        outcomes.append(try_for(LIMIT, store.live_blocks))

    hang_in(monkeypatch, "fluxcc.store.calls.to_rows", others)
    store.write(Batch())
    write, read = outcomes
    assert isinstance(write, StoreUnavailableError)
    assert read is None, "a write holds up no read"
