"""The numbering plan of the configuration, for the commands that explain a number."""

from __future__ import annotations

from fluxcc.config import Settings
from fluxcc.domain.numbers import NumberPlan


def number_plan(settings: Settings) -> NumberPlan:
    """The numbers of the place that the settings describe."""
    return NumberPlan(
        settings.numbers.country, settings.numbers.area_code, settings.blocks.internal
    )
