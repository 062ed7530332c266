"""A small PBX of the tests' own, that tells only what FreeSWITCH could tell, in its order.

It shares nothing with the model: legs, bridges and rooms here are the truth that ``answers`` reads.
The orders of events are those of the recordings in ``tests/streams/shapes``. Counterparts:
``switchboard`` drives it at random, ``test_any_sequence`` compares.
"""

from __future__ import annotations

from tests.unit.core.calls.reference_legs import (
    STATION,
    TRUNK,
    WIRE,
    Channel,
    Exchange,
    other_end,
)


class ReferencePbx(Exchange):
    """Each method is something that a PBX does, and tells with events."""

    # Legs that begin

    def call_in(self) -> Channel:
        """A caller comes in over a trunk."""
        return self._create(TRUNK, is_inbound=True, number=self._outside(), destination="5000")

    def pick_up(self, user: str) -> Channel:
        """A telephone dials."""
        more = {"variable_user_name": user}
        return self._create(STATION, user, is_inbound=True, number=user, destination="900", **more)

    def answers(self, channel: Channel) -> None:
        """The dialplan answers a leg that came in: it is in an IVR, or a queue."""
        channel.is_answered = True
        channel.application = ("answer", "")
        self._tell("CHANNEL_ANSWER", channel)

    def originate(self, user: str) -> Channel:
        """The PBX calls a telephone, or with an empty text a person outside, for nobody."""
        if not user:
            destination = self._outside()
            return self._create(TRUNK, number="0000000000", destination=destination)
        return self._create(STATION, user, number="0000000000", destination=user)

    def dial(self, origin: Channel, targets: list[tuple[str, int]]) -> None:
        """``bridge``: call telephones (an empty text: a person outside) through so many wires."""
        if not origin.consults_for:
            origin.application = ("bridge", "somebody")
        for user, wires in targets:
            front = origin
            for _ in range(wires):
                front = self._create_wire(front, user or "outside")
            number = front.number if front.is_inbound else front.destination
            self._create(
                STATION if user else TRUNK, user, number=number, origin=front,
                destination=user or self._outside(),
            )  # fmt: skip

    def queue_dials(self, member: Channel, user: str) -> None:
        """mod_callcenter calls an agent for one who waits."""
        member.application = ("callcenter", "sales@default")
        member.variables["variable_cc_side"] = "member"
        self._create(
            STATION, user, number=member.number, destination=user, origin=member, is_told=False,
            variable_cc_side="agent", variable_cc_agent=f"{user}@default",
            variable_cc_queue="sales@default", variable_cc_member_session_uuid=member.uuid,
        )  # fmt: skip

    def consult(self, asker: Channel, user: str) -> None:
        """``att_xfer``: a telephone calls somebody inside its bridge."""
        asker.consults_for = asker.partner
        asker.application = ("att_xfer", f"user/{user}")
        if user:
            asker.variables["variable_dialed_user"] = user
        self.dial(asker, [(user, 0)])

    # Legs that are answered

    def early_media(self, channel: Channel) -> None:
        """183: the two are bridged before anybody answers."""
        front = channel.dialler
        assert front is not None
        self._bridge(front, channel)

    def pick_up_ringing(self, channel: Channel) -> None:
        """One who rings answers; the others who ring for the same leg are given up."""
        channel.is_answered = True
        self._tell("CHANNEL_ANSWER", channel)
        while (front := channel.dialler) is not None:
            channel.dialler = None
            front.dialling.remove(channel)
            for loser in list(front.dialling):
                self._give_up(loser, "LOSE_RACE")
            half = front.half
            for each in filter(None, (half, front)):
                if not each.is_answered:
                    each.is_answered = True
                    self._tell("CHANNEL_ANSWER", each)
            if channel.partner is not front:
                self._bridge(front, channel)
            if half is None:
                break
            channel = half

    # What those who talk do

    def hold(self, channel: Channel) -> None:
        """Hold, or take off hold."""
        channel.is_held = not channel.is_held
        self._tell("CHANNEL_HOLD" if channel.is_held else "CHANNEL_UNHOLD", channel)

    def park(self, channel: Channel, by: str = "") -> None:
        """A leg without anybody is parked, by an agent who just left it or by its dialplan."""
        channel.application = ("park", "")
        channel.is_parked, channel.parked_by = True, by
        self._tell("CHANNEL_PARK", channel)

    def take(self, taker: Channel, taken: Channel) -> None:
        """``intercept`` or ``uuid_bridge``: a leg gets another one, who is taken from whomever they
        are with."""
        taker.application = ("intercept", taken.uuid)
        former = taken.partner
        if former is not None:
            self._part(taken, former)
            self._left_by(former, goes_on=False, cause="PICKED_OFF")
        for each in (taker, taken):
            self._unpark(each)
        self._bridge(taker, taken)

    def bow_out(self, wire: Channel) -> None:
        """A pair of wires that connects two leaves, and the two are bridged directly."""
        half = wire.half
        assert half is not None
        front, back = wire.partner, half.partner
        assert front is not None
        assert back is not None
        for each in (wire, half):
            self._tell("CHANNEL_HANGUP", each, Hangup_Cause="NORMAL_CLEARING")
        self._part(front, wire)
        self._part(half, back)
        for each in (wire, half):
            self._destroy(each)
        self._bridge(front, back)

    def replace(self, held: Channel, consulting: Channel) -> None:
        """REFER with Replaces: the telephone joins those whom its two legs are bridged to."""
        customer, colleague = held.partner, consulting.partner
        assert customer is not None
        assert colleague is not None
        self._part(consulting, colleague)
        self._end(consulting)
        self._tell("CHANNEL_HANGUP", held, Hangup_Cause="NORMAL_CLEARING")
        self._part(customer, held)
        self._destroy(held)
        self._bridge(customer, colleague)

    # Rooms

    def enter(self, room: str, *channels: Channel) -> None:
        """Legs go into a room, by themselves or two who are bridged."""
        first = channels[0]
        if first.bridges:
            self._part(*first.bridges[-1])
        for channel in channels:
            self._unpark(channel)
            channel.room = room
            channel.application = ("conference", room)
            self._tell_room("add-member", channel, room)

    def leave_room(self, channel: Channel) -> None:
        """A leg is taken out of its room, and lives on. A telephone that is left alone there is
        released."""
        room, channel.room = channel.room, ""
        channel.application = ("playback", "music")
        self._tell_room("del-member", channel, room)
        there = [each for each in self.channels.values() if each.room == room]
        if len(there) == 1 and there[0].kind == STATION:
            self.hang_up(there[0])

    # Ends

    def hang_up(self, channel: Channel, *, goes_on: bool = False, is_late: bool = False) -> None:
        """A person hangs up. ``goes_on``: whoever they talked to stays, alone. ``is_late``: the end
        of the outer bridge of one who consulted is told only after the two are bridged."""
        if channel.dialler is not None:
            self._fail(channel)
            return
        for ringing in list(channel.dialling):
            self._give_up(ringing, "ORIGINATOR_CANCEL")
        self._unpark(channel)
        bridges = list(channel.bridges)
        self._tell("CHANNEL_HANGUP", channel, Hangup_Cause="NORMAL_CLEARING")
        if channel.room:
            self.leave_room(channel)
        if len(bridges) > 1:
            self._hand_over(channel, is_late=is_late)
            return
        for bridge in bridges:
            other = other_end(bridge, channel)
            if other.bridges[-1] is bridge or bridge[0] is channel:
                self._part(*bridge)
            else:
                # It waits while the other one consults, whose thread has the bridge.
                other.bridges.remove(bridge)
            self._destroy(channel)
            self._left_by(other, goes_on=goes_on)
            return
        self._destroy(channel)

    def _left_by(self, channel: Channel, *, goes_on: bool, cause: str = "NORMAL_CLEARING") -> None:
        """What becomes of one whose partner has gone. Nobody is held any more."""
        channel.is_held = False
        if not channel.is_person:
            self._collapse(channel, goes_on=goes_on)
        elif channel.bridges:
            # It consulted, and is back with whoever waited; or goes on with whom it consults.
            (bridge,) = channel.bridges
            waiting = channel.consults_for
            channel.consults_for = None
            if waiting is other_end(bridge, channel):
                self._part(*bridge)
                self._bridge(channel, waiting)
        elif channel.dialling or not goes_on or not channel.is_answered:
            channel.consults_for = None
            self._end(channel, cause)
        else:
            channel.consults_for = None
            channel.application = ("playback", "music")

    def _hand_over(self, asker: Channel, *, is_late: bool) -> None:
        outer, inner = asker.bridges
        waiting, asked = other_end(outer, asker), other_end(inner, asker)
        self._tell("CHANNEL_PARK", asked)
        self._part(*inner)
        asker.bridges.remove(outer)
        waiting.bridges.remove(outer)
        if not is_late:
            self._tell_bridge("CHANNEL_UNBRIDGE", *outer)
        self._tell("CHANNEL_UNPARK", asked)
        self._bridge(asked, waiting)
        if is_late:
            self._tell_bridge("CHANNEL_UNBRIDGE", *outer)
        self._destroy(asker)

    def _collapse(self, wire: Channel, *, goes_on: bool) -> None:
        """Both halves of a pair end, and leave whoever is behind them."""
        half = wire.half
        assert half is not None
        for each in (wire, half):
            self._tell("CHANNEL_HANGUP", each, Hangup_Cause="NORMAL_CLEARING")
        for ringing in list(half.dialling):
            self._give_up(ringing, "ORIGINATOR_CANCEL")
        behind = half.partner
        if behind is not None:
            self._part(half, behind)
        for each in (wire, half):
            self._destroy(each)
        if behind is not None:
            self._left_by(behind, goes_on=goes_on)

    def _give_up(self, ringing: Channel, cause: str) -> None:
        """One who rings, and whatever was dialled for them, ends."""
        assert ringing.dialler is not None
        ringing.dialler.dialling.remove(ringing)
        ringing.dialler = None
        half = ringing.half
        if half is not None:
            self._tell("CHANNEL_HANGUP", half, Hangup_Cause=cause)
            for each in list(half.dialling):
                self._give_up(each, "ORIGINATOR_CANCEL")
        self._end(ringing, cause)
        if half is not None:
            self._destroy(half)

    def _fail(self, ringing: Channel) -> None:
        """One who rings does not take the call; with the last one, a wire in front ends too."""
        front = ringing.dialler
        assert front is not None
        self._give_up(ringing, "USER_BUSY")
        if front.dialling:
            return
        if front.half is not None and front.half.dialler is not None:
            self._fail(front.half)
        elif front.consults_for is not None:
            front.consults_for = None
            if not front.bridges:
                self._end(front)

    def _end(self, channel: Channel, cause: str = "NORMAL_CLEARING") -> None:
        for ringing in list(channel.dialling):
            self._give_up(ringing, "ORIGINATOR_CANCEL")
        self._tell("CHANNEL_HANGUP", channel, Hangup_Cause=cause)
        for bridge in list(channel.bridges):
            self._part(*bridge)
        self._destroy(channel)

    def _destroy(self, channel: Channel) -> None:
        del self.channels[channel.uuid]
        self._tell("CHANNEL_DESTROY", channel, Hangup_Cause="NORMAL_CLEARING")

    # Inside

    def _create(
        self,
        kind: str,
        user: str = "",
        *,
        number: str,
        destination: str,
        is_inbound: bool = False,
        origin: Channel | None = None,
        is_told: bool = True,
        **variables: str,
    ) -> Channel:
        self.now += 1
        uuid = f"{kind}{next(self._numbers)}"
        channel = Channel(uuid, kind, user, is_inbound, number, destination, self.now)
        channel.variables.update(variables)
        if kind == STATION and not is_inbound:
            channel.variables["variable_dialed_user"] = user
        if origin is not None:
            channel.dialler = channel.dialled_by = origin
            origin.dialling.append(channel)
            if is_told:
                channel.other = ("originator", origin.uuid)
        self.channels[uuid] = channel
        self._tell("CHANNEL_CREATE", channel)
        return channel

    def _create_wire(self, front: Channel, destination: str) -> Channel:
        """A loopback pair; its far half, which dials on."""
        ids = f"wire{next(self._numbers)}a", f"wire{next(self._numbers)}b"
        self.now += 1
        number = front.number if front.is_inbound else front.destination
        near = Channel(ids[0], WIRE, "", False, number, destination, self.now)
        far = Channel(ids[1], WIRE, "", True, number, destination, self.now)
        near.half, far.half = far, near
        near.dialler = near.dialled_by = far.dialled_by = front
        front.dialling.append(near)
        near.other = ("originator", front.uuid)
        far.variables["variable_other_loopback_from_uuid"] = front.uuid
        for each in (near, far):
            self.channels[each.uuid] = each
            self._tell("CHANNEL_CREATE", each)
        return far

    def _bridge(self, first: Channel, second: Channel) -> None:
        bridge = (first, second)
        first.bridges.append(bridge)
        second.bridges.append(bridge)
        first.other, second.other = ("originatee", second.uuid), ("originator", first.uuid)
        self._tell_bridge("CHANNEL_BRIDGE", first, second)

    def _part(self, first: Channel, second: Channel) -> None:
        for bridge in list(first.bridges):
            if second in bridge:
                first.bridges.remove(bridge)
                second.bridges.remove(bridge)
                self._tell_bridge("CHANNEL_UNBRIDGE", *bridge)

    def _unpark(self, channel: Channel) -> None:
        if channel.is_parked:
            channel.is_parked, channel.parked_by = False, ""
            self._tell("CHANNEL_UNPARK", channel)
