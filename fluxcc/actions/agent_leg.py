"""What becomes of the agent's leg, and of a consultation, when an action takes the customer's away.

Pure. Counterparts: ``prank``, ``hangup``, ``transfer`` and ``conference``.
"""

from __future__ import annotations

from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import AllEnded, EndConsultation, EndLeg, Plan
from fluxcc.domain.errors import RefusedError


def end(call: Conversation) -> tuple[EndLeg, ...]:
    """End the agent's leg, and the calls with colleagues that the agent has beside the customer.

    A bridged agent's leg ends by itself with the customer's; in a conference room, or where the
    dialplan goes on after the bridge, it does not. One that stays connected between calls goes on
    (contract, section 1a.7).
    """
    legs = [call.consulted_inside, *call.consulted]
    if not call.is_standing:
        legs.insert(1, call.agent_leg)
    return tuple(EndLeg(leg, causes.NORMAL) for leg in legs if leg)


def all_ended(call: Conversation) -> AllEnded:
    """The confirmation that nobody of this conversation is connected any more."""
    if call.is_standing:
        parted = frozenset({call.agent_leg}) if call.is_bridged else frozenset[str]()
        return AllEnded(frozenset({call.customer}), parted=parted)
    return AllEnded(call.legs)


def end_consultation(call: Conversation) -> tuple[EndConsultation, ...]:
    """End what the agent asks a colleague inside the bridge to the customer, before the customer
    is moved: FreeSWITCH would join those two otherwise."""
    if not call.consulted_inside:
        return ()
    return (EndConsultation(call.consulted_inside, call.customer, call.agent_leg),)


def leave(call: Conversation, code: Code) -> Plan:
    """The plan of a colleague who is asked for advice, and ends that: the customer is not theirs
    (contract, section 1a.4)."""
    return Plan(
        effects=(EndLeg(call.customer, causes.NORMAL),),
        code=code,
        confirmation=AllEnded(frozenset({call.customer})),
        ends_survey=False,
    )


def check_movable(call: Conversation) -> None:
    """Raises ``RefusedError`` where the asker is only asked for advice, and so may move nobody,
    and where the customer has not answered the call that was made to them."""
    if call.is_consulted:
        raise RefusedError(Code.NOT_YOUR_CALL, call=call.customer)
    if call.is_rung:
        raise RefusedError(Code.NO_LIVE_CALL, call=call.customer)
