"""SIGHUP: reads the configuration again, and applies the settings that may change at run time.

A configuration with a fault changes nothing; a key that needs a restart is named in the log.
Counterparts: ``daemon.process`` calls it; ``bootstrap`` gives it what applies the settings.
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
        """``read`` loads the settings as at start; ``apply`` applies the keys of ``MAY_CHANGE``."""
        self._settings = settings
        self._read = read
        self._apply = apply

    def reload(self) -> None:
        """Read and apply the settings; keep the old ones where the new ones have a fault."""
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
