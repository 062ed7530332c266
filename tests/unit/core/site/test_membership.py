"""A site on fakes: what one node tells, the others take in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fluxcc.core.site.feeding import TALLY_PERIOD
from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.changes import Change, Mark, Stamp, stamp_of, stamped
from fluxcc.domain.codes import Code
from fluxcc.domain.history import MARKED
from fluxcc.domain.provisioning import Protected
from tests.builders import NUMBER, OTHER, SPELLINGS, World, a_block, an_operators
from tests.fake_site import FakeDatabase
from tests.fakes import NOW
from tests.unit.core.site.builders import Member


@pytest.fixture
def database() -> FakeDatabase:
    """What the nodes share."""
    return FakeDatabase()


@pytest.fixture
def here(database: FakeDatabase) -> Member:
    """One node."""
    return Member("pbx1", database)


@pytest.fixture
def there(database: FakeDatabase) -> Member:
    """Another one."""
    return Member("pbx2", database)


def waiting(member: Member) -> list[Mark]:
    """The changes of which the site is still to be told."""
    return [mark for mark in member.store.outbox if mark.kind not in MARKED]


def block(member: Member, number: str = NUMBER, duration: int = 60) -> None:
    """An operator blocks a number on a node, which tells the site."""
    member.ask(an_operators(Action.BLOCK, number=number, duration=duration))
    member.feed()


def test_a_block_is_at_the_gate_in_the_store_and_in_the_notices_of_the_other(
    here: Member, there: Member
) -> None:
    block(here)
    there.read()
    assert there.pbx.gate == dict.fromkeys(SPELLINGS, int(NOW) + 60)
    (stored,) = there.store.live_blocks()
    assert (stored.number, stored.origin, stored.by) == (NUMBER, "pbx1", "operator:maria")
    assert there.changes() == ["blocked"]
    assert waiting(there) == []


def test_a_release_frees_the_number_on_both_and_its_node_is_told(
    here: Member, there: Member
) -> None:
    block(here)
    there.read()
    assert there.ask(an_operators(Action.UNBLOCK, number=NUMBER)).code is Code.RELEASED
    there.feed()
    here.read()
    for member in (here, there):
        assert member.blocklist.blocks() == []
        assert member.pbx.gate == {}
        assert member.changes() == ["blocked", "released"]
        (stored,) = member.store.blocks.values()
        assert (stored.state, stored.ended_by) == (BlockState.RELEASED, "operator:maria")


def test_two_marks_made_apart_are_one_block_and_the_earlier_one_has_ended(
    here: Member, there: Member
) -> None:
    here.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    there.clock.step(1)
    there.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    for member in (here, there, here, there):
        member.feed()
        member.read()
    (live,) = here.blocklist.blocks()
    assert there.blocklist.blocks() == [live]
    assert live.origin == "pbx2"
    assert here.changes() == ["blocked", "renewed"]
    assert there.changes() == ["blocked"]
    assert [each.number for each in here.store.live_blocks()] == [NUMBER]
    assert here.pbx.gate == there.pbx.gate == dict.fromkeys(SPELLINGS, live.until)


def test_each_ends_it_by_its_own_clock(here: Member, there: Member) -> None:
    block(here)
    there.read()
    there.clock.step(61)
    there.scheduler.step()
    assert there.blocklist.blocks() == []
    assert len(here.blocklist.blocks()) == 1
    there.feed()
    here.read()
    assert len(here.blocklist.blocks()) == 1


def ends(member: Member) -> list[tuple[str, float]]:
    """Number and time of each row of the node's audit that says that a block's time has passed."""
    rows = member.store.audit.values()
    return [(row.number, row.at) for row in rows if row.action == "expire"]


def test_one_row_of_the_audit_says_that_a_blocks_time_has_passed(
    here: Member, there: Member
) -> None:
    block(here)
    there.read()
    for member in (here, there):
        member.clock.step(61)
        member.scheduler.step()
    for member in (there, here, there, here):
        member.feed()
        member.journal.flush()
    assert ends(there) == [(NUMBER, int(NOW) + 60)]
    assert ends(here) == []
    assert waiting(here) == waiting(there) == []


def test_a_row_that_was_claimed_is_written_though_the_node_died_in_between(
    here: Member, there: Member
) -> None:
    block(here)
    here.clock.step(61)
    here.scheduler.step()
    here.journal.flush()
    marked = dict(here.store.outbox)
    here.feed()
    (row,) = [each for each in here.store.audit.values() if each.action == "expire"]
    # The claim was made, and what followed was not written.
    here.store.outbox = marked
    del here.store.audit[row.id]
    here.joined.feeding._streams[0].after = 0
    here.feed()
    here.journal.flush()
    assert here.store.audit[row.id] == row


def test_a_block_that_is_over_is_told_to_nobody(here: Member, there: Member) -> None:
    block(here)
    there.clock.step(100)
    there.read()
    assert (there.pbx.gate, there.changes()) == ({}, [])
    (stored,) = there.store.blocks.values()
    assert (stored.state, stored.ended_at) == (BlockState.EXPIRED, int(NOW) + 60)


def test_until_freeswitchs_clock_is_known_nothing_is_over(here: Member, there: Member) -> None:
    block(here)
    there.clock.step(100)
    there.clock.is_known = False
    there.read()
    assert len(there.blocklist.blocks()) == 1


def test_a_mark_counts_its_own_attempts_on_each(here: Member, there: Member) -> None:
    block(here)
    there.read()
    there.blocking.count_attempt(there.blocklist.blocks()[0])
    there.journal.flush()
    here.ask(an_operators(Action.BLOCK, number=NUMBER, duration=600))
    here.feed()
    there.read()
    assert [each.attempts for each in there.store.live_blocks()] == [1]
    assert [each.attempts for each in here.store.live_blocks()] == [0]


def dial(member: Member, times: int) -> None:
    """A blocked caller dials, and the site is told."""
    for _ in range(times):
        member.blocking.count_attempt(member.blocklist.blocks()[0])
    member.clock.step(TALLY_PERIOD)
    member.feed()


def attempts(member: Member) -> list[int]:
    """The attempts at each live block, as the node's store has them."""
    return [each.attempts for each in member.store.live_blocks()]


