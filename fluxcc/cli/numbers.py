"""A number that a person gave, and the numbering plan of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fluxcc.config import Settings

if TYPE_CHECKING:
    from fluxcc.domain.numbers import NumberPlan
    from fluxcc.domain.persons import Persons


class NumberType(click.ParamType[str]):
    """A number as people paste it. What is none stays as it is: the daemon says so, or knows it by
    another name."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See ``click.ParamType``."""
        from fluxcc.domain import pasted  # noqa: PLC0415  # most commands are given no number

        return pasted.read(str(value)).number


def number_plan(settings: Settings) -> NumberPlan:
    """The numbers of the place that the settings describe."""
    from fluxcc.domain.numbers import NumberPlan  # noqa: PLC0415  # libphonenumber takes its time

    return NumberPlan(*settings.numbering)


def persons(settings: Settings) -> Persons:
    """Persons as the settings tell them apart."""
    from fluxcc.domain.persons import Persons, name_reading  # noqa: PLC0415  # as above

    return Persons(number_plan(settings), name_reading(settings.numbers))
