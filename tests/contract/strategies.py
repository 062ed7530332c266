"""Any record, for hypothesis: few ids, numbers and moments, so that records meet each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fluxcc.core.ports import Batch
from fluxcc.domain.audit import REQUESTED, AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.calls import CallRecord, Direction, Outcome
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import KINDS, Group, Protected, Room, Service
from fluxcc.domain.shared_entries import EntryStamp
from tests.contract.records import a_survey

ids = st.integers(0, 5)
"""Of calls and audit rows they are microseconds of the epoch."""
names = st.sampled_from(["a", "b"])
numbers = st.sampled_from(["", "+1", "+2"])
requests = st.sampled_from(["r-1", "r-2"])
seconds = st.one_of(st.integers(0, 5).map(float), st.floats(0, 4e9))
moments = st.one_of(st.none(), seconds)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


def a_dated_block(since: float, lasted: float | None, **fields: Any) -> Block:
    """A block that does not end before it begins."""
    return Block(since=since, ended_at=None if lasted is None else since + lasted, **fields)


calls = st.builds(
    CallRecord,
    id=ids,
    direction=st.sampled_from(Direction).map(str),
    **dict.fromkeys(("customer_leg", "agent_leg", "agent", "group"), texts),
    number=st.one_of(numbers, texts),
    started=seconds,
    bridged=moments,
    ended=moments,
    cause=texts,
    outcome=st.sampled_from(Outcome).map(str),
    is_private=st.booleans(),
)
blocks = st.builds(
    a_dated_block,
    id=ids.map(str),
    number=st.one_of(numbers, texts),
    keys=st.lists(texts, max_size=3).map(tuple),
    since=seconds,
    lasted=moments,
    until=st.integers(0, 2**40),
    by=texts,
    state=st.sampled_from(BlockState),
    attempts=st.integers(0, 2**31 - 1),
    last_attempt=moments,
    is_private=st.booleans(),
    nth=st.integers(0, 9),
    ahead=st.integers(-(2**40), 2**40),
)
audit = st.builds(
    AuditRecord,
    id=ids,
    at=seconds,
    request=st.one_of(requests, texts),
    number=st.one_of(numbers, texts),
    **dict.fromkeys(("action", "by", "agent", "call", "reason"), texts),
    status=st.sampled_from([REQUESTED, Status.OK]),
    code=st.sampled_from(["", Code.BLOCKED, Code.ENDED]),
    blocked=st.sampled_from([None, True, False]),
    expires=st.one_of(st.none(), st.integers(0, 2**40)),
    is_private=st.booleans(),
    nth=st.integers(0, 9),
)
surveys = st.builds(
    a_survey,
    id=ids.map(str),
    number=st.one_of(numbers, texts),
    offered=seconds,
    answers=st.lists(st.one_of(st.none(), st.integers(0, 10)), max_size=3).map(tuple),
)
entries = st.one_of(
    st.builds(Group, names, has_survey=st.booleans()),
    st.builds(Room, names, is_served_by_pbx=st.booleans(), wait=st.floats(0, 60)),
    st.builds(Service, names, destination=texts),
    st.builds(Protected, names, comment=texts),
)

entry_stamps = st.builds(
    EntryStamp,
    st.sampled_from(list(KINDS)),
    names,
    changed=st.integers(0, 5),
    changer=st.sampled_from(["pbx1", "pbx2"]),
    is_gone=st.booleans(),
)
"""Of changes in a site."""


def few(records: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """None to four of them."""
    return st.lists(records, max_size=4).map(tuple)


batches = st.builds(
    Batch,
    calls=few(calls),
    blocks=few(blocks),
    audit=few(audit),
    surveys=few(surveys),
    entries=few(entries),
    removed=few(entries),
    entry_stamps=few(entry_stamps),
)
