"""``load``, ``unload`` and ``module_exists``: which parts of the PBX are there.

Their counterpart is ``fluxcc doctor``, which checks for missing modules. A module that is unloaded
takes its commands with it, and mod_hash loses its keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fluxcc.lab.simulator.hashtable import HashTable
from fluxcc.lab.simulator.xmlcurl import MODULE

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

UNLOADABLE = frozenset({"mod_conference", "mod_hash", MODULE})
"""Modules that can be unloaded. FreeSWITCH refuses for others (mod_commands, mod_lua)."""
OWNERS = {
    "conference": "mod_conference",
    "hash": "mod_hash",
    "hash_dump": "mod_hash",
}
"""Command → the module it belongs to, for modules that can be unloaded."""


def _module_exists(pbx: Pbx, arguments: str) -> str:
    return "true" if arguments in pbx.modules else "false"


def _load(pbx: Pbx, arguments: str) -> str:
    if arguments in pbx.modules:
        return "+OK Reloading XML\n-ERR [Module already loaded]\n"
    if arguments not in UNLOADABLE:
        return "+OK Reloading XML\n-ERR [module load file routine returned an error]\n"
    pbx.modules.add(arguments)
    _tell(pbx, "MODULE_LOAD", arguments)
    return "+OK Reloading XML\n+OK\n"


def _unload(pbx: Pbx, arguments: str) -> str:
    if arguments not in pbx.modules:
        return "-ERR [No such module!]\n"
    if arguments not in UNLOADABLE:
        return "-ERR [Module is not unloadable]\n"
    pbx.modules.remove(arguments)
    if arguments == "mod_hash":
        pbx.hash = HashTable()
    _tell(pbx, "MODULE_UNLOAD", arguments)
    return "+OK\n"


def _reload(pbx: Pbx, arguments: str) -> str:
    unloaded = _unload(pbx, arguments)
    return f"+OK Reloading XML\n{unloaded}{_load(pbx, arguments).partition(chr(10))[2]}"


def _tell(pbx: Pbx, event: str, module: str) -> None:
    """Fire an event for each command of a module."""
    for name, owner in OWNERS.items():
        if owner == module:
            pbx.bus.fire(event, [("type", "api"), ("name", name), ("key", module)])


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "load": _load,
    "module_exists": _module_exists,
    "reload": _reload,
    "unload": _unload,
}
