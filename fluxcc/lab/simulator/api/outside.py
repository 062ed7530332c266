"""``sim_*``: commands of the simulator's own, which control callers and telephones.

Their counterpart is ``fluxcc/lab/simulated.py``. Values are percent-encoded, so that a caller ID
can hold any byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fluxcc.lab.simulator.outside import PHONE_MODES

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

UNKNOWN_CALLER = "-ERR no such caller\n"


def _call(pbx: Pbx, arguments: str) -> str:
    """``number=…&name=…&destination=…&profile=external|internal|callids&call_id=…&
    asserted=…&by_remote_party=true`` → ``+OK UUID``."""
    pairs = (pair.partition("=") for pair in arguments.split("&"))
    values = {key: unquote(value, "utf-8", "surrogateescape") for key, _, value in pairs}
    caller = pbx.outside.call(
        values.get("number", ""),
        values.get("name", ""),
        values.get("destination", ""),
        values.get("profile", "external"),
        pbx.router.route,
        call_id=values.get("call_id", ""),
        asserted=values.get("asserted", ""),
        by_remote_party=bool(values.get("by_remote_party")),
    )
    return f"+OK {caller.uuid}\n"


def _wait(pbx: Pbx, arguments: str) -> str:
    """``UUID answered|ended SECONDS`` → ``+OK``, or ``+OK STATUS`` once the call is over."""
    uuid, state, seconds = arguments.rsplit(" ", 2)
    caller = pbx.outside.caller(uuid)
    if caller is None:
        return UNKNOWN_CALLER
    if state == "answered":
        caller.wait(lambda: caller.is_answered or caller.is_ended, timeout=float(seconds))
        if caller.is_answered:
            return "+OK\n"
    else:
        caller.wait(lambda: caller.is_ended, timeout=float(seconds))
    if not caller.is_ended:
        return "-ERR timeout\n"
    status = pbx.outside.final_status(caller)
    return f"-ERR ended {status}\n" if state == "answered" else f"+OK {status}\n"


def _hang_up(pbx: Pbx, arguments: str) -> str:
    caller = pbx.outside.caller(arguments)
    if caller is None:
        return UNKNOWN_CALLER
    pbx.outside.hang_up(caller)
    return "+OK\n"


def _phone_hang_up(pbx: Pbx, arguments: str) -> str:
    is_done = pbx.outside.hang_up_phone(unquote(arguments))
    return "+OK\n" if is_done else "-ERR that telephone is in no call\n"


def _phone(pbx: Pbx, arguments: str) -> str:
    """``NUMBER answer|ring|busy``: what that telephone does from now on."""
    number, _, mode = arguments.partition(" ")
    if mode not in PHONE_MODES:
        return f"-USAGE: <number> {'|'.join(PHONE_MODES)}\n"
    pbx.outside.set_phone(unquote(number), mode)
    return "+OK\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "sim_call": _call,
    "sim_hang_up": _hang_up,
    "sim_phone": _phone,
    "sim_phone_hang_up": _phone_hang_up,
    "sim_wait": _wait,
}
