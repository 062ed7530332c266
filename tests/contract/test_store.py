"""What every store does, whatever database is behind it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fluxcc.core.ports import Batch, Moment, Store
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.domain.requests import Answered, Asked, Reply
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from tests.contract.conftest import opened
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit
from tests.contract.strategies import batches
from tests.fakes import FakeStore


def test_it_is_the_store_of_the_service(store: Store) -> None:
    port: Store = store
    port.write(Batch())
    assert port.live_calls() == []
    assert port.live_blocks() == []
    assert port.find_reply("r-1", Moment(0)) is None
    assert port.request_ids(Moment(0)) == []


def public(thing: type) -> set[str]:
    """The names that are for others."""
    return {name for name in dir(thing) if not name.startswith("_")}


@pytest.mark.parametrize("kind", [SqlStore, FakeStore])
def test_a_store_takes_each_method_of_the_port_with_the_ports_parameters(kind: type) -> None:
    methods = [name for name in public(Store) if callable(getattr(Store, name))]
    assert "write" in methods
    for name in methods:
        wanted = inspect.signature(getattr(Store, name)).parameters
        assert inspect.signature(getattr(kind, name)).parameters == wanted


def test_the_daemons_store_does_what_the_port_says_and_is_closed_by_its_maker() -> None:
    # Its maker also tells people the node's name.
    assert public(SqlStore) - public(Store) == {"close", "node"}


def test_live_calls_are_those_not_seen_to_end(store: Store, history: History) -> None:
    store.write(Batch(calls=(a_call(1), a_call(2), a_call(3))))
    ended = a_call(2, bridged=NOW + 3.125, ended=NOW + 9.5, outcome="answered", cause="NORMAL")
    store.write(Batch(calls=(ended,)))
    assert sorted(store.live_calls(), key=lambda call: call.id) == [a_call(1), a_call(3)]
    assert history.ended_calls(limit=10) == [ended]


def test_ended_calls_are_found_by_time_number_and_agent_newest_first(
    store: Store, history: History
) -> None:
    calls = [
        a_call(at, number=number, agent=agent, ended=NOW + at + 60.0)
        for at, number, agent in ((1, "+1", "1000"), (2, "+2", "1000"), (3, "+1", "1001"))
    ]
    first, second, third = calls
    store.write(Batch(calls=(*calls, a_call(4, number="+1"))))
    assert history.ended_calls(limit=10) == [third, second, first]
    assert history.ended_calls(limit=2) == [third, second]
    assert history.ended_calls(since=NOW + 2, limit=10) == [third, second]
    assert history.ended_calls(number="+1", limit=10) == [third, first]
    assert history.ended_calls(agent="1000", limit=10) == [second, first]
    assert history.ended_calls(number="+1", agent="1000", since=NOW + 2, limit=10) == []


def test_a_block_comes_back_as_it_was_written(store: Store) -> None:
    block = a_block(call="c1", attempts=3, last_attempt=NOW + 7.5)
    store.write(Batch(blocks=(block,)))
    (found,) = store.live_blocks()
    assert found == block
    assert isinstance(found.state, BlockState)


def test_a_block_whose_time_has_passed_is_live_until_it_is_said_to_have_ended(
    store: Store,
    history: History,
) -> None:
    old = a_block(since=1.0, until=2)
    store.write(Batch(blocks=(old,)))
    assert store.live_blocks() == [old]
    over = replace(old, state=BlockState.EXPIRED, ended_at=3.0)
    store.write(Batch(blocks=(over,)))
    assert store.live_blocks() == []
    assert history.blocks(limit=10) == [over]


def test_blocks_and_the_history_of_a_number_are_newest_first(
    store: Store, history: History
) -> None:
    first = a_block("z", since=1.0, state=BlockState.RELEASED, ended_by="operator:maria")
    second = a_block("y", since=2.0, number="+2")
    third = a_block("x", since=3.0)
    store.write(Batch(blocks=(second, third, first)))
    assert history.blocks(limit=10) == [third, second, first]
    assert history.blocks(limit=1) == [third]
    assert store.live_blocks() == [third, second]
    assert store.block_history("+5511988887777") == [third, first]


def test_blocks_of_late_that_were_not_taken_back_are_told(store: Store) -> None:
    over = a_block("b1", since=NOW + 1, state=BlockState.EXPIRED)
    live = a_block("b2", since=NOW + 2, domain="a.example")
    mistake = a_block("b3", since=NOW + 3, state=BlockState.RELEASED)
    old = a_block("b4", since=NOW - 1, state=BlockState.EXPIRED)
    store.write(Batch(blocks=(over, live, mistake, old)))
    assert sorted(store.block_times(NOW)) == [
        (over.number, "", NOW + 1),
        (live.number, "a.example", NOW + 2),
    ]


def test_a_private_number_is_not_told_with_the_first_reply(store: Store) -> None:
    row = an_audit(
        request="r-9", code=Code.BLOCKED, blocked=True, is_private=True, subject="3f9a", nth=2
    )
    store.write(Batch(audit=(row,)))
    found = store.find_reply("r-9", Moment(NOW - 1))
    assert found is not None
    reply = found.reply
    assert (reply.number, reply.block, reply.nth) == ("withheld", "3f9a", 2)


def test_the_audit_is_found_by_time_number_and_agent_newest_first(
    store: Store, history: History
) -> None:
    first = an_audit(1, number="+1", agent="1000")
    second = an_audit(2, number="+2", agent="1000", action="block", by="operator:maria")
    third = an_audit(3, number="+1", agent="1001")
    store.write(Batch(audit=(first, second, third)))
    assert history.audit(limit=10) == [third, second, first]
    assert history.audit(limit=1) == [third]
    assert history.audit(since=NOW + 2, limit=10) == [third, second]
    assert history.audit(number="+1", limit=10) == [third, first]
    assert history.audit(agent="1000", limit=10) == [second, first]


def test_surveys_are_found_by_time_group_and_agent_oldest_first(
    store: Store, history: History
) -> None:
    first = a_survey("z", 1, group="sales", agent="1000")
    second = a_survey("y", 2, group="sales", agent="1001", questions=2, answers=(None, 0))
    third = a_survey("x", 3, group="support", agent="1000", answers=())
    store.write(Batch(surveys=(third, first, second)))
    assert history.surveys() == [first, second, third]
    assert history.surveys(since=NOW + 2) == [second, third]
    assert history.surveys(group="sales") == [first, second]
    assert history.surveys(agent="1000") == [first, third]
    assert history.surveys(group="sales", agent="1000", since=NOW + 2) == []


def test_people_see_what_is_live_as_the_daemon_does(store: Store, history: History) -> None:
    older, newer = a_block("a", since=1.0), a_block("b", since=2.0)
    store.write(
        Batch(
            calls=(a_call(1), a_call(2, ended=NOW + 9.0)),
            blocks=(older, newer),
            entries=(Room("1000"),),
        )
    )
    assert history.live_calls() == store.live_calls() == [a_call(1)]
    assert history.live_blocks() == store.live_blocks() == [newer, older]
    assert history.entries() == store.entries() == [Room("1000")]


def test_an_ended_request_is_answered_as_the_first_time(store: Store) -> None:
    store.write(Batch(audit=(an_audit(),)))
    done = an_audit(
        status=Status.OK,
        code=Code.BLOCKED,
        ended=NOW + 0.125,
        language="pt_BR",
        blocked=True,
        expires=NOW + 1800,
        content="a1b2",
    )
    store.write(Batch(audit=(done, an_audit(9, status=Status.REFUSED, code=Code.NO_LIVE_CALL))))
    reply = Reply(
        request="r-1",
        action="prank",
        code=Code.BLOCKED,
        agent="1000",
        call="c" * 36,
        number="+5511988887777",
        blocked=True,
        expires=NOW + 1800,
        language="pt_BR",
    )
    asked = Asked("r-1", done.by, "prank", "a1b2")
    assert store.find_reply("r-1", Moment(NOW - 86400)) == Answered(asked, reply)
    assert store.find_reply("r-2", Moment(NOW - 86400)) is None


def test_a_request_is_forgotten_after_its_time(store: Store) -> None:
    store.write(Batch(audit=(an_audit(code="ended", status="ok"),)))
    assert store.find_reply("r-1", Moment(NOW)) is not None
    assert (store.request_ids(Moment(NOW)), store.request_ids(Moment(NOW + 1))) == (["r-1"], [])
    assert store.find_reply("r-1", Moment(NOW + 1)) is None


def test_a_request_is_old_only_where_both_clocks_say_so(store: Store) -> None:
    """FreeSWITCH's clock and the machine's may be days apart, and either may be set."""
    two_days_behind = an_audit(
        code="ended",
        status="ok",
    )
    two_days_behind = replace(two_days_behind, at=NOW - 2 * 86400.0)
    store.write(Batch(audit=(two_days_behind,)))
    by_one = Moment(NOW + 1, NOW - 3 * 86400), Moment(NOW, NOW - 86400)
    for since in by_one:
        assert store.find_reply("r-1", since) is not None
        assert "r-1" in store.request_ids(since)
    by_none = Moment(NOW + 1, NOW - 86400)
    assert store.find_reply("r-1", by_none) is None
    assert store.request_ids(by_none) == []


def test_a_request_that_never_ended_has_an_unknown_outcome(store: Store) -> None:
    store.write(Batch(audit=(an_audit(),)))
    found = store.find_reply("r-1", Moment(NOW - 1))
    assert found is not None
    assert found.reply.code is Code.OUTCOME_UNKNOWN
    assert found.reply.blocked is None


def test_a_request_that_came_twice_is_answered_as_the_first_time(store: Store) -> None:
    again = an_audit(2, status=Status.REFUSED, code=Code.NO_LIVE_CALL)
    store.write(Batch(audit=(again,)))
    store.write(Batch(audit=(an_audit(1, status=Status.OK, code=Code.ENDED),)))
    first, second = (store.find_reply("r-1", Moment(since)) for since in (NOW, NOW + 2))
    assert first is not None
    assert first.reply.code is Code.ENDED
    assert second is not None
    assert second.reply.code is Code.NO_LIVE_CALL


def test_the_requests_that_never_ended_are_told_newest_first(store: Store) -> None:
    began, ended, latest = (an_audit(at, request=f"r-{at}") for at in (1, 2, 3))
    store.write(Batch(audit=(began, replace(ended, status=Status.OK), latest)))
    assert store.unfinished() == [latest, began]


def test_entries_are_replaced_and_removed_by_kind_and_name(store: Store) -> None:
    tone, room, sales = Service("tone", "7001"), Room("1000"), Group("sales")
    store.write(Batch(entries=(tone, Group("1000"), room, sales)))
    rated = replace(sales, has_survey=True, questions=2)
    store.write(Batch(entries=(rated,), removed=(Room("1001"), Group("1000"))))
    assert store.entries() == [rated, room, tone]


def test_nodes_do_not_see_each_other(migrated_url: str) -> None:
    here, there = SqlStore(migrated_url, "pbx1"), SqlStore(migrated_url, "pbx2")
    batch = Batch(calls=(a_call(),), blocks=(a_block(),), audit=(an_audit(),))
    here.write(batch)
    assert there.live_calls() == []
    assert there.live_blocks() == []
    assert there.find_reply("r-1", Moment(0)) is None
    with closing(History(migrated_url, ["pbx2"])) as history:
        assert history.audit(limit=10) == []
    there.write(Batch(calls=(a_call(number="+2"),)))
    assert here.live_calls() == [a_call()]
    here.close()
    there.close()


def test_what_several_nodes_wrote_is_seen_together(migrated_url: str) -> None:
    for node, at in (("pbx1", 1), ("pbx2", 2), ("pbx3", 3)):
        with closing(SqlStore(migrated_url, node)) as store:
            store.write(
                Batch(
                    calls=(a_call(at, ended=NOW + 1),),
                    blocks=(a_block(str(at), since=float(at)),),
                    audit=(an_audit(at),),
                )
            )
    with closing(History(migrated_url, ["pbx1", "pbx2"])) as history:
        assert [int(c.started - NOW) for c in history.ended_calls(limit=9)] == [2, 1]
        assert [int(row.at - NOW) for row in history.audit(limit=9)] == [2, 1]
        assert [block.id for block in history.blocks(limit=9)] == ["2", "1"]
        assert [block.id for block in history.blocks(limit=1)] == ["2"]


def test_a_batch_is_written_whole_or_not_at_all(migrated_url: str) -> None:
    broken = replace(a_block(), attempts=None)  # type: ignore[arg-type]
    with closing(SqlStore(migrated_url, "pbx1")) as store:
        with pytest.raises(StoreUnavailableError):
            store.write(Batch(calls=(a_call(),), blocks=(a_block("ok"), broken)))
        assert store.live_calls() == []
        assert store.live_blocks() == []
        store.write(Batch(calls=(a_call(),)))
        assert store.live_calls() == [a_call()]


NASTY = (
    "Jos\u00e9 \U0001f4de",
    "'; DROP TABLE calls; --",
    '"quoted" \\ %s %(node)s ? :name {x}',
    "a\r\nb\x1b[31m",
    "x" * 65536,
)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_a_callers_text_is_kept_as_it_came(store: Store, text: str) -> None:
    store.write(Batch(calls=(a_call(number=text),), blocks=(a_block(keys=(text,)),)))
    assert store.live_calls() == [a_call(number=text)]
    assert store.live_blocks() == [a_block(keys=(text,))]
    assert store.block_history(text) == []


@pytest.mark.parametrize("text", ["lone \udc80 surrogate", "a\0b"])
def test_a_text_no_database_can_hold_does_not_stop_the_others(store: Store, text: str) -> None:
    store.write(Batch(calls=(a_call(1, number=text), a_call(2, number="Jos\u00e9"))))
    odd, fine = sorted(store.live_calls(), key=lambda call: call.id)
    assert fine.number == "Jos\u00e9"
    assert odd.number in {text, r"lone \udc80 surrogate", r"a\x00b"}


def test_an_action_or_a_state_may_come_as_an_enum(store: Store, history: History) -> None:
    store.write(Batch(audit=(an_audit(action=Code.BLOCKED, status=Status.UNKNOWN),)))
    (found,) = history.audit(limit=1)
    assert (found.action, found.status) == ("blocked", "unknown")


# ------------------------------------------------------------------ any history, the newest state

Dated = TypeVar("Dated", CallRecord, AuditRecord)


@dataclass
class Model:
    """What a store must hold: the last record under each id."""

    calls: dict[int, CallRecord] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    audit: dict[int, AuditRecord] = field(default_factory=dict)

    def write(self, batch: Batch) -> None:
        self.calls |= {call.id: call for call in batch.calls}
        self.blocks |= {block.id: block for block in batch.blocks}
        self.audit |= {entry.id: entry for entry in batch.audit}


def newest_first(records: Iterable[Dated]) -> list[Dated]:
    return sorted(records, key=lambda record: -record.id)


on_disk = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(on_disk, max_examples=12)
@given(written=st.lists(batches, max_size=5))
def test_any_history_leaves_exactly_the_newest_state(any_url: str, written: list[Batch]) -> None:
    leaves_the_newest_state(any_url, written)


@pytest.mark.slow
@settings(on_disk, max_examples=100)
@given(written=st.lists(batches, max_size=5))
def test_many_more_histories_do(any_url: str, written: list[Batch]) -> None:
    leaves_the_newest_state(any_url, written)


def leaves_the_newest_state(any_url: str, written: list[Batch]) -> None:
    """Write all, and compare with a model."""
    # A node of its own stands for a new database, which would take longer to make.
    model = Model()
    with opened(any_url, f"node-{uuid4()}") as (store, history):
        for batch in written:
            store.write(batch)
            model.write(batch)
        live = [call for call in model.calls.values() if call.ended is None]
        ended = [call for call in model.calls.values() if call.ended is not None]
        assert newest_first(store.live_calls()) == newest_first(live)
        assert history.ended_calls(limit=100) == newest_first(ended)
        assert {block.id: block for block in history.blocks(limit=100)} == model.blocks
        assert {block.id for block in store.live_blocks()} == {
            id for id, block in model.blocks.items() if block.state is BlockState.LIVE
        }
        assert history.audit(limit=100) == newest_first(model.audit.values())
