"""``sim_telephone …`` and ``sim_line …``: what people do with telephones that have an address.

Their counterpart is ``tests/shapes/simulated.py``. Values are percent-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fluxcc.lab.simulator import keys, referring
from fluxcc.lab.simulator.telephones import ANSWERS, STATES, Device, Line

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

UNKNOWN = "-ERR no such telephone or line\n"
Values = dict[str, str]


def _values(arguments: str) -> Values:
    pairs = (pair.partition("=") for pair in arguments.split("&"))
    return {key: unquote(value, "utf-8", "surrogateescape") for key, _, value in pairs}


def _told(line: Line) -> str:
    told = {
        "leg": line.leg.uuid,
        "number": line.number,
        "incoming": line.is_incoming,
        "state": line.state,
        "status": line.status,
        "hold": line.leg.is_holding,
    }
    return f"+OK {json.dumps(told)}\n"


def _add(pbx: Pbx, arguments: str) -> str:
    """``user=…&domain=…&port=…``: one more telephone → ``+OK ADDRESS``."""
    values = _values(arguments)
    device = pbx.telephones.add(values["user"], values["domain"], values["port"])
    return f"+OK {device.address}\n"


def _dial(pbx: Pbx, device: Device, values: Values) -> str:
    """``profile``, ``destination``; ``account``, ``name``, ``call_id`` where they matter."""
    leg = pbx.outside.call(
        device.user,
        values.get("name", ""),
        values["destination"],
        values["profile"],
        pbx.router.route,
        account=values.get("account", ""),
        domain=device.domain,
        call_id=values.get("call_id", ""),
    )
    return _told(pbx.telephones.dialled(device, leg, values["destination"]))


def _register(pbx: Pbx, device: Device, values: Values) -> str:
    pbx.telephones.register(device, float(values["expires"]))
    return "+OK\n"


def _answers(pbx: Pbx, device: Device, values: Values) -> str:
    if values.get("how") not in ANSWERS:
        return f"-USAGE: how={'|'.join(ANSWERS)}\n"
    device.answers = values["how"]
    return "+OK\n"


def _incoming(pbx: Pbx, device: Device, values: Values) -> str:
    line = device.incoming(float(values["seconds"]))
    return "-ERR nobody calls\n" if line is None else _told(line)


def _lines(pbx: Pbx, device: Device, values: Values) -> str:
    return f"+OK {json.dumps([line.leg.uuid for line in device.lines])}\n"


OF_A_TELEPHONE: dict[str, Callable[[Pbx, Device, Values], str]] = {
    "answers": _answers,
    "dial": _dial,
    "incoming": _incoming,
    "lines": _lines,
    "register": _register,
}


def _wait(pbx: Pbx, line: Line, values: Values) -> None:
    if values["state"] in STATES:
        line.wait(values["state"], float(values["seconds"]))


def _replace(pbx: Pbx, line: Line, values: Values) -> None:
    other = pbx.telephones.line(values["other"])
    if other is not None:
        referring.refer_replacing(pbx, line.leg, other.leg)


OF_A_LINE: dict[str, Callable[[Pbx, Line, Values], object]] = {
    "answer": lambda pbx, line, values: pbx.telephones.answer(line),
    "hang_up": lambda pbx, line, values: pbx.telephones.hang_up(line),
    "hold": lambda pbx, line, values: pbx.telephones.hold(line),
    "press": lambda pbx, line, values: keys.press(pbx, line.leg, values["digits"]),
    "refer": lambda pbx, line, values: referring.refer(pbx, line.leg, values["to"]),
    "refer_replacing": _replace,
    "resume": lambda pbx, line, values: pbx.telephones.resume(line),
    "tell": lambda pbx, line, values: None,
    "wait": _wait,
}


def _telephone(pbx: Pbx, arguments: str) -> str:
    """``VERB address=…&…``."""
    verb, _, rest = arguments.partition(" ")
    if verb == "add":
        return _add(pbx, rest)
    values = _values(rest)
    device = pbx.telephones.device(values.get("address", ""))
    if device is None or verb not in OF_A_TELEPHONE:
        return UNKNOWN
    return OF_A_TELEPHONE[verb](pbx, device, values)


def _line(pbx: Pbx, arguments: str) -> str:
    """``VERB leg=…&…`` → ``+OK`` and what the line is then."""
    verb, _, rest = arguments.partition(" ")
    values = _values(rest)
    line = pbx.telephones.line(values.get("leg", ""))
    if line is None or verb not in OF_A_LINE:
        return UNKNOWN
    OF_A_LINE[verb](pbx, line, values)
    return _told(line)


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {"sim_line": _line, "sim_telephone": _telephone}
