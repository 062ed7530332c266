"""Everything that may happen next on a reference PBX, by kind.

Counterparts: ``reference_pbx`` does it; ``test_any_sequence`` chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from tests.unit.core.calls.reference_legs import STATION, TRUNK, Channel
from tests.unit.core.calls.reference_pbx import ReferencePbx

USERS = ("1000", "1001", "1002")
ROOMS = ("1000", "1001")
MOST_PEOPLE = 7
LONG_AFTER = 10.0
"""Seconds after which a leg that is parked was not parked by whoever had it."""

Move = tuple[str, Callable[[], object]]
"""A sentence for the one who reads of a failure, and what it does."""


class Switchboard:
    """One per PBX."""

    def __init__(self, pbx: ReferencePbx) -> None:
        self._pbx = pbx

    def moves(self) -> dict[str, list[Move]]:
        """What may happen now; kinds of which nothing can happen are left out."""
        kinds = {
            "begin": self._begin,
            "answer": self._answer,
            "dial": self._dial,
            "early": self._early,
            "consult": self._consult,
            "hold": self._hold,
            "park": self._park,
            "take": self._take,
            "replace": self._replace,
            "wire": self._bow_out,
            "room": self._rooms,
            "leave": self._hang_up,
        }
        found = {kind: list(moves()) for kind, moves in kinds.items()}
        return {kind: moves for kind, moves in found.items() if moves}

    def _begin(self) -> Iterator[Move]:
        pbx = self._pbx
        if len(pbx.people()) >= MOST_PEOPLE:
            return
        yield "a caller comes in", pbx.call_in
        for user in USERS:
            yield f"{user} dials", lambda user=user: pbx.pick_up(user)
            yield f"{user} logs in to stay", lambda user=user: self._stay(user)
            yield f"the PBX calls {user}", lambda user=user: pbx.originate(user)
        yield "the PBX calls somebody outside", lambda: pbx.originate("")

    def _stay(self, user: str) -> None:
        channel = self._pbx.pick_up(user)
        channel.variables["variable_fluxcc_standing"] = "true"
        self._pbx.answers(channel)

    def _answer(self) -> Iterator[Move]:
        pbx = self._pbx
        for each in pbx.people():
            if each.dialler is not None:
                yield f"{each.uuid} answers", lambda each=each: pbx.pick_up_ringing(each)
            elif not each.is_answered and each.is_free:
                yield f"{each.uuid} is answered", lambda each=each: pbx.answers(each)

    def _dial(self) -> Iterator[Move]:
        pbx = self._pbx
        if len(pbx.people()) >= MOST_PEOPLE:
            return
        for each in pbx.people():
            if not each.is_free or each.is_parked or not (each.is_inbound or each.is_answered):
                continue
            others = [user for user in USERS if user != each.user]
            for user, wires in product([*others, ""], (0, 1, 2)):
                targets = [(user, wires)]
                yield _dials(each, targets), lambda e=each, t=targets: pbx.dial(e, t)
            for pair in (others[:2], [others[-1], ""], ["", ""]):
                targets = [(user, 0) for user in pair]
                yield _dials(each, targets), lambda e=each, t=targets: pbx.dial(e, t)
            targets = [(user, 1) for user in others[:2]]
            yield _dials(each, targets), lambda e=each, t=targets: pbx.dial(e, t)
            if each.kind == TRUNK and each.is_answered:
                for user in USERS:
                    text = f"the queue calls {user} for {each.uuid}"
                    yield text, lambda e=each, u=user: pbx.queue_dials(e, u)

    def _early(self) -> Iterator[Move]:
        pbx = self._pbx
        for each in pbx.channels.values():
            front = each.dialler
            if front is None or each.bridges or front.bridges or len(front.dialling) > 1:
                continue
            if front.is_person:
                yield f"{each.uuid} sends 183", lambda each=each: pbx.early_media(each)

    def _consult(self) -> Iterator[Move]:
        pbx = self._pbx
        for each in self._who_talk():
            for user in USERS:
                if each.kind == STATION and user != each.user:
                    text = f"{each.uuid} consults {user}"
                    yield text, lambda e=each, u=user: pbx.consult(e, u)
            if each.kind == STATION:
                yield f"{each.uuid} consults outside", lambda e=each: pbx.consult(e, "")

    def _who_talk(self) -> Iterator[Channel]:
        """People in a bridge, answered, with nothing else going on at either end."""
        for each in self._pbx.people():
            other, far = each.partner, _far(each)
            if other is None or _consults(each) or _consults(other) or (far and _consults(far)):
                continue
            is_busy = each.dialling or other.dialling or each.dialler or other.dialler
            if each.is_answered and other.is_answered and not is_busy:
                yield each

    def _hold(self) -> Iterator[Move]:
        for each in self._who_talk():
            if each.kind == STATION:
                verb = "resumes" if each.is_held else "holds"
                yield f"{each.uuid} {verb}", lambda each=each: self._pbx.hold(each)

    def _park(self) -> Iterator[Move]:
        for each in self._who_talk():
            other = _far(each)
            if each.kind == STATION and other is not None and other.is_answered:
                yield f"{each.uuid} parks", lambda e=each, o=other: self._parks(e, o)
        for each in self._pbx.people():
            if each.is_free and each.is_answered and not each.is_parked:
                yield f"{each.uuid} is parked later", lambda each=each: self._is_parked(each)

    def _parks(self, agent: Channel, other: Channel) -> None:
        self._pbx.hang_up(agent, goes_on=True)
        if other.uuid in self._pbx.channels:
            self._pbx.park(other, agent.user)

    def _is_parked(self, channel: Channel) -> None:
        self._pbx.now += LONG_AFTER
        self._pbx.park(channel)

    def _take(self) -> Iterator[Move]:
        pbx = self._pbx
        free = [each for each in pbx.people() if each.is_free and each.is_answered]
        talking = list(self._who_talk())
        for taker in free:
            for taken in [*free, *talking]:
                if taken is not taker and (taken.user != taker.user or not taken.user):
                    text = f"{taker.uuid} takes {taken.uuid}"
                    yield text, lambda one=taker, two=taken: pbx.take(one, two)

    def _replace(self) -> Iterator[Move]:
        talking = [each for each in self._who_talk() if each.kind == STATION]
        for held in talking:
            for other in talking:
                if held.user != other.user or other in (held, _far(held)):
                    continue
                text = f"{held.uuid} refers to {other.uuid}"
                yield text, lambda one=held, two=other: self._pbx.replace(one, two)

    def _bow_out(self) -> Iterator[Move]:
        for wire in self._pbx.channels.values():
            half = wire.half
            if half is None or not wire.bridges or not half.bridges or wire.is_inbound:
                continue
            ends = (wire.partner, half.partner)
            if all(e is not None and e.is_answered and not _consults(e) for e in ends):
                yield f"{wire.uuid} bows out", lambda wire=wire: self._pbx.bow_out(wire)

    def _rooms(self) -> Iterator[Move]:
        pbx = self._pbx
        for room in ROOMS:
            # Two customers who meet are nobody's story: the kit's rooms refuse that.
            has_customer = any(each.room == room and each.kind == TRUNK for each in pbx.people())
            for each in pbx.people():
                is_second = has_customer and each.kind == TRUNK
                if each.is_free and each.is_answered and not is_second:
                    text = f"{each.uuid} enters {room}"
                    yield text, lambda e=each, r=room: pbx.enter(r, e)
            for each in self._who_talk():
                other = each.partner
                if other is None or not other.is_person:
                    continue
                are_two = each.kind == other.kind == TRUNK and other.dialled_by is not each
                is_second = has_customer and TRUNK in (each.kind, other.kind)
                if not are_two and not is_second:
                    text = f"{each.uuid} and {other.uuid} enter {room}"
                    yield text, lambda e=each, o=other, r=room: pbx.enter(r, e, o)
        for each in pbx.people():
            outside = [
                other for other in pbx.people() if (other.room, other.kind) == (each.room, TRUNK)
            ]
            if each.room and (each.kind != TRUNK or len(outside) == 1):
                yield f"{each.uuid} leaves its room", lambda each=each: pbx.leave_room(each)

    def _hang_up(self) -> Iterator[Move]:
        pbx = self._pbx
        for each in pbx.people():
            for goes_on in (False, True) if each.partner is not None else (False,):
                text = f"{each.uuid} hangs up{', the other goes on' * goes_on}"
                yield text, lambda e=each, g=goes_on: pbx.hang_up(e, goes_on=g, is_late=g)


def _dials(channel: Channel, targets: list[tuple[str, int]]) -> str:
    names = [f"{user or 'outside'}{' by wire' * wires}" for user, wires in targets]
    return f"{channel.uuid} dials {' and '.join(names)}"


def _consults(channel: Channel) -> bool:
    return len(channel.bridges) > 1 or channel.consults_for is not None


def _far(channel: Channel) -> Channel | None:
    other = channel.partner
    while other is not None and other.half is not None:
        other = other.half.partner
    return other
