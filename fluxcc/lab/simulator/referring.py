"""REFER: a telephone hands over whom it talks to.

Its counterpart is ``api/telephones.py``; what it sets going is in ``routing.py`` and
``bridging.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx


def refer(pbx: Pbx, leg: Channel, destination: str) -> None:
    """REFER to a number: the partner goes there, and the leg is left."""
    partner = leg.bridged_to
    if partner is not None and not partner.is_ended:
        domain = pbx.configuration.variables.get("domain", "")
        partner.variables["sip_refer_to"] = f"<sip:{destination}@{domain}>"
        pbx.router.transfer(partner, destination, "", "")


def refer_replacing(pbx: Pbx, leg: Channel, other: Channel) -> None:
    """REFER with Replaces: the far ends of both legs are bridged, and both legs are left."""
    ours, theirs = leg.bridged_to, other.bridged_to
    if ours is None or theirs is None or ours.is_ended or theirs.is_ended:
        return
    theirs.variables["transfer_disposition"] = "bridge"
    pbx.bridges.bridge_now(ours, theirs)
