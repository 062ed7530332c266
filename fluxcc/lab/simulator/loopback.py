"""mod_loopback: a dialled extension as a pair of legs, one that is called and one that dials.

Its counterpart is ``dialing.py``, which calls ``loopback/EXT/CTX``. The called leg (``-a``) is
outbound and does what the dialling one (``-b``, inbound, in the dialplan) is told. Once both talk
to a third leg, those two are bridged directly and the pair goes (*bow-out*), unless a leg's
``loopback_bowout`` says no.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace

import gevent

from .channel import Channel
from .events import Value
from .profile import Profile
from .switchboard import Switchboard

BOW_OUT_AFTER = 2.0
"""Seconds of audio that the pair passes on before it bows out."""

_CODEC: dict[str, Value] = {
    "read_codec": "PCMU",
    "read_rate": "8000",
    "write_codec": "PCMU",
    "write_rate": "8000",
}

ADDRESS = re.compile(r"loopback/(?P<extension>[^/]+)(?:/(?P<context>[^/]*))?(?:/(?P<dialplan>.+))?")


class Loopbacks:
    """Makes pairs, and takes them away again."""

    def __init__(
        self,
        switchboard: Switchboard,
        route: Callable[[Channel], None],
        bridge: Callable[[Channel, Channel], None],
    ) -> None:
        self._switchboard = switchboard
        self._route = route
        self._bridge = bridge

    def call(
        self,
        address: re.Match[str],
        profile: Profile,
        variables: dict[str, Value],
        caller: Channel | None,
    ) -> Channel:
        """The called leg of a new pair; the other one is in the dialplan."""
        if caller is not None:
            self._switchboard.pre_answer(caller)
        profile = replace(
            profile,
            destination=address["extension"],
            context=address["context"] or profile.context,
            dialplan=address["dialplan"] or profile.dialplan or "XML",
            callee_number=address[0].rpartition("/")[2],
            source="mod_loopback",
        )
        known: dict[str, Value] = {"is_outbound": "true", "originate_endpoint": "loopback"}
        if caller is not None:
            known["loopback_from_uuid"] = caller.uuid
            for name in ("originator", "originating_leg_uuid", "signal_bond"):
                known[name] = caller.uuid
        dials_uuid = str(uuid.uuid4())
        called = self._switchboard.create(
            f"loopback/{profile.destination}-a",
            profile,
            {
                **_CODEC,
                **known,
                **variables,
                "other_loopback_leg_uuid": dials_uuid,
                "loopback_leg": "A",
            },
            uuid_wanted=str(variables.get("origination_uuid", "")),
            originator=caller,
        )
        from_uuid: dict[str, Value] = (
            {"other_loopback_from_uuid": caller.uuid} if caller is not None else {}
        )
        dials = self._switchboard.create(
            f"loopback/{profile.destination}-b",
            replace(profile, direction="inbound"),
            {
                **_CODEC,
                **variables,
                "other_loopback_leg_uuid": called.uuid,
                **from_uuid,
                "loopback_leg": "B",
            },
            uuid_wanted=dials_uuid,
        )
        called.twin, dials.twin = dials, called
        self._switchboard.redirect(dials, lambda: self._route(dials))
        gevent.spawn(self._bow_out, called, dials)
        return called

    def _bow_out(self, called: Channel, dials: Channel) -> None:
        pair = called, dials

        def is_over() -> bool:
            return any(leg.is_ended for leg in pair)

        def is_through() -> bool:
            return all(leg.is_answered and leg.bridged_to is not None for leg in pair)

        while not is_over():
            called.wait(lambda: is_over() or is_through(), dials)
            called.wait(lambda: is_over() or not is_through(), dials, timeout=BOW_OUT_AFTER)
            if is_over() or not is_through():
                continue
            if any(leg.twin is not None and not _stays(leg) for leg in _bridged(called)):
                continue  # the pair in front goes first, and takes this one with it
            far, near = _whom(called), _whom(dials)
            if any(_stays(leg) for leg in pair) or far is None or near is None:
                return
            self._bridge(far, near)
            for leg, partner in ((called, far), (dials, near)):
                leg.variables["loopback_hangup_cause"] = "bridge"
                leg.variables["loopback_bowout_other_uuid"] = partner.uuid
                self._switchboard.hang_up(leg, "NORMAL_CLEARING")
            return


def _stays(leg: Channel) -> bool:
    return leg.variable("loopback_bowout").lower() in ("false", "no", "off", "0")


def _bridged(leg: Channel) -> list[Channel]:
    return [leg.bridged_to] if leg.bridged_to is not None else []


def _whom(leg: Channel) -> Channel | None:
    """Whom this leg talks to, through further pairs that may bow out."""
    partner = leg.bridged_to
    while partner is not None and partner.twin is not None and not _stays(partner):
        partner = partner.twin.bridged_to
    return partner
