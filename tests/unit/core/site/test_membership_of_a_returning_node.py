"""A node that was out of its site for a while: what was changed here and there meanwhile counts
when it is back, the later of the two."""

from __future__ import annotations

import pytest

from fluxcc.config import NumberSettings, PbxSettings, Settings
from fluxcc.domain.actions import Action
from tests.builders import NUMBER, OTHER, World, an_operators
from tests.fake_site import FakeDatabase
from tests.unit.core.site.builders import Member


@pytest.fixture
def database() -> FakeDatabase:
    """What the nodes share."""
    return FakeDatabase()


@pytest.fixture
def here(database: FakeDatabase) -> Member:
    """A node."""
    return Member("pbx1", database)


@pytest.fixture
def there(database: FakeDatabase) -> Member:
    """Another one, which stays."""
    return Member("pbx2", database)


def ask(node: World, action: Action, number: str = NUMBER, duration: int | None = None) -> None:
    """An operator blocks or frees a number on a node."""
    node.ask(an_operators(action, number=number, duration=duration))
    node.journal.flush()


def out(former: Member) -> World:
    """The node's daemon, started again without a site."""
    former.journal.flush()
    settings = Settings(pbx=PbxSettings(node="pbx1"), numbers=NumberSettings(area_code="11"))
    world = World(settings)
    _inherit(world, former)
    world.store.node = ""
    # As ``site leave`` does.
    world.store.outbox, world.store.taken = {}, None
    return world


class Returned(Member):
    """A node with the store of an earlier life."""

    def __init__(self, former: World, database: FakeDatabase) -> None:
        self.former = former
        super().__init__("pbx1", database)

    def recover(self) -> None:
        """Its store is there from the beginning."""
        node = self.store.node
        if self.former.clock.now() > self.clock.now():
            self.store.__dict__.update(self.former.store.__dict__)
            self.store.node = node
            self.pbx.gate = self.former.pbx.gate
            self.clock.step(self.former.clock.now() + 5 - self.clock.now())
        super().recover()


def back(former: World, database: FakeDatabase) -> Member:
    """The daemon of before, started again in a site."""
    former.journal.flush()
    again = Returned(former, database)
    again.feed()
    return again


def _inherit(world: World, former: World) -> None:
    """Its store is that of an earlier life, and time goes on."""
    world.store.__dict__.update(former.store.__dict__)
    world.pbx.gate = former.pbx.gate
    world.clock.step(former.clock.now() + 5 - world.clock.now())
    world.recover()


def ends(*nodes: World) -> list[list[int]]:
    """Until when each node blocks the number."""
    return [[b.until for b in node.blocklist.blocks() if b.number == NUMBER] for node in nodes]


def test_what_was_released_and_renewed_meanwhile_counts_everywhere(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    for number in (NUMBER, OTHER):
        ask(here, Action.BLOCK, number, 600)
    here.feed()
    there.read()
    alone = out(here)
    ask(alone, Action.UNBLOCK, OTHER)
    ask(alone, Action.BLOCK, NUMBER, 900)
    again = back(alone, database)
    there.read()
    assert ends(again) == ends(there) == ends(alone)
    assert [each.number for each in there.blocklist.blocks()] == [NUMBER]


def test_what_the_others_changed_later_counts_here(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    ask(here, Action.BLOCK, NUMBER, 600)
    here.feed()
    there.read()
    alone = out(here)
    ask(alone, Action.BLOCK, NUMBER, 900)
    there.clock.step(3600)
    ask(there, Action.BLOCK, NUMBER, 7200)
    there.feed()
    again = back(alone, database)
    there.read()
    assert ends(again) == ends(there) != ends(alone)


def test_in_another_site_its_blocks_are_told_and_those_of_that_one_taken_in(
    here: Member, there: Member
) -> None:
    ask(here, Action.BLOCK, NUMBER, 600)
    here.feed()
    alone = out(here)
    other = FakeDatabase()
    other.name = "site-2"
    resident = Member("pbx3", other)
    ask(resident, Action.BLOCK, OTHER, 600)
    resident.feed()
    again = back(alone, other)
    resident.read()
    for node in (again, resident):
        assert {each.number for each in node.blocklist.blocks()} == {NUMBER, OTHER}


def test_a_release_of_days_ago_counts_still(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    ask(here, Action.BLOCK, NUMBER, 10 * 86_400)
    here.feed()
    there.read()
    alone = out(here)
    ask(alone, Action.UNBLOCK)
    alone.clock.step(3 * 86_400)
    back(alone, database)
    there.read()
    assert ends(there) == [[]]
