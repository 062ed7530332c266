"""Does a plan's effects. It decides nothing.

Counterparts: ``executor`` gives it a plan's effects in their order; ``ports.Pbx``, ``blocking`` and
``provisioning`` do them.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import assert_never

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.journal import Record, Removal
from fluxcc.core.ports import Pbx, Runtime
from fluxcc.core.provisioning import Provisioning
from fluxcc.domain.effects import (
    Brief,
    BringMediaBack,
    DisarmSurvey,
    Effect,
    EndLeg,
    EnforceBlock,
    MoveLeg,
    MovePair,
    ReleaseNumber,
    Remove,
    Save,
    steps,
)
from fluxcc.domain.errors import PbxRejectedError

log = logging.getLogger(__name__)


class Performer:
    """One per daemon."""

    def __init__(
        self,
        pbx: Pbx,
        blocking: Blocking,
        provisioning: Provisioning,
        runtime: Runtime,
    ) -> None:
        self._pbx = pbx
        self._blocking = blocking
        self._provisioning = provisioning
        self._runtime = runtime

    def promise(self, effects: tuple[Effect, ...]) -> list[Record]:
        """The records that must be on disk before these effects are begun. Blocks are put into
        memory at once: the same number may be marked again while the block is being committed."""
        records: list[Record] = []
        for effect in effects:
            match effect:
                case EnforceBlock(block, _):
                    self._blocking.blocklist.put(block)
                    records.append(block)
                case Save(entry):
                    records.append(entry)
                case Remove(entry):
                    records.append(Removal(entry))
        return records

    def perform(self, effects: tuple[Effect, ...], by: str) -> None:
        """Do the effects in the name of ``by`` (``agent:1000``), those of one step together. Raises
        ``PbxError``."""
        for step in steps(effects):
            self._runtime.together([partial(self._perform, effect, by) for effect in step])

    # One branch for each effect there is.
    def _perform(self, effect: Effect, by: str) -> None:  # noqa: PLR0912
        match effect:
            case EnforceBlock(block, change):
                self._blocking.enforce(block)
                self._blocking.announce(change, block, by)
            case ReleaseNumber(number):
                live = self._blocking.blocklist.find(number)
                if live is not None:
                    self._blocking.release(live, by)
            case DisarmSurvey(leg):
                try:
                    self._pbx.disarm_survey(leg)
                except PbxRejectedError as error:
                    # The next effect ends or moves the leg, which matters more.
                    log.warning("a survey was not disarmed", extra={"error": str(error)})
            case Brief(leg, facts):
                self._pbx.brief_leg(leg, facts)
            case EndLeg(leg, cause):
                self._pbx.end_leg(leg, cause)
            case BringMediaBack(leg):
                self._pbx.bring_media_back(leg)
            case MoveLeg(leg, destination, context):
                self._pbx.move_leg(leg, destination, context)
            case MovePair(leg, destination, context):
                self._pbx.move_pair(leg, destination, context)
            case Save(entry):
                self._provisioning.put(entry)
            case Remove(entry):
                self._provisioning.drop(entry)
            case _:
                assert_never(effect)
