"""What a shape is: a script that brings people from stage to stage.

``@shape`` registers a generator; it yields the name of each stage when the PBX is there. Whoever
wants to try something at a stage runs it that far (``Shape.reach``) and goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .cast import Cast, Pool
from .domains import Home
from .port import LabError

Stages = Iterator[str]
Script = Callable[[Cast], Stages]
SHAPES: dict[str, Shape] = {}
"""All of one domain by name, in the order in which they are written."""
TWINS: dict[str, Shape] = {}
"""Those of two domains."""


@dataclass(frozen=True)
class Shape:
    """One shape of call."""

    name: str
    script: Script

    @property
    def what(self) -> str:
        """In a sentence."""
        return (self.script.__doc__ or "").strip()

    def play(self, cast: Cast) -> Stages:
        """Go from stage to stage."""
        return self.script(cast)

    def reach(
        self, pool: Pool, stage: str, home: Home | None = None, tries: int = 3
    ) -> tuple[Cast, Stages]:
        """People who have come as far as this stage; what follows it can still be played.

        FreeSWITCH itself loses some: on a busy machine it hangs up the customer of an ``att_xfer``
        whom it should bridge to the colleague. So whoever did not get there begins anew.
        """
        for left in reversed(range(tries)):
            cast = pool.cast(home)
            try:
                return cast, self._reach(cast, stage)
            except LabError:
                cast.close()
                if not left:
                    raise
        raise AssertionError("tries is at least 1")

    def _reach(self, cast: Cast, stage: str) -> Stages:
        stages = self.script(cast)
        if not any(one == stage for one in stages):
            raise LabError(f"{self.name} has no stage {stage}")
        return stages


def shape(script: Script) -> Script:
    """Register a shape under the name of its script."""
    SHAPES[script.__name__] = Shape(script.__name__, script)
    return script


def shape_of_twins(script: Script) -> Script:
    """Register one that needs a site of two domains."""
    TWINS[script.__name__] = Shape(script.__name__, script)
    return script
