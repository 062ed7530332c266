"""FreeSWITCH's global variables. Counterparts: ``switch``, ``claim``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.kit import names
from fluxcc.pbx import answers, commands
from fluxcc.pbx.asking import EMPTY


class GlobalVariables:
    """One per ``Switch``. Every method may raise ``PbxError``."""

    def __init__(self, api: Callable[[str], str]) -> None:
        """``api`` sends a command, and returns its answer."""
        self._api = api

    def get(self, name: str) -> str:
        """A variable; empty where it is not set."""
        answer = self._api(commands.read_variable(name)).strip()
        return "" if answer == EMPTY else answer

    def set(self, name: str, value: str, previous: str = "") -> None:
        """Set a variable, or unset it; with ``previous`` only where that is its value."""
        answer = self._api(commands.set_variable(name, value, previous))
        if not answers.is_ok(answer):
            raise PbxRejectedError(answer.strip()[:200])

    def publish_rules(self, rules: Mapping[str, str]) -> None:
        """Set the gates' variables, and unset those of earlier settings."""
        lines = self._api(commands.ALL_VARIABLES).splitlines()
        homes = (line.partition("=")[0] for line in lines if line.startswith(names.HOME_PREFIX))
        for name, value in {**dict.fromkeys(homes, ""), **rules}.items():
            self.set(name, value)
