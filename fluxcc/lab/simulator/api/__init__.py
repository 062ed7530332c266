"""The api commands, one file for each family of them.

Their counterparts are clients of the event socket and ``${command(…)}`` in a dialplan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    callcenter,
    channels,
    core,
    directory,
    media,
    modules,
    originate,
    outside,
    show,
    telephones,
    xml,
)
from .core import VERSION

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

__all__ = ["VERSION", "has", "run"]

COMMANDS = (
    core.COMMANDS
    | channels.COMMANDS
    | show.COMMANDS
    | originate.COMMANDS
    | callcenter.COMMANDS
    | outside.COMMANDS
    | telephones.COMMANDS
    | media.COMMANDS
    | modules.COMMANDS
    | xml.COMMANDS
    | directory.COMMANDS
)


def run(pbx: Pbx, text: str) -> str:
    """Run ``COMMAND ARGUMENTS``; the answer may be empty."""
    name, _, arguments = text.rstrip(" ").partition(" ")
    if not has(pbx, name):
        return f"-ERR {name} Command not found!\n"
    return COMMANDS[name.lower()](pbx, arguments.strip(" "))


def has(pbx: Pbx, name: str) -> bool:
    """Whether there is such a command, and its module is loaded."""
    name = name.lower()
    return name in COMMANDS and modules.OWNERS.get(name, "mod_commands") in pbx.modules
