"""The store of the core's tests answers as the databases do, whatever is done to both."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fluxcc.core.ports import Batch, Moment, Store
from fluxcc.domain.persons import AsSeen
from fluxcc.domain.retention import RecordKind
from tests.contract.conftest import opened
from tests.contract.fake_history import FakeHistory
from tests.contract.strategies import batches, numbers, requests, seconds
from tests.fakes import FakeStore

MANY = 500
kinds = st.sampled_from(RecordKind)
sinces = st.one_of(st.integers(0, 6).map(lambda id: (id + 0.5) / 1e6), seconds)
"""The ids of calls and audit rows are microseconds."""
steps = st.one_of(
    st.tuples(st.just("write"), batches),
    st.tuples(st.just("purge"), kinds, sinces, st.just(MANY)),
    st.tuples(st.just("erase"), kinds, numbers.map(AsSeen().find), st.just(MANY)),
)
moments = st.builds(Moment, sinces, st.none() | seconds)
questions = st.one_of(
    st.tuples(st.just("find_reply"), requests, moments),
    st.tuples(st.just("request_ids"), moments),
    st.tuples(st.just("block_history"), numbers),
)


def by_id(records: list[Any]) -> list[Any]:
    """In one order, where the store's may be any: live calls, blocks of the same moment."""
    return sorted(records, key=lambda record: getattr(record, "id", record))


def answer(store: Store, step: tuple[Any, ...]) -> Any:
    """What the store's method of that name returns."""
    method, *arguments = step
    found = getattr(store, method)(*arguments)
    if method == "request_ids":
        # One that both clocks find may come twice: it is for a set.
        return set(found)
    return by_id(found) if isinstance(found, list) else found


# Not made smaller when it fails: each try writes to a disk.
on_disk = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
whatever_is_done = given(
    first=batches, taken=st.lists(steps, max_size=6), asked=st.lists(questions, max_size=6)
)


@settings(on_disk, max_examples=20)
@whatever_is_done
def test_whatever_is_done_the_fake_store_answers_as_the_database(
    migrated_url: str,
    first: Batch,
    taken: list[tuple[Any, ...]],
    asked: list[tuple[Any, ...]],
) -> None:
    compare(migrated_url, first, taken, asked)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(on_disk, max_examples=300)
@whatever_is_done
def test_so_it_does_in_many_more_cases(
    migrated_url: str,
    first: Batch,
    taken: list[tuple[Any, ...]],
    asked: list[tuple[Any, ...]],
) -> None:
    compare(migrated_url, first, taken, asked)


def compare(
    migrated_url: str,
    first: Batch,
    taken: list[tuple[Any, ...]],
    asked: list[tuple[Any, ...]],
) -> None:
    """Do all of it to both, and ask both."""
    fake = FakeStore()
    # A node of its own stands for a new database, which would take longer to make.
    with opened(migrated_url, f"node-{uuid4()}") as (store, history):
        for step in (("write", first), *taken, *asked):
            assert answer(fake, step) == answer(store, step)
        assert by_id(fake.live_calls()) == by_id(store.live_calls())
        assert by_id(fake.live_blocks()) == by_id(store.live_blocks())
        assert fake.entries() == store.entries()
        assert {*fake.entry_stamps()} == {*store.entry_stamps()}
        assert fake.unfinished() == store.unfinished()
        seen = FakeHistory(fake)
        assert seen.ended_calls(limit=MANY) == history.ended_calls(limit=MANY)
        assert seen.audit(limit=MANY) == history.audit(limit=MANY)
        assert by_id(seen.blocks(MANY)) == by_id(history.blocks(MANY))
        assert by_id(seen.surveys()) == by_id(history.surveys())
