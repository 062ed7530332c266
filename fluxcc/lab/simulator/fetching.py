"""Taking over a call: ``intercept``, ``pickup``, ``valet_park``.

Its counterparts are ``bridging.py``, which joins the legs, and for ``pickup`` the endpoint that a
dial string names (``dialing.py``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx


def intercept(pbx: Pbx, leg: Channel, data: str) -> None:
    """``[-bleg] UUID``: talk to that leg; the one it talks to, or dials, is hung up."""
    words = data.split()
    wanted = pbx.switchboard.find(words[-1]) if words else None
    if wanted is not None and words[0] == "-bleg":
        wanted = wanted.bridged_to
    if wanted is None or wanted is leg:
        return
    pbx.switchboard.answer(leg)
    partner = wanted.bridged_to or pbx.switchboard.find(wanted.variable("originate_signal_bond"))
    pbx.switchboard.answer(wanted)
    pbx.switchboard.unhold(wanted)
    pbx.bridges.bridge_now(leg, wanted)
    if partner is not None:
        pbx.switchboard.hang_up(partner, "PICKED_OFF")


def pickup(pbx: Pbx, leg: Channel, data: str) -> None:
    """``GROUP``: take the call that rings at ``pickup/GROUP``."""
    places = [one for one in pbx.dialer.places.get(data, ()) if not one.is_ended]
    pbx.switchboard.answer(leg)
    if not places:
        return
    place = places[0]
    pbx.dialer.places[data].remove(place)
    pbx.switchboard.answer(place)
    leg.profile = replace(
        leg.profile.flipped(),
        caller_name=place.profile.caller_name,
        caller_number=place.profile.caller_number,
    )
    place.picked_by = leg
    pbx.switchboard.redirect(leg, lambda: pbx.bridges.be_called(leg))
    pbx.switchboard.hang_up(place, "PICKED_OFF")


def valet_park(pbx: Pbx, leg: Channel, data: str) -> None:
    """``LOT EXTENSION``."""
    pbx.valet.park(leg, data)
