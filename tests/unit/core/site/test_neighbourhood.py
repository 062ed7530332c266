"""Nodes of a site on fakes: that they are there, their calls, and requests for these."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fluxcc.core.site.forwarding import POST_WAIT, REPLY_WAIT
from fluxcc.core.site.neighbourhood import Machine, Neighbourhood
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import LinkLostError, SiteUnavailableError
from fluxcc.domain.nodes import SILENT_AFTER, Beat
from tests.builders import NUMBER, an_operators
from tests.fake_neighbours import FakeNeighbours, FakeTables
from tests.fake_site import FakeDatabase
from tests.unit.core.site.builders import Member

LEG = "leg-elsewhere"


class Neighbour(Member):
    """A node of a site that knows of the others."""

    def __init__(
        self, name: str, database: FakeDatabase, tables: FakeTables, machine: str = ""
    ) -> None:
        super().__init__(name, database)
        self.neighbours = FakeNeighbours(tables, self.clock)
        on = Machine(f"{machine or name}.example", machine or name)
        self.around = Neighbourhood(self, self.joined, self.neighbours, on)
        self.mail_is_read = True
        tables.on_mail[name] = self._look
        self.around.presence.step()

    def _look(self) -> None:
        if self.mail_is_read:
            self.around.forwarding.look()

    def show(self) -> None:
        """What the job would do now."""
        self.around.showing.step()


@pytest.fixture
def tables() -> FakeTables:
    """What the nodes share."""
    return FakeTables()


@pytest.fixture
def nodes(tables: FakeTables) -> tuple[Neighbour, Neighbour]:
    """Two of them."""
    database = FakeDatabase()
    return Neighbour("pbx1", database, tables), Neighbour("pbx2", database, tables)


def elsewhere(there: Neighbour) -> str:
    """A call on that node, which is shown; its customer's leg."""
    call = there.received_call()
    there.show()
    return call.customer_uuid


def test_a_call_is_told_once_until_it_changes(nodes: tuple[Neighbour, Neighbour]) -> None:
    here, there = nodes
    there.show()
    before = there.neighbours.writes
    elsewhere(there)
    there.show()
    there.show()
    assert there.neighbours.writes == before + 1
    ((node, call),) = here.neighbours.calls("pbx1")
    assert (node, call.talking) == ("pbx2", True)


