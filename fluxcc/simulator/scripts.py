"""mod_lua: where a script of the kit would run, a stand-in written in Python runs.

Its counterparts are the ``lua`` application and the ``lua`` command. A simulator that could run Lua
would need a Lua; a stand-in does to the PBX what the script does and is held true by the tests that
run the script itself on a real FreeSWITCH.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from .channel import Channel

if TYPE_CHECKING:
    from .pbx import Pbx

_LOG = logging.getLogger(__name__)

OnLeg = Callable[["Pbx", Channel, list[str]], None]
OnApi = Callable[["Pbx", list[str]], str]

ON_LEGS: dict[str, OnLeg] = {}
"""Stand-ins for scripts that the dialplan runs on a leg, by the script's file name."""

ON_API: dict[str, OnApi] = {}
"""Stand-ins for scripts that ``api lua`` runs; what they return is the answer."""


class Scripts:
    """Finds the stand-in of a script and runs it."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def run_on(self, leg: Channel, command: str) -> None:
        """``lua SCRIPT ARGUMENT…`` in the dialplan; without a stand-in the leg is hung up."""
        name, *arguments = command.split() or [""]
        stand_in = ON_LEGS.get(name)
        if stand_in is None:
            _LOG.error("no stand-in for the script %r", name)
            self._pbx.switchboard.hang_up(leg, "NORMAL_TEMPORARY_FAILURE")
            return
        stand_in(self._pbx, leg, arguments)

    def run_api(self, command: str) -> str:
        """``api lua SCRIPT ARGUMENT…``."""
        name, *arguments = command.split() or [""]
        stand_in = ON_API.get(name)
        if not name:
            return ""
        return (
            "-ERR Cannot execute script\n" if stand_in is None else stand_in(self._pbx, arguments)
        )


def next_key(leg: Channel, timeout: float) -> str:
    """The next key pressed on the leg; empty when none came in time or the leg went away."""
    leg.wait(lambda: bool(leg.digits) or leg.is_called_away, timeout=timeout)
    return "" if leg.is_called_away or not leg.digits else leg.digits.pop(0)
