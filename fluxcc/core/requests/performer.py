"""Does what a plan says, effect by effect. It decides nothing.

Counterparts: ``executor`` gives it a plan's effects in their order; ``ports.Pbx``, ``blocking`` and
``provisioning`` do them.
"""

from __future__ import annotations

import logging

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.journal import Journal, Record, Removal
from fluxcc.core.ports import Pbx
from fluxcc.core.provisioning import Provisioning
from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.effects import (
    BlockNumber,
    Brief,
    DisarmSurvey,
    Effect,
    EndLeg,
    MoveLeg,
    MovePair,
    ReleaseNumber,
    Remove,
    Save,
)
from fluxcc.domain.errors import PbxRejectedError

log = logging.getLogger(__name__)


class Performer:
    """One per daemon."""

    def __init__(
        self, pbx: Pbx, blocking: Blocking, provisioning: Provisioning, journal: Journal
    ) -> None:
        self._pbx = pbx
        self._blocking = blocking
        self._provisioning = provisioning
        self._journal = journal

    def perform(
        self, effect: Effect, by: str, block: Block | None, *, is_renewed: bool = False
    ) -> None:
        """Do it in the name of ``by``; ``block`` is the one that a ``BlockNumber`` makes or renews.

        Raises ``PbxError``.
        """
        match effect:
            case BlockNumber():
                if block is not None:
                    self._blocking.enforce(block)
                    self._blocking.tell(
                        BlockChange.RENEWED if is_renewed else BlockChange.BLOCKED, block, by
                    )
            case ReleaseNumber(number):
                live = self._blocking.blocklist.find(number)
                if live is not None:
                    ended = self._blocking.release(live, by)
                    self._journal.note(ended)
                    self._blocking.tell(BlockChange.RELEASED, ended, by)
            case DisarmSurvey(leg):
                try:
                    self._pbx.disarm_survey(leg)
                except PbxRejectedError as error:
                    # What follows ends or moves the leg, which matters more.
                    log.warning("a survey was not disarmed", extra={"error": str(error)})
            case Brief(leg, facts):
                self._pbx.brief_leg(leg, facts)
            case EndLeg(leg, cause):
                self._pbx.end_leg(leg, cause)
            case MoveLeg(leg, destination, context):
                self._pbx.move_leg(leg, destination, context)
            case MovePair(leg, destination, context):
                self._pbx.move_pair(leg, destination, context)
            case Save(entry):
                self._provisioning.put(entry)
            case Remove(entry):
                self._provisioning.drop(entry)


def promised(effects: tuple[Effect, ...], block: Block | None) -> list[Record]:
    """What must be on disk before these effects are begun."""
    records: list[Record] = [block] if block is not None else []
    for effect in effects:
        if isinstance(effect, Save):
            records.append(effect.entry)
        elif isinstance(effect, Remove):
            records.append(Removal(effect.entry))
    return records
