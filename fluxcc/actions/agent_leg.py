"""What becomes of the agent's leg when an action takes the customer's away.

Pure. Counterparts: ``prank``, ``hangup`` and ``transfer``.
"""

from __future__ import annotations

from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation
from fluxcc.domain.effects import EndLeg


def end(call: Conversation) -> tuple[EndLeg, ...]:
    """End the agent's leg, where there is one.

    A bridged agent's leg ends by itself with the customer's; in a conference room, or where the
    dialplan goes on after the bridge, it does not.
    """
    return (EndLeg(call.agent_leg, causes.NORMAL),) if call.agent_leg else ()
