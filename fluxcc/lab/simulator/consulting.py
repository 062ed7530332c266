"""``att_xfer``: a leg of a bridge talks to a third one, and the partner waits.

Its counterpart is ``keys.py``, which starts it inside the bridge. It ends when one of the two who
consult leaves: the one who is left and the partner are bridged then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gevent

from .dialing import UnreachableError
from .dialplan import Action
from .exports import exported

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx

PARKED = 3.0
"""Seconds for which one who was left without a partner is kept."""
_KEYS = {"attxfer_cancel_key": "#", "attxfer_hangup_key": "*", "attxfer_conf_key": "0"}


def att_xfer(pbx: Pbx, leg: Channel, data: str) -> None:
    """``DIAL-STRING``: consult whom it names."""
    partner = leg.bridged_to
    if partner is None:
        return
    leg.variables["soft_holding_uuid"] = partner.uuid
    leg.is_consulting = True
    try:
        with partner.held():
            _consult(pbx, leg, partner, data)
    finally:
        leg.is_consulting = False
        leg.keypad.handler = None
        leg.set_variable("soft_holding_uuid", "")
        leg.changed()


def _consult(pbx: Pbx, leg: Channel, partner: Channel, data: str) -> None:
    asked: list[str] = []

    def cancels(key: str) -> bool:
        if key != leg.variable("origination_cancel_key"):
            return False
        asked.append(key)
        leg.changed()
        return True

    leg.keypad.handler = cancels
    try:
        third = pbx.dialer.dial(
            data, caller=leg, extra=exported(leg), gives_up=lambda: bool(asked) or partner.is_ended
        )
    except UnreachableError as failure:
        leg.variables |= {"originate_disposition": failure.cause, "DIALSTATUS": failure.cause}
        leg.variables["signal_bond"] = partner.uuid
        leg.call_state = "HANGUP" if leg.is_ended else "ACTIVE"
        return
    leg.variables |= {"originate_disposition": "SUCCESS", "DIALSTATUS": "SUCCESS"}
    with third.held():
        leg.keypad.handler = lambda key: _key(pbx, leg, third, partner, key)
        gevent.sleep(0)
        if not leg.is_ended:
            pbx.bridges.talk_inside(leg, third)
            leg.variables["signal_bond"] = partner.uuid
        _after(pbx, leg, third, partner)


def _after(pbx: Pbx, leg: Channel, third: Channel, partner: Channel) -> None:
    left = leg if third.is_ended else third
    if left.is_ended or (not leg.is_ended and not third.is_ended):
        return
    if not partner.is_ended:
        left.variables["att_xfer_result"] = "success"
        pbx.bridges.bridge_now(left, partner)
    elif left is third:
        gevent.spawn_later(PARKED, pbx.switchboard.hang_up, third, "NORMAL_CLEARING")


def _key(pbx: Pbx, leg: Channel, third: Channel, partner: Channel, key: str) -> bool:
    """The keys that end the consultation, or make one call of it."""
    does = {leg.variable(name) or default: name for name, default in _KEYS.items()}.get(key)
    if does == "attxfer_hangup_key":
        pbx.switchboard.hang_up(leg, "NORMAL_CLEARING")
    elif does == "attxfer_cancel_key":
        pbx.switchboard.hang_up(third, "NORMAL_CLEARING")
    elif does == "attxfer_conf_key":
        name = "intercept" if partner.is_ended else "three_way"
        action = Action(name, leg.uuid)
        pbx.switchboard.redirect(third, lambda: pbx.router.execute(third, [action]))
        leg.set_variable("hangup_after_bridge", "")
    return does is not None
