"""Two legs that talk: CHANNEL_BRIDGE, CHANNEL_UNBRIDGE, and where each leg goes afterwards.

Its counterparts are the ``bridge`` application and ``uuid_bridge`` (which mod_callcenter uses).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import gevent

from .channel import Channel, Headers, State
from .profile import now_us
from .routing import Router
from .switchboard import Switchboard

AUDIO_FRAME = 0.005
"""A leg that was sent away leaves its bridge with the next frame of audio; until then its partner
can be sent away too (``uuid_transfer`` on each leg, right after each other)."""


class Bridges:
    """Joins legs; the first of a pair (FreeSWITCH's A leg) does the work in its own greenlet."""

    def __init__(self, switchboard: Switchboard, router: Router) -> None:
        self._switchboard = switchboard
        self._router = router

    def talk(self, a: Channel, b: Channel) -> None:
        """Bridge both until one leaves; then the other goes where its variables send it.

        A is left alone where it goes on with its dialplan.
        """
        self._talk(a, b, b.departure())

    def _talk(self, a: Channel, b: Channel, has_b_left: Callable[[], bool]) -> None:
        if b.is_early:
            self._switchboard.pre_answer(a)
        else:
            self._switchboard.answer(a)
        if not a.is_called_away:
            self._join(a, b)
            a.wait(lambda: a.is_called_away or has_b_left() or not b.is_early, b)
            if not a.is_called_away and not has_b_left():
                self._switchboard.answer(a)
            self._talk_to_the_end(a, b, has_b_left)
            if not a.is_ended and not b.is_ended:
                gevent.sleep(AUDIO_FRAME)
        if not has_b_left():
            self._release_partner(a, b)
        if a.bridged_to is b:
            self._part(a, b)
        if not a.is_called_away:
            self.after(a, b)

    def _talk_to_the_end(self, a: Channel, b: Channel, has_b_left: Callable[[], bool]) -> None:
        """One who consults a third leg may hang up: the two others are bridged then."""

        def is_over() -> bool:
            is_left = a.is_called_away or has_b_left()
            return is_left and not a.is_consulting and not b.is_consulting

        a.wait(lambda: a.is_consulting or is_over(), b)
        has_consulted = a.is_consulting
        a.wait(is_over, b)
        if a.is_ended and has_consulted and not b.is_ended:
            # As in FreeSWITCH the leg that handed over is there until its former partner leaves.
            b.wait(b.departure())

    def bridge_now(self, a: Channel, b: Channel) -> None:
        """``uuid_bridge``: interrupt what both legs are doing, and bridge them."""
        a.meets("originatee", b)
        b.meets("originator", a)
        self.show_each_other(a, b)
        for leg, partner in ((a, b), (b, a)):
            leg.variables |= {"bridge_uuid": partner.uuid, "signal_bond": partner.uuid}
            source = f"{int(time.time())}:{uuid.uuid4()}:uuid_br:{partner.uuid}"
            leg.profile = replace(leg.profile, transfer_source=source, index=leg.profile.index + 1)
            leg.note_transfer(source)
            leg.variables |= {"bridge_uuid": partner.uuid, "signal_bond": partner.uuid}
        self._switchboard.redirect(b, lambda: self._soft_execute(a, b))
        has_b_left = b.departure()
        self._switchboard.redirect(a, lambda: self._soft_bridge(a, b, has_b_left))

    def talk_inside(self, a: Channel, b: Channel) -> None:
        """Bridge both inside the bridge that A is in, until one leaves; A's own then goes on.

        B is parked where A hangs up.
        """
        outer = a.bridged_to
        has_b_left = b.departure()
        self._join(a, b)
        a.wait(lambda: a.is_called_away or has_b_left(), b)
        if not has_b_left():
            b.bridged_to = None
            self._switchboard.redirect(b, lambda: self._router.park(b))
            gevent.sleep(0)
        self._part(a, b)
        if outer is not None and outer.bridged_to is a:
            a.bridged_to = outer
            a.variables["bridge_to"] = outer.uuid

    def show_each_other(self, a: Channel, b: Channel) -> None:
        """What ``uuid_bridge`` and a fifo make of the caller IDs of both."""
        if a.direction == "inbound" or not a.profile.is_flipped:
            self._router.flip(a)
        if b.direction == "inbound" and not b.profile.is_flipped:
            b.profile = b.profile.flipped()
        a.profile = replace(
            a.profile,
            callee_name=b.profile.callee_name,
            callee_number=b.profile.callee_number,
        )
        b.profile = replace(
            b.profile, caller_name=a.profile.caller_name, caller_number=a.profile.caller_number
        )

    def _soft_bridge(self, a: Channel, b: Channel, has_b_left: Callable[[], bool]) -> None:
        with b.held():
            self._announce(a, b)
            # The partner announces itself before the two are joined.
            a.wait(lambda: a.is_called_away or has_b_left() or b.application_data == a.uuid, b)
            self._talk(a, b, has_b_left)
        a.state = State.CS_EXECUTE

    def be_called(self, leg: Channel) -> None:
        """Be the one whom another leg has bridged, until called away."""
        leg.state = State.CS_EXCHANGE_MEDIA
        leg.wait(lambda: leg.is_called_away)

    def _soft_execute(self, a: Channel, b: Channel) -> None:
        with a.held():
            b.wait(lambda: b.is_called_away or a.is_ended or a.application_data == b.uuid, a)
        self._announce(b, a)
        b.state = State.CS_EXCHANGE_MEDIA
        b.wait(lambda: b.is_called_away)

    def _announce(self, leg: Channel, partner: Channel) -> None:
        leg.state = State.CS_SOFT_EXECUTE
        leg.application, leg.application_data = "uuid_bridge", partner.uuid
        named: Headers = [("Application", "uuid_bridge"), ("Application-Data", partner.uuid)]
        self._switchboard.fire("CHANNEL_EXECUTE", leg, last=named)
        leg.changed()

    def _join(self, a: Channel, b: Channel) -> None:
        a.meets("originatee", b)
        if b.direction == "outbound":
            b.meets("originator", a)
        a.bridged_us = b.bridged_us = now_us()
        if a.state is State.CS_SOFT_EXECUTE:
            a.call_uuid = a.uuid
            a.variables["call_uuid"] = a.uuid
        else:
            a.profile = a.profile.talking_to(b.profile)
        b.call_uuid = a.uuid
        b.variables["call_uuid"] = a.uuid
        for leg, partner in ((a, b), (b, a)):
            leg.bridged_to = partner
            leg.variables["signal_bond"] = partner.uuid
            if leg.call_state == "RING_WAIT":
                leg.call_state = "ACTIVE"
        self._switchboard.fire("CHANNEL_BRIDGE", a, first=pair_headers(a, b))
        a.variables |= {"bridge_to": b.uuid, "last_bridge_role": "originator"}
        b.variables |= {"bridge_to": a.uuid, "last_bridge_role": "originatee"}
        b.state = State.CS_EXCHANGE_MEDIA
        for leg, partner in ((a, b), (b, a)):
            leg.variables |= {"last_bridge_to": partner.uuid, "bridge_uuid": partner.uuid}
            leg.variables["bridge_channel"] = partner.name
            _show_twin(leg, partner)
            leg.changed()

    def _part(self, a: Channel, b: Channel) -> None:
        for leg, partner in ((a, b), (b, a)):
            if leg.bridged_to is partner:
                leg.bridged_to = None
                leg.call_uuid = leg.uuid
                leg.variables["call_uuid"] = leg.uuid
                leg.changed()
            if leg.variable("bridge_to") == partner.uuid:
                leg.set_variable("bridge_to", "")
        a.variables["last_bridge_hangup_cause"] = b.cause or "NORMAL_CLEARING"
        a.variables["bridge_hangup_cause"] = b.cause or "NORMAL_CLEARING"
        self._switchboard.fire("CHANNEL_UNBRIDGE", a, first=pair_headers(a, b))

    def _release_partner(self, a: Channel, b: Channel) -> None:
        """Send the B leg, which A left behind, where its variables say, or hang it up."""
        if not self._goes_on(b):
            cause = a.cause if a.cause and not a.is_answered else "NORMAL_CLEARING"
            self._switchboard.hang_up(b, cause)
        gevent.sleep(0)

    def after(self, a: Channel, b: Channel) -> None:
        """The leg goes where its variables say after a bridge, or on in its dialplan."""
        cause = b.cause or "NORMAL_CLEARING"
        # "explicit" is the one word that comes before the ways to go on.
        is_explicit = a.variable("hangup_after_bridge").lower() == "explicit"
        if is_explicit or (not self._goes_on(a) and a.is_set("hangup_after_bridge")):
            self._switchboard.hang_up(a, cause)

    def _goes_on(self, leg: Channel) -> bool:
        """Follow ``park_after_bridge`` or ``transfer_after_bridge``, in that order."""
        if leg.is_set("park_after_bridge"):
            self._switchboard.redirect(leg, lambda: self._router.park(leg))
        elif where := leg.variable("transfer_after_bridge"):
            leg.set_variable("transfer_after_bridge", "")
            destination, _, rest = where.partition(":")
            dialplan, _, context = rest.partition(":")
            self._router.transfer(leg, destination, dialplan, context)
        else:
            return False
        return True


def _show_twin(leg: Channel, partner: Channel) -> None:
    """The called leg of a loopback pair shows whom the dialling one talks to."""
    if leg.twin is not None and leg.direction == "inbound":
        partner.set_variable("other_leg_true_id", leg.variable("other_loopback_from_uuid"))
        leg.twin.profile = replace(
            leg.twin.profile,
            caller_name=partner.profile.callee_name,
            caller_number=partner.profile.callee_number,
        )
        if partner.twin is not None:
            partner.twin.profile = replace(
                partner.twin.profile,
                callee_name=partner.profile.callee_name,
                callee_number=partner.profile.callee_number,
            )


def pair_headers(a: Channel, b: Channel) -> Headers:
    """Who is bridged, in this order."""
    return [("Bridge-A-Unique-ID", a.uuid), ("Bridge-B-Unique-ID", b.uuid)]
