"""``originate``: call a destination, and run an application or a dialplan on the answered leg."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent

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
        action = Action(parts["application"], (parts["data"] or "").strip("'"))
        pbx.switchboard.redirect(leg, lambda: pbx.router.execute(leg, [action]))
    else:
        pbx.router.transfer(
            leg, parts["destination"], parts["dialplan"] or "XML", parts["context"] or "default"
        )
    return f"+OK {leg.uuid}\n"


def _in_background(pbx: Pbx, arguments: str) -> str:
    """``bgapi COMMAND``: answered at once; the job's answer comes as an event."""
    job = str(uuid.uuid4())

    def run() -> None:
        name, _, argument = arguments.partition(" ")
        headers = {"Job-UUID": job, "Job-Command": name, "Job-Command-Arg": argument}
        pbx.bus.fire("BACKGROUND_JOB", headers, body=pbx.api(arguments) or "-ERR no reply\n")

    gevent.spawn(run)
    return f"+OK Job-UUID: {job}\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "bgapi": _in_background,
    "originate": _originate,
}
