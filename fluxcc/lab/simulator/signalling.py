"""Media elsewhere: past the PBX (``bypass_media``, ``uuid_media off``) or through it unseen
(``proxy_media``).

Its counterparts are the ``bridge`` application and ``uuid_media``. Legs whose media go past are
joined by their signalling alone: both hibernate. Where one of them is transferred, its media come
back and the other one is hung up.
"""

from __future__ import annotations

import gevent

from .bridging import Bridges, pair_headers
from .channel import Channel, State
from .profile import now_us
from .sip import PASSED_ON, media_variables
from .switchboard import Switchboard

GOES_PAST_AGAIN = 0.2
"""Seconds after which media that are to go past leave a bridge that was made with them."""

RETURNS_WITHIN = 1.0
"""Seconds for which ``uuid_media`` waits until both talk again."""


class Signalling:
    """Legs whose media are not seen here."""

    def __init__(self, switchboard: Switchboard, bridges: Bridges) -> None:
        self._switchboard = switchboard
        self._bridges = bridges

    def prepare(self, leg: Channel) -> None:
        """A leg is about to dial: where its media will go."""
        if leg.is_answered or leg.early_us or leg.twin is not None:
            return
        if leg.is_set("bypass_media"):
            leg.codec = ""
        elif leg.is_set("proxy_media"):
            leg.codec = PASSED_ON
        else:
            return
        for name in media_variables():
            leg.variables.pop(name, None)

    def talk(self, a: Channel, b: Channel) -> None:
        """Bridge both until one leaves: by their signalling, or as usual."""
        if not a.codec and not a.is_answered:
            self._switchboard.answer(a)
            self._talk(a, b)
            return
        if a.is_set("bypass_media") or a.is_set("bypass_media_after_bridge"):
            gevent.spawn_later(GOES_PAST_AGAIN, self.send_past, a, b)
        self._bridges.talk(a, b)

    def send_past(self, a: Channel, b: Channel) -> None:
        """``uuid_media off``: both are parked, and then joined by their signalling."""
        if a.bridged_to is not b or a.is_past:
            return
        self._switchboard.redirect(b, lambda: self._wait_past(b, a))
        self._switchboard.redirect(a, lambda: self._go_past(a, b))

    def bring_back(self, a: Channel, b: Channel) -> None:
        """``uuid_media``: the media of both come here again."""
        for leg in (a, b):
            leg.see_media()
            leg.set_variable("signal_bridge_to", "")
        earlier = b.bridged_us
        self._bridges.bridge_now(a, b)
        b.wait(lambda: b.is_ended or b.bridged_us > earlier, timeout=RETURNS_WITHIN)

    def _go_past(self, a: Channel, b: Channel) -> None:
        a.state = State.CS_PARK
        for name in ("CHANNEL_PARK", "CHANNEL_UNPARK"):
            self._switchboard.fire(name, a)
        a.wait(lambda: a.is_called_away or b.is_ended or b.state is State.CS_PARK, b)
        self._talk(a, b)

    def _wait_past(self, b: Channel, a: Channel) -> None:
        b.state = State.CS_PARK
        self._switchboard.fire("CHANNEL_PARK", b)
        b.changed()
        b.wait(lambda: b.is_called_away or b.is_past or a.is_ended, a)
        self._switchboard.fire("CHANNEL_UNPARK", b)
        if a.is_ended and not b.is_past:
            self._switchboard.hang_up(b, "NORMAL_CLEARING")
        b.wait(lambda: b.is_called_away)

    def _talk(self, a: Channel, b: Channel) -> None:
        has_b_left = b.departure()
        if not a.is_called_away and not has_b_left():
            self._join(a, b)
            a.wait(lambda: a.is_called_away or has_b_left(), b)
        if a.is_ended and not has_b_left():
            self._switchboard.hang_up(b, "NORMAL_CLEARING")
        if a.bridged_to is b:
            self._part(a, b)
        if not a.is_called_away:
            a.state = State.CS_EXECUTE
            self._bridges.after(a, b)

    def _join(self, a: Channel, b: Channel) -> None:
        a.meets("originatee", b)
        if b.direction == "outbound":
            b.meets("originator", a)
        a.bridged_us = b.bridged_us = now_us()
        b.call_uuid = a.uuid
        b.variables["call_uuid"] = a.uuid
        for leg, partner in ((a, b), (b, a)):
            leg.is_past, leg.bridged_to = True, partner
            leg.state = State.CS_HIBERNATE
            leg.application, leg.application_data = "signal_bridge", partner.uuid
            leg.variables |= {
                "signal_bridge_to": partner.uuid,
                "signal_bridge": "true",
                "signal_bond": partner.uuid,
            }
        self._switchboard.fire("CHANNEL_BRIDGE", a, first=pair_headers(a, b))
        for leg, partner in ((a, b), (b, a)):
            leg.variables |= {"bridge_to": partner.uuid, "last_bridge_to": partner.uuid}
            leg.changed()

    def _part(self, a: Channel, b: Channel) -> None:
        for leg, partner in ((a, b), (b, a)):
            if leg.bridged_to is partner:
                leg.is_past, leg.bridged_to = False, None
                leg.variables.pop("bridge_to", None)
                leg.call_uuid = leg.uuid
                leg.variables["call_uuid"] = leg.uuid
        self._switchboard.fire("CHANNEL_UNBRIDGE", a)
