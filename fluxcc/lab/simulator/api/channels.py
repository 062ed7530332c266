"""``uuid_*``: commands about one leg; and ``hupall``, about all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fluxcc.lab.simulator import keys
from fluxcc.lab.simulator.api.words import words
from fluxcc.lab.simulator.causes import cause_named
from fluxcc.lab.simulator.events import Event, array_text

if TYPE_CHECKING:
    from fluxcc.lab.simulator.channel import Channel
    from fluxcc.lab.simulator.pbx import Pbx

NO_SUCH_CHANNEL = "-ERR No such channel!\n"
SUCCESS = "+OK Success\n"
FAILED = "-ERR Operation failed\n"
CANNOT_LOCATE = "-ERR Cannot locate session!\n"


def _kill(pbx: Pbx, arguments: str) -> str:
    uuid, _, cause = arguments.partition(" ")
    if not uuid:
        return "-USAGE: <uuid> [cause]\n"
    leg = pbx.switchboard.find(uuid)
    if leg is None:
        return NO_SUCH_CHANNEL
    pbx.switchboard.hang_up(leg, cause_named(cause))
    return "+OK\n"


def _hang_up_all(pbx: Pbx, arguments: str) -> str:
    """``[cause]``: end every leg."""
    cause = cause_named(arguments or "MANAGER_REQUEST")
    for leg in pbx.switchboard:
        pbx.switchboard.hang_up(leg, cause)
    return f"+OK hangup all channels with cause {cause}\n"


def _exists(pbx: Pbx, arguments: str) -> str:
    return "true" if pbx.switchboard.find(arguments) else "false"


def _getvar(pbx: Pbx, arguments: str) -> str:
    found = words(arguments, 4)
    if len(found) < 2:
        return "-USAGE: <uuid> <var>\n"
    leg = pbx.switchboard.find(found[0])
    return NO_SUCH_CHANNEL if leg is None else leg.variable(found[1]) or "_undef_"


def _setvar(pbx: Pbx, arguments: str) -> str:
    """``UUID NAME [VALUE]``; without a value the variable goes."""
    uuid, name, value = [*words(arguments, 3), "", "", ""][:3]
    if not uuid or not name:
        return "-USAGE: <uuid> <var> [value]\n"
    leg = pbx.switchboard.find(uuid)
    if leg is None:
        return NO_SUCH_CHANNEL
    leg.set_variable(name, value)
    return "+OK\n"


def _setvar_multi(pbx: Pbx, arguments: str) -> str:
    usage = "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
    uuid, _, rest = arguments.partition(" ")
    if not uuid or not rest:
        return usage
    leg = pbx.switchboard.find(uuid)
    if leg is None:
        return NO_SUCH_CHANNEL + usage
    for pair in rest.split(";"):
        name, _, value = pair.partition("=")
        leg.set_variable(name, value)
    return "+OK\n"


def _dump(pbx: Pbx, arguments: str) -> str:
    """``UUID [json|plain]``; in neither format the values are percent-encoded."""
    uuid, form = [*words(arguments, 2), "", ""][:2]
    if not uuid:
        return "-USAGE: <uuid> [format]\n"
    leg = pbx.switchboard.find(uuid)
    if leg is None:
        return NO_SUCH_CHANNEL
    named = [("Event-Name", "CHANNEL_DATA"), *pbx.bus.stamp(), *leg.headers()]
    event = Event("CHANNEL_DATA", named)
    if form == "json":
        return event.as_json()
    if form == "plain":
        return "".join(f"{name}: [{array_text(value)}]\n" for name, value in event.headers)
    return event.as_plain()


def _transfer(pbx: Pbx, arguments: str) -> str:
    """``UUID [-bleg|-both] DESTINATION [DIALPLAN] [CONTEXT]``.

    As in FreeSWITCH ``-bleg`` moves the leg itself where it has no partner, ``-both`` moves the
    partner first, and the answer names the leg that is moved last.
    """
    found = words(arguments, 5)
    if not 2 <= len(found) <= 5:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    leg = pbx.switchboard.find(found[0])
    if leg is None:
        return NO_SUCH_CHANNEL
    which = found.pop(1).lower() if found[1].startswith("-") else ""
    destination, dialplan, context = [*found[1:], "", "", ""][:3]
    if not destination:
        return "-ERR\n"
    partner = leg.bridged_to
    legs: list[Channel] = [leg]
    if partner is not None and not partner.is_ended:
        legs = {"-bleg": [partner], "-both": [partner, leg]}.get(which, legs)
    for moved in legs:
        pbx.router.transfer(moved, destination, dialplan, context)
    return "+OK\n"


def _bridge(pbx: Pbx, arguments: str) -> str:
    found = words(arguments, 2)
    if len(found) != 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    a, b = (pbx.switchboard.find(word) for word in found)
    if a is None or b is None or a is b:
        return "-ERR Invalid uuid\n"
    pbx.bridges.bridge_now(a, b)
    return f"+OK {b.uuid}\n"


def _park(pbx: Pbx, arguments: str) -> str:
    leg = pbx.switchboard.find(arguments)
    if leg is None:
        return NO_SUCH_CHANNEL
    pbx.switchboard.redirect(leg, lambda: pbx.router.park(leg))
    return "+OK\n"


def _hold(pbx: Pbx, arguments: str) -> str:
    """``[off|toggle] UUID``."""
    found = words(arguments, 3)
    if not found:
        return "-USAGE: [off|toggle] <uuid> [<display>]\n"
    how = found.pop(0) if found[0] in ("off", "toggle") else "on"
    leg = pbx.switchboard.find(found[0]) if found else None
    is_on = leg is not None and (how == "on" or (how == "toggle" and not leg.is_holding))
    if leg is None or leg.is_holding == is_on:
        return FAILED
    if is_on:
        pbx.switchboard.hold(leg)
    else:
        pbx.switchboard.resume(leg)
    return SUCCESS


def _recv_dtmf(pbx: Pbx, arguments: str) -> str:
    uuid, _, typed = arguments.partition(" ")
    leg = pbx.switchboard.find(uuid)
    if leg is None:
        return CANNOT_LOCATE
    keys.press(pbx, leg, "".join(re.findall(r"[0-9A-D*#]", typed.partition("@")[0])))
    return f"+OK {uuid} received DTMF {typed}.\n"


def _send_dtmf(pbx: Pbx, arguments: str) -> str:
    """Accept tones for the telephone; the simulator does not play them."""
    uuid, _, typed = arguments.partition(" ")
    if pbx.switchboard.find(uuid) is None:
        return CANNOT_LOCATE
    return f"+OK {uuid} sent DTMF {typed}.\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "hupall": _hang_up_all,
    "uuid_bridge": _bridge,
    "uuid_dump": _dump,
    "uuid_exists": _exists,
    "uuid_getvar": _getvar,
    "uuid_hold": _hold,
    "uuid_kill": _kill,
    "uuid_park": _park,
    "uuid_recv_dtmf": _recv_dtmf,
    "uuid_send_dtmf": _send_dtmf,
    "uuid_setvar": _setvar,
    "uuid_setvar_multi": _setvar_multi,
    "uuid_transfer": _transfer,
}