def test_calls_are_told_again_where_the_site_has_lost_them(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    _, there = nodes
    elsewhere(there)
    tables.calls.clear()
    there.around.presence.step()
    there.show()
    assert len(tables.calls) == 1


def test_a_node_tells_by_how_much_its_clock_is_ahead_of_the_servers(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, _ = nodes
    here.clock.set_pbx(here.clock.now() + 3.0)
    here.around.presence.step()
    here.around.presence.step()
    assert tables.nodes["pbx1"].offset == pytest.approx(3.0)


def test_a_site_that_hangs_counts_as_away(nodes: tuple[Neighbour, Neighbour]) -> None:
    here, _ = nodes
    assert here.around.presence.is_there
    here.clock.step(SILENT_AFTER)
    assert not here.around.presence.is_there
    assert here.around.failure


def test_a_request_is_carried_out_where_the_call_is_and_audited_there_alone(
    nodes: tuple[Neighbour, Neighbour],
) -> None:
    here, there = nodes
    leg = elsewhere(there)
    reply = here.ask(an_operators(Action.HANGUP, call=leg))
    assert (reply.code, reply.call) == (Code.ENDED, leg)
    assert [row.action for row in there.store.audit.values()] == ["hangup"]
    assert not here.store.audit
    assert (here.around.forwarding.sent, there.around.forwarding.served) == (1, 1)


def test_a_request_for_a_call_that_has_gone_comes_back_refused_and_goes_nowhere_else(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, there = nodes
    elsewhere(there)
    ((key, call),) = tables.calls.items()
    tables.calls[key] = replace(call, legs=[LEG])
    tables.calls["pbx1", 99] = replace(call, id=99, legs=[LEG])
    reply = here.ask(an_operators(Action.HANGUP, call=LEG))
    assert reply.code is Code.NO_SUCH_CALL
    assert there.around.forwarding.sent == 0


def test_the_outcome_is_unknown_where_no_reply_comes_and_the_request_is_withdrawn(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, there = nodes
    leg = elsewhere(there)
    there.mail_is_read = False
    began = here.clock.monotonic()
    reply = here.ask(an_operators(Action.HANGUP, call=leg))
    assert reply.code is Code.OUTCOME_UNKNOWN
    assert here.clock.monotonic() - began == pytest.approx(REPLY_WAIT)
    assert tables.requests == {}
    assert here.around.forwarding.unanswered == 1


def test_the_outcome_is_unknown_at_once_where_the_node_is_not_heard_of(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, there = nodes
    leg = elsewhere(there)
    tables.silent.add("pbx2")
    began = here.clock.monotonic()
    assert here.ask(an_operators(Action.HANGUP, call=leg)).code is Code.OUTCOME_UNKNOWN
    assert here.clock.monotonic() == began


def test_without_the_site_a_call_elsewhere_is_none(nodes: tuple[Neighbour, Neighbour]) -> None:
    here, there = nodes
    leg = elsewhere(there)
    here.neighbours.is_cut = True
    here.around.presence.step()
    assert here.ask(an_operators(Action.HANGUP, call=leg)).code is Code.NO_SUCH_CALL


def test_a_request_for_a_call_elsewhere_needs_no_link_to_this_nodes_freeswitch(
    nodes: tuple[Neighbour, Neighbour],
) -> None:
    here, there = nodes
    leg = elsewhere(there)
    here.pbx.lose()
    reply = here.executor.execute_elsewhere(an_operators(Action.HANGUP, call=leg))
    assert reply is not None
    assert reply.code is Code.ENDED
    assert not here.store.audit


@pytest.mark.parametrize("is_known", [True, False])
def test_a_call_that_may_be_here_is_not_acted_on_without_a_link(
    nodes: tuple[Neighbour, Neighbour], is_known: bool
) -> None:
    here, _ = nodes
    leg = here.received_call().customer_uuid if is_known else LEG
    here.pbx.lose()
    for _ in range(2):
        with pytest.raises(LinkLostError):
            here.executor.execute_elsewhere(an_operators(Action.HANGUP, call=leg))
    assert not here.store.audit
    if is_known:
        # Nothing of it is left.
        here.pbx.find_again()
        assert here.ask(an_operators(Action.HANGUP, call=leg)).code is Code.ENDED


def test_a_request_that_lay_about_is_not_posted(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, there = nodes
    leg = elsewhere(there)
    here.neighbours.hangs_for = POST_WAIT + 1
    assert here.ask(an_operators(Action.HANGUP, call=leg)).code is Code.OUTCOME_UNKNOWN
    assert not tables.went
    assert leg in {call.customer_uuid for call in there.tracker.calls.values()}


def test_a_request_that_was_long_on_its_way_is_not_carried_out(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, there = nodes
    leg = elsewhere(there)
    there.neighbours.hangs_for = REPLY_WAIT + 1
    assert here.ask(an_operators(Action.HANGUP, call=leg)).code is Code.OUTCOME_UNKNOWN
    assert tables.went
    assert leg in {call.customer_uuid for call in there.tracker.calls.values()}
    assert there.around.forwarding.served == 0


def test_the_own_call_comes_first(nodes: tuple[Neighbour, Neighbour]) -> None:
    here, there = nodes
    elsewhere(there)
    own = here.received_call()
    reply = here.ask(an_operators(Action.HANGUP, call=own.customer_uuid))
    assert reply.code is Code.ENDED
    assert here.around.forwarding.sent == 0


# One daemon a name


def reads(node: Neighbour) -> bool:
    """Whether it takes the site's changes in."""
    return node.joined.reading.may_begin()


def test_of_two_daemons_with_one_name_the_later_one_takes_no_part(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables, caplog: pytest.LogCaptureFixture
) -> None:
    here, _ = nodes
    copy = Neighbour("pbx1", FakeDatabase(), tables, "copy")
    for _ in range(3):
        here.around.presence.step()
        copy.around.presence.step()
    assert here.joined.has_name()
    assert not copy.joined.has_name()
    assert (reads(here), reads(copy)) == (True, False)
    assert not copy.around.presence.is_there
    assert "pbx1.example" in copy.around.failure
    told = [record for record in caplog.records if "another daemon" in record.message]
    assert [record.host for record in told] == ["pbx1.example"]  # type: ignore[attr-defined]
    tables.silent.add("pbx1")
    copy.around.presence.step()
    tables.silent.clear()
    here.around.presence.step()
    assert (reads(here), reads(copy)) == (False, True)


def test_one_that_takes_no_part_tells_nothing(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    database = FakeDatabase()
    copy = Neighbour("pbx1", database, tables, "copy")
    copy.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    copy.feed()
    assert database.log == []
    assert copy.store.outbox
    tables.silent.add("pbx1")
    copy.around.presence.step()
    copy.feed()
    assert len(database.log) == 1


def test_a_daemon_that_starts_again_where_it_was_has_its_name_at_once(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    again = Neighbour("pbx1", FakeDatabase(), tables)
    assert again.joined.has_name()
    # Of a machine that was copied while it ran, one of the two is left.
    nodes[0].around.presence.step()
    assert not nodes[0].joined.has_name()


def test_a_beat_whose_answer_was_lost_costs_no_name(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, _ = nodes
    beat = here.neighbours.beat

    def lost(*arguments: object) -> Beat:
        here.neighbours.beat = beat  # type: ignore[method-assign]
        beat(*arguments)  # type: ignore[arg-type]
        raise SiteUnavailableError("the answer was lost")

    here.neighbours.beat = lost  # type: ignore[method-assign,assignment]
    here.around.presence.step()
    here.around.presence.step()
    assert here.joined.has_name()


def test_what_waits_for_the_site_is_counted(
    nodes: tuple[Neighbour, Neighbour], tables: FakeTables
) -> None:
    here, _ = nodes
    here.site.is_cut = True
    here.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    here.journal.flush()
    here.clock.step(40)
    here.around.jobs()["count what waits for the site"]()
    here.around.presence.step()
    assert tables.nodes["pbx1"].waiting == len(here.store.outbox) > 0
    assert tables.nodes["pbx1"].waiting_for == pytest.approx(40, abs=2)
