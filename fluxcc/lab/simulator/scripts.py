"""mod_lua: runs the scripts that FreeSWITCH would run, with what of its API they use (``lua.py``).

Its counterparts are the ``lua`` application and the ``lua`` command. The language comes from the
package ``lupa``, which only developers need: without it this is a FreeSWITCH without mod_lua.
A script runs in the greenlet that asked for it; where it blocks, the other greenlets go on.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import lua
from .channel import Channel

if TYPE_CHECKING:
    from .pbx import Pbx

_LOG = logging.getLogger(__name__)

FAILED = "-ERR Cannot execute script\n"
_LANGUAGES = ("lupa.lua53", "lupa.lua52", "lupa")
"""FreeSWITCH's own packages link Lua 5.2 or 5.3, by the age of the distribution."""


class Scripts:
    """Finds a script and runs it."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def run_on(self, leg: Channel, command: str) -> None:
        """``lua SCRIPT ARGUMENT…`` in the dialplan, which goes on also where the script fails."""
        language = _find_language()
        if language is None:
            self._pbx.switchboard.hang_up(leg, "DESTINATION_OUT_OF_ORDER")
            return
        session = lua.Session(self._pbx, leg)
        self._run(language, command, {"session": session})
        if session.is_hung_up_at_the_end and not leg.is_called_away:
            self._pbx.switchboard.hang_up(leg, "NORMAL_CLEARING")

    def run_api(self, command: str) -> str:
        """``api lua SCRIPT ARGUMENT…``; the answer is what the script wrote to ``stream``."""
        language = _find_language()
        if language is None:
            return "-ERR lua Command not found!\n"
        if not command:
            return ""
        stream = lua.Stream()
        is_done = self._run(language, command, {"stream": stream})
        return stream.text if is_done else stream.text + FAILED

    def _run(self, language: Any, command: str, names: Mapping[str, object]) -> bool:
        """Run the script in a Lua of its own, in which a text is bytes; False where it failed."""
        # A tilde stands in front of the script itself, instead of its file's name.
        script, *arguments = ["~"] if command.startswith("~") else command.split()
        library = lua.Library(self._pbx)
        runtime = language.LuaRuntime(
            encoding=lua.BYTES, register_eval=False, register_builtins=False
        )
        known = runtime.globals()
        known.freeswitch = library
        known.argv = runtime.table_from(
            {number: lua.from_pbx(word) for number, word in enumerate([script, *arguments])}
        )
        for name, value in names.items():
            known[name] = value
        try:
            if script == "~":
                source = lua.from_pbx(command[1:])
            else:
                source = self._folder.joinpath(script).read_text(lua.BYTES)
            runtime.execute(source, name=f"@{script}")
        except Exception as fault:
            # An error in a script must not end the PBX.
            _LOG.error("the script %r failed: %s", script, fault)
            return False
        finally:
            library.close()
        return True

    @property
    def _folder(self) -> Path:
        return Path(self._pbx.configuration.variables["script_dir"])


def _find_language() -> Any:
    """The module with Lua in it; None, and a line on stderr, where there is none."""
    for name in _LANGUAGES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    _LOG.error("no script can run here: there is no Lua (pip install lupa)")
    return None
