"""The numbering plan of the configuration, for the commands that explain a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluxcc.config import Settings

if TYPE_CHECKING:
    from fluxcc.domain.numbers import NumberPlan
    from fluxcc.domain.persons import Persons


def number_plan(settings: Settings) -> NumberPlan:
    """The numbers of the place that the settings describe."""
    from fluxcc.domain.numbers import NumberPlan  # noqa: PLC0415  # libphonenumber takes its time

    return NumberPlan(
        settings.numbers.country, settings.numbers.area_code, settings.blocks.internal
    )


def persons(settings: Settings) -> Persons:
    """Persons as the settings tell them apart."""
    from fluxcc.domain.persons import Persons, name_reading  # noqa: PLC0415  # as above

    return Persons(number_plan(settings), name_reading(settings.numbers))
