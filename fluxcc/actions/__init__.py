"""What each wish means: one pure function ``plan`` a file, from what is known to what shall happen.

To add an action: a file here with its ``plan``, its name in ``domain.requests.Action``, its line
in ``ON_CALLS`` or ``ON_NUMBERS`` below, its codes' sentences in ``domain.texts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fluxcc.actions import block, prank, unblock
from fluxcc.actions.rules import Rules
from fluxcc.domain.calls import Conversation
from fluxcc.domain.effects import Plan
from fluxcc.domain.requests import Action, Request

ON_CALLS: Mapping[Action, Callable[[Conversation, Request, Rules], Plan]] = {
    Action.PRANK: prank.plan,
}
ON_NUMBERS: Mapping[Action, Callable[[Request, Rules], Plan]] = {
    Action.BLOCK: block.plan,
    Action.UNBLOCK: unblock.plan,
}
