"""What each action does: one pure function ``plan`` a file, from request and call to a ``Plan``.

To add an action on a call: a file here with its ``plan``, its line in ``PLANS_ON_CALLS`` below, its
name in ``domain.actions``, its codes with their sentences in ``domain.codes``, and its command in
``cli.actions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fluxcc.actions import block, conference, hangup, prank, provisioning, transfer, unblock
from fluxcc.actions.rules import Rules
from fluxcc.domain.actions import Action
from fluxcc.domain.calls import Conversation
from fluxcc.domain.effects import Plan
from fluxcc.domain.requests import Request

PLANS_ON_CALLS: Mapping[Action, Callable[[Conversation, Request, Rules], Plan]] = {
    Action.PRANK: prank.plan,
    Action.CONFERENCE: conference.plan,
    Action.TRANSFER: transfer.plan,
    Action.HANGUP: hangup.plan,
}
PLANS_WITHOUT_CALL: Mapping[Action, Callable[[Request, Rules], Plan]] = {
    Action.BLOCK: block.plan,
    Action.UNBLOCK: unblock.plan,
    Action.SET: provisioning.plan_set,
    Action.REMOVE: provisioning.plan_remove,
}
