"""SIGHUP: reads the configuration again, and lets count what may change while the daemon runs.

A configuration with a fault changes nothing; a key that needs a restart is named in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fluxcc.config.settings import DECLARED, MAY_CHANGE, Settings
from fluxcc.domain.errors import ConfigurationError

log = logging.getLogger(__name__)


class Reloader:
    """One per daemon."""

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        apply: Callable[[Settings], None],
    ) -> None:
        """``read`` loads the settings as at start; ``apply`` lets ``MAY_CHANGE`` count."""
        self._settings = settings
        self._read = read
        self._apply = apply

    def reload(self) -> None:
        """Read again; keep the old settings where the new ones are wrong."""
        try:
            wanted = self._read()
        except ConfigurationError as error:
            for fault in error.faults:
                log.error("a setting is wrong", extra={"key": fault.key, "problem": fault.problem})
            log.error("the configuration was not reloaded; the old one stays in force")
            return
        changed = _differences(self._settings, wanted)
        for key in sorted(changed - MAY_CHANGE):
            log.warning("a changed setting needs a restart", extra={"key": key})
        self._apply(wanted)
        self._settings = wanted
        log.info("the configuration was reloaded", extra={"changed": len(changed & MAY_CHANGE)})


def _differences(old: Settings, new: Settings) -> set[str]:
    return {each.path for each in DECLARED if each.value(old) != each.value(new)}
