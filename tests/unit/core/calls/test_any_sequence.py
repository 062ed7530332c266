"""Whatever happens to legs, in an order that a PBX could tell: whom an action may touch.

The reference PBX is driven at random; after each step every agent asks for everything, in the
daemon that heard all of it and in those that were started in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluxcc.actions import PLANS_ON_CALLS
from fluxcc.domain.actions import Action
from fluxcc.domain.calls import Call, Conversation
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EndLeg, EnforceBlock, Plan
from fluxcc.domain.errors import RefusedError
from tests.builders import SAO_PAULO, World, a_request
from tests.unit.core.calls.daemons import Answer, a_daemon, answer, listen, restarted
from tests.unit.core.calls.reference_answers import Standing, standing
from tests.unit.core.calls.reference_legs import TRUNK
from tests.unit.core.calls.reference_pbx import ReferencePbx
from tests.unit.core.calls.switchboard import USERS, Switchboard

MOST_STEPS = 25
MOST_DAEMONS = 3


def plans(world: World, view: Conversation) -> Iterator[tuple[Action, Plan]]:
    """What each action would do."""
    for action, plan in PLANS_ON_CALLS.items():
        try:
            yield (
                action,
                plan(view, a_request(action, agent=view.agent, service="billing"), world.rules),
            )
        except RefusedError:
            continue


def named(plan: Plan) -> set[str]:
    """Every leg that a plan names."""
    found: set[str] = set()
    for thing in (*plan.effects, *plan.afterwards, plan.confirmation):
        for name in ("leg", "customer", "agent_leg", "away_from"):
            found.add(getattr(thing, name, ""))
        for name in ("legs", "parted"):
            found |= getattr(thing, name, frozenset())
    return found - {""}


class Watch:
    """One example: a PBX, the daemons that hear it, and what must hold of them."""

    def __init__(self) -> None:
        self.pbx = ReferencePbx()
        self.board = Switchboard(self.pbx)
        self.worlds = [a_daemon(self.pbx)]
        listen(self.pbx, self.worlds)
        self._told: dict[int, str] = {}
        self._seen: set[tuple[str, Conversation, frozenset[str]]] = set()

    def moves(self) -> dict[str, dict[str, Callable[[], object]]]:
        """What may happen now, by kind and in a sentence."""
        restarts = {
            "restart": lambda: self.restart(has_outer=True),
            "restart without outer bridges": lambda: self.restart(has_outer=False),
        }
        return {kind: dict(moves) for kind, moves in self.board.moves().items()} | {
            "restart": restarts
        }

    def restart(self, *, has_outer: bool) -> None:
        """One more daemon, that was started now."""
        new = restarted(self.worlds[0], self.pbx, has_outer=has_outer)
        self.worlds[MOST_DAEMONS - 1 :] = [new]

    def check(self) -> None:
        """Everything that must hold now."""
        standings = {user: standing(self.pbx, user) for user in USERS}
        for user, stands in standings.items():
            for call in ("", *self.pbx.channels):
                answers = [answer(world, user, call) for world in self.worlds]
                self.check_answer(user, call, answers[0], stands)
                for other in answers[1:]:
                    who = f"{user} asks for {call!r} after a restart"
                    assert self.is_alike(call, other, answers[0]), f"{who}: {other}, {answers[0]}"
        for call in self.worlds[0].tracker.calls.values():
            self.check_customer(call)
        for call in self.pbx.channels:
            view, _ = answer(self.worlds[0], "", call, by_operator=True)
            # Between two lines that an agent dials, nobody is the customer.
            has_customer = view is not None and view.customer
            for action, plan in plans(self.worlds[0], view) if has_customer else ():
                self.check_number(f"{action} by an operator", plan, view)

    def is_alike(self, call: str, one: Answer, other: Answer) -> bool:
        """Whether two daemons say the same. Nobody names a wire; and of other legs than a
        customer's, only one knows for whom they were dialled: the words of a refusal may differ."""
        channel = self.pbx.channels.get(call)
        if channel is None or one == other:
            return one == other
        leg = self.worlds[0].tracker.legs[call]
        is_customer = leg.call is not None and leg.call.customer is leg and not channel.is_free
        are_refused = one[0] is None and other[0] is None
        return not channel.is_person or (are_refused and not is_customer)

    def check_answer(self, user: str, call: str, got: Answer, stands: Standing) -> None:
        view, _ = got
        if not call:
            self.check_meant(user, got, stands)
        if view is None:
            return
        key = (user, view, frozenset(stands.legs))
        if key in self._seen:
            return
        self._seen.add(key)
        who = f"{user} asks for {call!r}: {view}"
        if view.is_consulted:
            assert view.customer in stands.advised, who
        elif view.direction == "internal":
            assert view.customer in stands.colleagues, who
        else:
            assert view.customer in stands.customers, who
        for action, plan in plans(self.worlds[0], view):
            self.check_plan(f"{action} by {who}", plan, view, stands)

    def check_plan(self, who: str, plan: Plan, view: Conversation, stands: Standing) -> None:
        assert named(plan) <= stands.legs, f"{named(plan) - stands.legs}: {who}"
        ended = {each.leg for each in (*plan.effects, *plan.afterwards) if isinstance(each, EndLeg)}
        assert not (view.is_standing and view.agent_leg in ended), who
        self.check_number(who, plan, view)

    def check_number(self, who: str, plan: Plan, view: Conversation) -> None:
        """Only an outside party is ever blocked, by their own number."""
        for effect in plan.effects:
            if isinstance(effect, EnforceBlock):
                customer = self.pbx.channels[view.customer]
                assert customer.kind == TRUNK, who
                number = customer.number if customer.is_inbound else customer.destination
                assert effect.block.number == SAO_PAULO.read(number).canonical, who

    def check_meant(self, user: str, got: Answer, stands: Standing) -> None:
        """The customer they talk to; else the one they hold."""
        view, code = got
        if stands.in_room:
            return
        best = stands.heard or stands.waiting
        if len(best) == 1:
            assert view is not None, f"{user}: {code}, not {best}"
            assert not view.is_consulted
            assert {view.customer} == best, f"{user}: {view}"
        elif best:
            assert code is Code.AMBIGUOUS_CALL, f"{user}: {got}, not {best}"
        elif not stands.colleagues and not stands.advised:
            assert code is Code.NO_LIVE_CALL, f"{user}: {got}"

    def check_customer(self, call: Call) -> None:
        if call.is_told and not call.is_internal:
            first = self._told.setdefault(call.id, call.customer_uuid)
            assert call.customer_uuid == first, "another customer"
            assert call.customer is not None
            assert self.pbx.channels[first].kind == TRUNK

    def end(self) -> None:
        """All hang up; nothing is left."""
        while self.pbx.channels:
            self.pbx.hang_up(self.pbx.people()[0])
        for world in self.worlds:
            tracker = world.tracker
            assert not tracker.legs
            assert not tracker.calls
            assert not tracker.by_agent
            assert not tracker.rooms
            assert not tracker.parked
            assert not tracker.watchers.count
            assert not tracker.former
            assert not tracker._awaited


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_action_touches_only_the_askers_conversation(data: st.DataObject) -> None:
    watch = Watch()
    for _ in range(data.draw(st.integers(1, MOST_STEPS))):
        moves = watch.moves()
        found = moves[data.draw(st.sampled_from(sorted(moves)))]
        found[data.draw(st.sampled_from(list(found)))]()
        watch.check()
    watch.end()
