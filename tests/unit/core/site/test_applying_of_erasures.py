"""A person's erasure on one node of a site: their block ends on all, and comes back on none."""

from __future__ import annotations

import pytest

from fluxcc.core.site.feeding import TALLY_PERIOD
from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.changes import Kind, MarkKind
from fluxcc.domain.retention import Place
from tests.builders import NUMBER, an_operators
from tests.fake_site import FakeDatabase
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


def share(*members: Member) -> None:
    """Each tells what it has to tell, and takes in what the others told."""
    for _ in range(2):
        for each in members:
            each.clock.step(TALLY_PERIOD)
            each.feed()
            assert each.joined.history is not None
            each.joined.history.recording.tell()
            each.read()


def block(member: Member) -> None:
    """The person is blocked there."""
    member.ask(an_operators(Action.BLOCK, number=NUMBER, duration=600))


def erase(member: Member) -> tuple[Place, ...]:
    """Erase the person with their block; the places in which something is left."""
    erased = member.erasure.erase_person(NUMBER, "operator:maria", "r-1", with_live_block=True)
    return tuple(erased.left)


def are_clean(database: FakeDatabase, *members: Member) -> bool:
    """Whether nothing of the person is in the site, nor any block of theirs on a node."""
    told = [*database.registers.values(), *database.log]
    is_named = any(NUMBER.lstrip("+") in change.body + change.key for change in told)
    kept = [block for each in members for block in each.store.blocks.values()]
    live = [block for each in members for block in each.blocklist.blocks()]
    return not is_named and not kept and not live


def test_a_block_that_was_erased_with_its_person_ends_everywhere_and_is_nowhere(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    block(here)
    share(here, there)
    (theirs,) = there.blocklist.blocks()
    there.blocking.count_attempt(theirs)
    share(here, there)
    erase(here)
    share(here, there)
    assert there.pbx.gate == here.pbx.gate == {}
    assert there.changes()[-1] == "released"
    assert are_clean(database, here, there)


def test_an_end_that_was_erased_before_the_site_had_it_reaches_the_others(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    block(here)
    share(here, there)
    here.site.is_cut = True
    assert Place.SITE in erase(here)
    # The daemon's next life knows it, too.
    assert {mark.kind for mark in here.store.outbox} >= {MarkKind.ERASED, MarkKind.ERASURE}
    again = Member("pbx1", database)
    again.store.__dict__.update(here.store.__dict__)
    share(there)
    assert len(there.blocklist) == 1
    share(again, there)
    assert are_clean(database, again, there)
    assert not again.store.outbox


def test_a_node_that_was_away_does_not_bring_an_erased_block_back(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    block(here)
    share(here, there)
    there.site.is_cut = True
    # It renews what it does not know to be erased before it does so.
    block(there)
    here.clock.step(5)
    erase(here)
    share(here)
    there.site.is_cut = False
    share(there, here)
    assert are_clean(database, here, there)
    block(there)
    share(there, here)
    assert len(here.blocklist) == 1


def test_nobody_else_loses_their_block_and_one_that_holds_stays(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    block(here)
    share(here, there)
    here.erasure.erase_person(NUMBER, "operator:maria", "r-1")
    share(here, there)
    for each in (here, there):
        assert [found.state for found in each.blocklist.blocks()] == [BlockState.LIVE]
    assert (Kind.BLOCK, NUMBER) in database.registers
