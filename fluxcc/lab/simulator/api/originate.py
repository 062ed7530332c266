"""``originate``: call a destination, and run an application or a dialplan on the answered leg."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fluxcc.lab.simulator.dialing import UnreachableError
from fluxcc.lab.simulator.dialplan import Action

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>]"
    " [<cid_name>] [<cid_num>] [<timeout_sec>]\n"
)

# Variables in front of the dial string may hold spaces; what is called after it may, in brackets.
_PARTS = re.compile(
    r"(?P<url>(?:\{[^}]*\}|\[[^\]]*\])*\S+)\s+"
    r"(?:&(?P<application>\w+)(?:\((?P<data>.*)\))?|(?P<destination>\S+))"
    r"(?:\s+(?P<dialplan>\S+))?(?:\s+(?P<context>\S+))?.*",
    re.DOTALL,
)


def _originate(pbx: Pbx, arguments: str) -> str:
    parts = _PARTS.fullmatch(arguments)
    if parts is None:
        return USAGE
    try:
        leg = pbx.dialer.dial(parts["url"])
    except UnreachableError as failure:
        return f"-ERR {failure.cause}\n"
    pbx.router.flip(leg)
    if parts["application"]:
        action = Action(parts["application"], parts["data"] or "")
        pbx.switchboard.redirect(leg, lambda: pbx.router.execute(leg, [action]))
    else:
        pbx.router.transfer(
            leg, parts["destination"], parts["dialplan"] or "XML", parts["context"] or "default"
        )
    return f"+OK {leg.uuid}\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {"originate": _originate}