def test_attempts_on_all_nodes_are_summed(here: Member, there: Member) -> None:
    block(here)
    there.read()
    dial(there, 2)
    dial(here, 1)
    for member in (here, there):
        member.read()
        assert attempts(member) == [3]
    dial(there, 1)
    here.read()
    assert attempts(here) == attempts(there) == [4]
    (live,) = here.blocklist.blocks()
    assert (live.own_attempts, live.elsewhere) == (1, {"pbx2": 3})


def test_a_caller_who_dials_on_and_on_wakes_the_others_seldom(
    here: Member, database: FakeDatabase
) -> None:
    block(here)
    dial(here, 1)
    told = len(database.log)
    for _ in range(50):
        here.blocking.count_attempt(here.blocklist.blocks()[0])
        here.feed()
    assert len(database.log) == told


def test_attempts_at_a_block_that_has_just_ended_count(here: Member, there: Member) -> None:
    block(here)
    there.read()
    there.blocking.count_attempt(there.blocklist.blocks()[0])
    here.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    here.feed()
    there.clock.step(TALLY_PERIOD)
    there.feed()
    here.read()
    (ended,) = here.store.blocks.values()
    assert (ended.state, ended.attempts) == (BlockState.RELEASED, 1)
    assert ended.keys


def test_a_number_that_is_protected_here_is_released_on_all(here: Member, there: Member) -> None:
    there.provisioning.put(Protected(NUMBER))
    block(here)
    there.read()
    assert there.pbx.gate == {}
    there.feed()
    here.read()
    assert here.blocklist.blocks() == []


def test_the_same_counts_for_repeaters_on_both(here: Member, there: Member) -> None:
    block(here)
    there.read()
    assert there.blocking.of_late(NUMBER) == 1
    here.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    here.feed()
    there.read()
    assert there.blocking.of_late(NUMBER) == here.blocking.of_late(NUMBER) == 0


def test_a_gate_that_cannot_be_told_is_told_after_the_next_connect(
    here: Member, there: Member
) -> None:
    there.pbx.lose()
    block(here)
    there.read()
    assert len(there.blocklist.blocks()) == 1
    there.pbx.find_again()
    there.gate_table.publish_all()
    assert there.pbx.gate == dict.fromkeys(SPELLINGS, int(NOW) + 60)


# What becomes of failures


def test_what_could_not_be_told_is_told_later(here: Member, there: Member) -> None:
    here.site.is_cut = True
    block(here)
    assert here.joined.feeding.failure
    assert here.joined.feeding.feed() > 0
    here.site.is_cut = False
    assert here.feed() == 0
    assert not here.joined.feeding.failure
    there.read()
    assert len(there.blocklist.blocks()) == 1
    here.journal.flush()
    assert waiting(here) == []


