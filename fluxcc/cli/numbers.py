"""The numbering plan of the configuration, for the commands that explain a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluxcc.config import Settings

if TYPE_CHECKING:
    from fluxcc.domain.numbers import NumberPlan


def number_plan(settings: Settings) -> NumberPlan:
    """The numbers of the place that the settings describe."""
    from fluxcc.domain.numbers import NumberPlan  # noqa: PLC0415  # libphonenumber takes its time

    return NumberPlan(
        settings.numbers.country,
        settings.numbers.area_code,
        settings.blocks.internal,
        settings.numbers.withheld,
    )
