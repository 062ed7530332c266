"""``--since`` and ``--for``: a moment in the past and a length of time, as people say them."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click

from fluxcc.cli.help import translate
from fluxcc.config import read_duration
from fluxcc.marking import _


class Since(click.ParamType[float]):
    """``2h`` or ``7d`` ago, or a date (``2026-11-22``) or a moment (``2026-11-22T10:15``)."""

    name = "since"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Epoch seconds."""
        if isinstance(value, float):
            return value
        try:
            return time.time() - read_duration(value)
        except ValueError:
            pass
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            problem = translate(_("{value!r} is neither a duration (7d) nor a date (2026-11-22)"))
            self.fail(problem.format(value=value), param, ctx)


class DurationType(click.ParamType[int]):
    """``90s``, ``30m``, ``2h``, ``1d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds."""
        try:
            return int(read_duration(value))
        except ValueError as error:
            self.fail(f"{value!r} {translate(str(error))}", param, ctx)
