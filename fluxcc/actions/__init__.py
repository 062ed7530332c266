"""What each wish means: one pure function ``plan`` a file, from what is known to what shall happen.

To add an action: a file here with its ``plan``, its name in ``domain.requests.Action``, its line
in ``ON_CALLS`` or ``WITHOUT_CALL`` below, its codes' sentences in ``domain.texts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fluxcc.actions import block, conference, hangup, prank, settings, transfer, unblock
from fluxcc.actions.rules import Rules
from fluxcc.domain.actions import Action
from fluxcc.domain.calls import Conversation
from fluxcc.domain.effects import Plan
from fluxcc.domain.requests import Request

ON_CALLS: Mapping[Action, Callable[[Conversation, Request, Rules], Plan]] = {
    Action.PRANK: prank.plan,
    Action.CONFERENCE: conference.plan,
    Action.TRANSFER: transfer.plan,
    Action.HANGUP: hangup.plan,
}
WITHOUT_CALL: Mapping[Action, Callable[[Request, Rules], Plan]] = {
    Action.BLOCK: block.plan,
    Action.UNBLOCK: unblock.plan,
    Action.SET: settings.plan_set,
    Action.REMOVE: settings.plan_remove,
}
