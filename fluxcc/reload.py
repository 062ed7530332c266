"""SIGHUP: reads the configuration again, and lets count what may change while the daemon runs.

A configuration with a fault changes nothing; a key that needs a restart is named in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fluxcc.config import Settings
from fluxcc.domain.errors import ConfigurationError

AT_RUN_TIME = frozenset(
    {
        "lang",
        "blocks.duration",
        "blocks.internal",
        "blocks.reject_cause",
        "numbers.country",
        "numbers.area_code",
        "conference.context",
        "survey.destination",
        "survey.context",
        "retention.calls",
        "retention.audit",
        "log.format",
        "log.level",
    }
)
"""Keys that count from the next action on; the others need a restart."""

log = logging.getLogger(__name__)


class Reloader:
    """One per daemon."""

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        apply: Callable[[Settings], None],
    ) -> None:
        """``read`` loads the settings as at start; ``apply`` lets ``AT_RUN_TIME`` count."""
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
        changed = set(_differences(self._settings, wanted))
        for key in sorted(changed - AT_RUN_TIME):
            log.warning("a changed setting needs a restart", extra={"key": key})
        self._apply(wanted)
        self._settings = wanted
        log.info("the configuration was reloaded", extra={"changed": len(changed & AT_RUN_TIME)})


def _differences(old: Any, new: Any, prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if isinstance(before, msgspec.Struct):
            yield from _differences(before, after, f"{field.name}.")
        elif before != after:
            yield f"{prefix}{field.name}"
