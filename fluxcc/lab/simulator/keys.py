"""Keys that are pressed in a call: bound ones do something, all others are read.

Its counterparts are the telephones, and the applications here: ``bind_meta_app`` and those that
read keys. What a key starts runs inside the bridge that the leg is in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import gevent

from .dialplan import Action
from .keypad import Binding
from .sounds import play

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx

META = "*"
"""The key that comes before a bound one."""


def press(pbx: Pbx, leg: Channel, keys: str) -> None:
    """The person on the leg presses keys."""
    for key in keys:
        if not _acts(pbx, leg, key):
            pbx.switchboard.press(leg, key)


def _acts(pbx: Pbx, leg: Channel, key: str) -> bool:
    keypad = leg.keypad
    if keypad.handler is not None and keypad.handler(key):
        return True
    if keypad.readers or leg.bridged_to is None:
        return False
    bound = _bindings(leg)
    if keypad.is_meta:
        keypad.is_meta = False
        if key in bound:
            _start(pbx, leg, bound[key])
            return True
    elif key == META and bound:
        keypad.is_meta = True
        return True
    return False


def _bindings(leg: Channel) -> dict[str, Binding]:
    found = {key: one for key, one in leg.keypad.bindings.items() if "a" in one.listens}
    if leg.bridged_to is not None:
        theirs = leg.bridged_to.keypad.bindings
        found |= {key: one for key, one in theirs.items() if "b" in one.listens}
    return found


def _start(pbx: Pbx, leg: Channel, binding: Binding) -> None:
    does = leg.bridged_to if "o" in binding.flags and leg.bridged_to is not None else leg
    # What was pressed in the bridge went to the other side.
    does.digits.clear()
    does.keypad.readers += 1
    gevent.spawn(_run, pbx, does, binding.action)


def _run(pbx: Pbx, leg: Channel, action: Action) -> None:
    with leg.held():
        try:
            pbx.router.execute_inside(leg, [action])
        finally:
            leg.keypad.readers -= 1


def bind_meta_app(pbx: Pbx, leg: Channel, data: str) -> None:
    """``KEY LISTENS FLAGS APPLICATION[::DATA]``."""
    key, listens, flags, what = [*data.split(" ", 3), "", "", ""][:4]
    application, _, argument = what.partition("::")
    leg.keypad.bindings[key] = Binding(listens, flags, Action(application, argument))


def unbind_meta_app(pbx: Pbx, leg: Channel, data: str) -> None:
    """``[KEY]``; without one all bindings go."""
    for key in [data] if data else list(leg.keypad.bindings):
        leg.keypad.bindings.pop(key, None)


def read(pbx: Pbx, leg: Channel, data: str) -> None:
    """``MIN MAX SOUND VARIABLE TIMEOUT TERMINATORS``."""
    least, most, sound, name, timeout, ends = [*data.split(" "), *[""] * 6][:6]
    typed = _collect(pbx, leg, sound, (int(most), float(timeout) / 1000, ends))
    is_enough = len(typed) >= int(least)
    leg.set_variable(name, typed if is_enough else "")
    leg.set_variable("read_result", "success" if is_enough else "timeout")


def play_and_get_digits(pbx: Pbx, leg: Channel, data: str) -> None:
    """``MIN MAX TRIES TIMEOUT TERMINATORS SOUND INVALID VARIABLE PATTERN``."""
    least, most, tries, timeout, ends, sound, invalid, name, pattern = data.split(" ")[:9]
    for _ in range(int(tries)):
        typed = _collect(pbx, leg, sound, (int(most), float(timeout) / 1000, ends))
        if leg.is_called_away:
            return
        if len(typed) >= int(least) and re.fullmatch(pattern, typed):
            leg.set_variable(name, typed)
            return
        play(pbx, leg, invalid)


def _has_more(leg: Channel, count: int, timeout: float) -> bool:
    return leg.wait(lambda: len(leg.digits) > count or leg.is_called_away, timeout=timeout)


def _collect(pbx: Pbx, leg: Channel, sound: str, limits: tuple[int, float, str]) -> str:
    most, timeout, ends = limits

    def is_over() -> bool:
        return len(leg.digits) >= most or any(key in ends for key in leg.digits)

    if not leg.digits:
        play(pbx, leg, sound, lambda: bool(leg.digits))
    while not is_over() and not leg.is_called_away:
        if not _has_more(leg, len(leg.digits), timeout):
            break
    typed = ""
    while leg.digits and len(typed) < most:
        key = leg.digits.pop(0)
        if key in ends:
            break
        typed += key
    return typed
