"""The api commands, one file for each family of them.

Their counterparts are clients of the event socket and ``${command(…)}`` in a dialplan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import callcenter, channels, core, originate, outside, show
from .core import VERSION

if TYPE_CHECKING:
    from fluxcc.simulator.pbx import Pbx

__all__ = ["VERSION", "run"]

COMMANDS = (
    core.COMMANDS
    | channels.COMMANDS
    | show.COMMANDS
    | originate.COMMANDS
    | callcenter.COMMANDS
    | outside.COMMANDS
)


def run(pbx: Pbx, text: str) -> str:
    """Run ``COMMAND ARGUMENTS``; the answer may be empty."""
    name, _, arguments = text.rstrip(" ").partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        return f"-ERR {name} Command not found!\n"
    return command(pbx, arguments.strip(" "))