def test_what_was_told_twice_counts_once(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    here.site.is_answer_lost = True
    block(here)
    here.feed()
    there.read()
    assert len(database.log) == 1
    assert there.changes() == ["blocked"]


def test_a_site_that_cannot_be_read_is_read_again_and_told_once(
    here: Member, there: Member, caplog: pytest.LogCaptureFixture
) -> None:
    block(here)
    there.site.is_cut = True
    assert there.read() > 0
    assert there.read() > 0
    assert there.joined.reading.failure
    assert caplog.text.count("the site cannot be read") == 1
    there.site.is_cut = False
    there.read()
    assert not there.joined.reading.failure
    assert len(there.blocklist.blocks()) == 1


def test_nothing_is_read_before_the_stores_own_blocks_are_known(
    here: Member, there: Member
) -> None:
    block(here)
    there.is_recovered = False
    assert there.read() > 0
    assert there.blocklist.blocks() == []


def test_a_newcomer_takes_in_what_holds(here: Member, database: FakeDatabase) -> None:
    for number in (NUMBER, OTHER):
        block(here, number)
    database.log.clear()
    newcomer = Member("pbx3", database)
    newcomer.read()
    assert {each.number for each in newcomer.blocklist.blocks()} == {NUMBER, OTHER}


def test_after_a_failover_that_lost_a_change_its_node_tells_it_again(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    block(here)
    here.read()
    database.lose(0)
    assert here.read() > 0
    here.read()
    here.feed()
    for _ in range(2):
        there.read()
    assert len(there.blocklist.blocks()) == 1
    assert len(database.log) == 1


def test_a_change_of_a_kind_that_only_later_versions_know_is_passed_over(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    database.log.append(Change("later", "x", 1, "pbx1", "{}"))
    database.log.append(Change("block", "y", 1, "pbx1", "no JSON"))
    block(here)
    there.read()
    assert len(there.blocklist.blocks()) == 1


def test_the_site_is_rid_of_what_is_old_every_hour(here: Member) -> None:
    here.read()
    assert here.site.prunings == 0
    here.clock.step(3601)
    here.read()
    here.read()
    assert here.site.prunings == 1


# Before there was a site


def test_the_blocks_of_before_the_site_are_marked_as_of_when_they_began(
    database: FakeDatabase, there: Member
) -> None:
    here = Member("pbx1", database)
    here.store.blocks = {"b1": a_block(since=NOW - 60)}
    here.is_recovered = False
    here.recover()
    (adopted,) = here.blocklist.blocks()
    assert stamp_of(adopted) == Stamp(int((NOW - 60) * 1e6), "pbx1")
    here.feed()
    there.read()
    assert [each.id for each in there.blocklist.blocks()] == ["b1"]


def test_what_only_the_gate_has_is_beaten_by_what_the_site_knows(
    here: Member, there: Member
) -> None:
    block(here)
    here.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    here.feed()
    there.pbx.gate = dict.fromkeys(SPELLINGS, int(NOW) + 60)
    there.reclaim.step()
    assert len(there.blocklist.blocks()) == 1
    there.read()
    assert there.blocklist.blocks() == []
    assert there.pbx.gate == {}


def test_without_a_site_no_change_is_stamped() -> None:
    alone = World()
    alone.ask(an_operators(Action.BLOCK, number=NUMBER))
    (made,) = alone.blocklist.blocks()
    assert stamp_of(made) == Stamp(0, "")
    assert alone.membership is None


def test_a_change_in_knowledge_of_another_is_later_though_the_clock_is_behind(
    here: Member, there: Member
) -> None:
    here.clock.set_pbx(NOW + 5)
    block(here)
    there.read()
    there.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    there.feed()
    here.read()
    assert here.blocklist.blocks() == []


def test_an_ended_block_is_remembered_over_a_restart(here: Member, there: Member) -> None:
    block(here)
    there.read()
    there.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    there.journal.flush()
    again = Member("pbx2", FakeDatabase())
    again.store.__dict__.update(there.store.__dict__)
    again.is_recovered = False
    again.recover()
    old = stamped(replace(a_block("b9"), until=int(NOW) + 999), Stamp(1, "pbx3"))
    again.joined.merging.apply([old])
    assert again.blocklist.blocks() == []


def test_ends_are_forgotten_after_a_while(here: Member) -> None:
    block(here)
    here.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert here.standings.of(NUMBER, "").block is not None
    here.clock.step(8 * 86_400)
    here.standings.prune()
    assert here.standings.of(NUMBER, "").block is None
