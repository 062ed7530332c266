"""Groups, rooms, services, protected numbers, users and tokens of a whole site, on fakes: what is
set or removed on one node counts on the others, with what follows from it (contract, section 9)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fluxcc.core.backlog import Removal
from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.changes import Change, Mark, MarkKind
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.persons import AsSeen
from fluxcc.domain.provisioning import (
    Entry,
    Group,
    Protected,
    Room,
    Service,
    Token,
    User,
    UserRole,
    kind_of,
)
from fluxcc.domain.requests import Reply
from fluxcc.domain.shared_entries import EntryStamp
from tests.builders import NUMBER, World, an_operators
from tests.fake_site import FakeDatabase
from tests.fakes import NOW
from tests.unit.core.site.builders import Member

SALES = Group("sales", has_survey=True)
ANA = User("ana", UserRole.SUPERVISOR, password_hash="$argon2id$v=19$m=8$c2FsdA$aGFzaA")
BOARD = Token("board", UserRole.VIEWER, digest="0" * 64)
ONE_OF_EACH: tuple[Entry, ...] = (
    SALES,
    replace(SALES, domain="a.example"),
    Room("1000"),
    Room("1000", domain="a.example"),
    Service("invoices", "7999"),
    Protected(NUMBER),
    ANA,
    BOARD,
)


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


def put(member: Member, entry: Entry) -> Reply:
    """An operator sets it, and the site is told."""
    reply = member.ask(an_operators(Action.SET, entry=entry, id=f"set-{member.clock.now()}"))
    member.clock.step(0.001)
    member.feed()
    member.journal.flush()
    return reply


def remove(member: Member, entry: Entry) -> Reply:
    """An operator removes it, and the site is told."""
    reply = member.ask(an_operators(Action.REMOVE, entry=entry, id=f"remove-{member.clock.now()}"))
    member.clock.step(0.001)
    member.feed()
    member.journal.flush()
    return reply


def marks(member: Member) -> list[Mark]:
    """The entries of which the site is still to be told."""
    return [mark for mark in member.store.outbox if mark.kind is MarkKind.ENTRY]


@pytest.mark.parametrize("entry", ONE_OF_EACH, ids=lambda entry: f"{kind_of(entry)}-{entry.domain}")
def test_an_entry_that_is_set_and_removed_on_one_is_so_on_the_other(
    here: Member, there: Member, entry: Entry
) -> None:
    assert put(here, entry).code is Code.SAVED
    there.read()
    assert there.provisioning.find(entry) == entry
    assert there.store.entries() == [entry]
    assert marks(there) == marks(here) == []
    there.clock.step(5)
    assert remove(there, entry).code is Code.REMOVED
    here.read()
    for member in (here, there):
        assert member.provisioning.entries() == member.store.entries() == []
        (stamp,) = member.store.entry_stamps()
        assert (stamp.kind, stamp.changer, stamp.is_gone) == (kind_of(entry), "pbx2", True)


def test_a_room_is_in_freeswitch_of_the_other_until_it_is_removed(
    here: Member, there: Member
) -> None:
    put(here, Room("1000"))
    there.read()
    assert there.pbx.rooms == here.pbx.rooms == {"*1000": "1000"}
    remove(here, Room("1000"))
    there.read()
    assert there.pbx.rooms == {}


def test_a_room_that_was_lost_with_an_earlier_life_is_withdrawn_with_its_removal(
    here: Member, there: Member
) -> None:
    put(here, Room("1000", domain="a.example"))
    remove(here, Room("1000", domain="a.example"))
    there.pbx.rooms = {"*1000@a.example": "1000@a.example"}
    there.joined.applying.apply(there.site.standing(("", ""), 9))
    assert there.pbx.rooms == {}


def test_a_room_that_freeswitch_could_not_be_told_of_follows(here: Member, there: Member) -> None:
    put(here, Room("1000"))
    put(here, SALES)
    there.pbx.lose()
    there.read()
    assert there.provisioning.find(SALES) == SALES
    assert there.pbx.rooms == {}
    there.pbx.find_again()
    there.provisioning.publish_all()
    assert there.pbx.rooms == {"*1000": "1000"}


def test_the_survey_of_a_group_follows_on_the_other(here: Member, there: Member) -> None:
    told: list[Group] = []
    there.happenings.group_changed.connect(told.append)
    put(here, SALES)
    there.read()
    assert told == [SALES]
    assert there.provisioning.has_surveys()
    remove(here, SALES)
    there.read()
    assert told == [SALES, Group("sales")]
    assert not there.provisioning.has_surveys()


def test_a_protected_number_releases_its_block_on_all(here: Member, there: Member) -> None:
    there.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    there.clock.step(1)
    # The other has not heard of the block: it is released where it is.
    put(here, Protected(NUMBER))
    there.read()
    assert there.blocklist.blocks() == []
    assert there.pbx.gate == {}
    there.feed()
    here.read()
    for member in (here, there):
        assert member.standings.of(NUMBER, "").live is None
        refused = member.ask(an_operators(Action.BLOCK, number=NUMBER, id=f"b-{member.site}"))
        assert refused.code is Code.NUMBER_PROTECTED


def test_a_block_that_was_released_with_its_protection_is_told_of_as_there(
    here: Member, there: Member
) -> None:
    here.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    here.feed()
    there.read()
    put(here, Protected(NUMBER))
    there.read()
    (stored,) = there.store.blocks.values()
    assert (stored.state, stored.ended_by, stored.changer) == (
        BlockState.RELEASED,
        "operator:maria",
        "pbx1",
    )
    assert there.changes() == ["blocked", "released"]


def test_a_user_is_known_to_the_others_door_until_removed(here: Member, there: Member) -> None:
    put(here, ANA)
    there.read()
    assert there.provisioning.find_account("ana", is_token=False) == ANA
    changed = replace(ANA, password_hash=ANA.password_hash + "0")
    put(here, changed)
    there.read()
    assert there.provisioning.find_account("ana", is_token=False) == changed
    remove(here, ANA)
    there.read()
    assert there.provisioning.find_account("ana", is_token=False) is None


def test_of_two_that_were_set_apart_the_later_one_counts_on_both(
    here: Member, there: Member
) -> None:
    here.ask(an_operators(Action.SET, entry=replace(SALES, questions=1)))
    there.clock.step(1)
    there.ask(an_operators(Action.SET, entry=replace(SALES, questions=2)))
    for member in (here, there, here, there):
        member.feed()
        member.read()
    for member in (here, there):
        assert member.store.entries() == [replace(SALES, questions=2)]
        assert member.provisioning.entries() == member.store.entries()


def test_what_came_from_elsewhere_while_an_entry_was_written_is_not_overwritten_in_memory(
    here: Member, there: Member
) -> None:
    put(here, SALES)
    there.read()
    mine, theirs = replace(SALES, questions=2), replace(SALES, questions=3)
    there.provisioning.saving(mine)
    here.clock.step(60)
    put(here, theirs)
    there.read()
    there.provisioning.put(mine)
    assert there.provisioning.find(SALES) == theirs
    there.provisioning.drop(SALES)
    assert there.provisioning.find(SALES) == theirs


def test_without_a_site_nothing_is_stamped_or_marked() -> None:
    alone = World()
    alone.recover()
    alone.ask(an_operators(Action.SET, entry=SALES))
    assert alone.provisioning.removing(SALES) == (Removal(SALES),)
    alone.ask(an_operators(Action.REMOVE, entry=SALES, id="r-2"))
    assert alone.store.entry_stamps() == []
    assert alone.store.outbox == {}


def test_what_was_set_before_the_site_is_the_sites_and_loses_to_what_the_site_knows(
    here: Member, database: FakeDatabase
) -> None:
    put(here, SALES)
    newcomer = Member("pbx9", database, replace(SALES, questions=3), Room("1000"))
    newcomer.feed()
    here.read()
    for member in (here, newcomer):
        assert member.store.entries() == [SALES, Room("1000")]
        assert member.provisioning.find(Room("1000")) == Room("1000")


def test_a_removal_is_remembered_over_a_restart(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    put(here, SALES)
    there.read()
    there.clock.step(5)
    remove(there, SALES)
    again = Member("pbx2", database, former=there)
    # An old change comes late, as from a node that was away.
    old = Change("entry", "group/sales", int(NOW * 1e6), "pbx1", '{"name": "sales"}')
    again.joined.applying.apply([old])
    assert again.provisioning.find(SALES) is None


def test_after_a_failover_every_entry_is_offered_again_also_anothers_and_removed_ones(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    put(here, SALES)
    put(here, ANA)
    there.read()
    remove(here, ANA)
    there.read()
    database.lose(0)
    # The node that changed them is gone for good.
    assert there.read() > 0
    there.read()
    there.feed()
    newcomer = Member("pbx3", database)
    newcomer.read()
    assert newcomer.store.entries() == [SALES]
    assert {each.thing: each.is_gone for each in newcomer.store.entry_stamps()} == {
        "group/sales": False,
        "user/ana": True,
    }


def test_an_entry_that_this_version_cannot_read_is_passed_over_and_logged(
    here: Member, there: Member, database: FakeDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    for key, body in (("queue/x", "{}"), ("group/x", '{"name": "x", "scale": "1-7"}')):
        database.log.append(Change("entry", key, 1, "pbx1", body))
    put(here, SALES)
    there.read()
    assert there.store.entries() == [SALES]
    assert caplog.text.count("a change from elsewhere cannot be read") == 2


def test_what_an_earlier_version_could_not_read_is_taken_in_after_the_upgrade(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    there.read()
    passed_over = Change("entry", "group/x", 1, "pbx1", '{"name": "x"}')
    database.registers["entry", "group/x"] = passed_over
    again = Member("pbx2", database, former=there)
    assert again.provisioning.find(Group("x")) == Group("x")


def test_an_entry_of_before_the_store_could_be_read_is_later_than_what_is_stored(
    here: Member, database: FakeDatabase
) -> None:
    later = EntryStamp("group", "sales", int((NOW + 60) * 1e6), "pbx2")
    here.store.stamps["group/sales"] = later
    here.store.settings["Group", "sales"] = SALES
    here.is_recovered = False
    mine = replace(SALES, questions=3)
    here.store.failure = "the disk is away"
    assert here.ask(an_operators(Action.SET, entry=mine)).record_pending
    here.store.failure = ""
    here.recover()
    here.feed()
    assert here.store.entries() == [mine]
    assert here.store.stamps["group/sales"].stamp > later.stamp
    assert database.registers["entry", "group/sales"].at > later.changed


def test_an_entry_that_the_store_has_lost_comes_back_from_the_site(
    here: Member, there: Member, database: FakeDatabase
) -> None:
    put(here, SALES)
    there.read()
    # A page of the file is damaged, say.
    there.store.settings.clear()
    again = Member("pbx2", database, former=there)
    assert again.provisioning.find(SALES) == SALES
    assert again.store.entries() == [SALES]


def test_a_store_that_was_begun_anew_gets_removed_ones_too(here: Member) -> None:
    put(here, SALES)
    put(here, ANA)
    remove(here, ANA)
    here.store.settings.clear()
    here.store.stamps.clear()
    here.happenings.store_recreated()
    here.journal.flush()
    assert here.store.entries() == [SALES]
    assert set(here.store.stamps) == {"group/sales", "user/ana"}


def test_a_number_that_was_protected_is_forgotten_with_its_person(here: Member) -> None:
    put(here, Protected(NUMBER))
    person = here.persons.find(NUMBER)
    here.erasure.erase_at_site = None
    erased = here.erasure.erase_person(NUMBER, "operator:maria", "e-1")
    assert erased.left["entries"] == NUMBER  # type: ignore[index]
    assert set(here.store.stamps) == {f"protected/{NUMBER}"}
    remove(here, Protected(NUMBER))
    here.erasure.erase_person(NUMBER, "operator:maria", "e-2")
    assert here.store.stamps == {}
    assert [each for each in here.provisioning.shared.all() if person.has(each.name)] == []


def test_a_removal_of_which_the_site_has_not_heard_is_kept_by_an_erasure(
    here: Member, there: Member
) -> None:
    put(here, Protected(NUMBER))
    there.read()
    here.site.is_cut = True
    remove(here, Protected(NUMBER))
    here.store.forget_removed(AsSeen().find(NUMBER))
    here.site.is_cut = False
    here.read()
    here.feed()
    there.read()
    assert there.store.entries() == []


def test_requests_are_in_the_audit_where_they_were_asked(here: Member, there: Member) -> None:
    put(here, SALES)
    there.read()
    assert [row.action for row in here.store.audit.values()] == ["set"]
    assert [row.status for row in here.store.audit.values()] == [Status.OK]
    assert list(there.store.audit.values()) == []
