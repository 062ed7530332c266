"""Does a plan's effects. It decides nothing.

Counterparts: ``executor`` gives it a plan's effects in their order; ``ports.Pbx``, ``blocking`` and
``provisioning`` do them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import assert_never

from fluxcc.core.backlog import Record
from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.calls.views import Views
from fluxcc.core.ports import Clock, Pbx, Runtime
from fluxcc.core.provisioning import Provisioning
from fluxcc.domain import causes
from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.effects import (
    Brief,
    BringMediaBack,
    Detain,
    DisarmSurvey,
    Effect,
    EndBlock,
    EndConsultation,
    EndLeg,
    EnforceBlock,
    MoveLeg,
    MovePair,
    Remove,
    Save,
    steps,
)
from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.provisioning import Protected

log = logging.getLogger(__name__)

REJOINING_TIMEOUT, REJOINING_STEP = 1.0, 0.01
"""Seconds for which, and in which steps, a customer and an agent are waited for who are joined
again after a consultation, or with other media; FreeSWITCH takes some 20 ms."""


class Performer:
    """One per daemon."""

    def __init__(
        self,
        pbx: Pbx,
        blocking: Blocking,
        provisioning: Provisioning,
        runtime: Runtime,
        views: Views,
        clock: Clock,
    ) -> None:
        self._pbx = pbx
        self._blocking = blocking
        self._provisioning = provisioning
        self._runtime = runtime
        self._views = views
        self._clock = clock

    def promise(
        self, effects: tuple[Effect, ...], by: str
    ) -> tuple[list[Record], tuple[Effect, ...]]:
        """The records that must be on disk before these effects are begun, and the effects as they
        are to be performed then.

        Blocks and protected numbers change in memory at once: the next action on the same number
        decides by that, while this one's records are being committed.
        """
        records: list[Record] = []
        promised: list[Effect] = []
        for effect in effects:
            match effect:
                case EnforceBlock(block, _):
                    self._blocking.put(block)
                    records.append(block)
                case EndBlock(number, domain):
                    ended = self._blocking.end(number, domain, by)
                    promised.append(EndBlock(number, domain, ended))
                    continue
                case Save(entry):
                    records += self._provisioning.saving(entry)
                    if isinstance(entry, Protected):
                        self._provisioning.put(entry)
                case Remove(entry):
                    records += self._provisioning.removing(entry)
            promised.append(effect)
        return records, tuple(promised)

    def perform(self, effects: tuple[Effect, ...], by: str) -> bool:
        """Do the effects in the name of ``by`` (``agent:1000``), those of one step together;
        whether the gate took what it was told. Raises ``PbxError``."""
        is_told: list[bool] = []
        for step in steps(effects):
            self._runtime.together([partial(self._perform, each, by, is_told) for each in step])
        return all(is_told)

    def live(self, block: Block) -> Block | None:
        """The live block of the number of this one, in the same SIP domain."""
        return self._blocking.live(block)

    def _perform(self, effect: Effect, by: str, is_told: list[bool]) -> None:
        match effect:
            case (
                EndLeg() | EndConsultation() | Detain() | BringMediaBack() | MoveLeg() | MovePair()
            ):
                self._perform_on_legs(effect)
            case EnforceBlock(block, change):
                is_told.append(self._blocking.enforce(block))
                self._blocking.announce(change, block, by)
            case EndBlock(_, _, ended):
                if ended is not None:
                    is_told.append(self._blocking.let_through(ended, BlockChange.RELEASED, by))
            case DisarmSurvey(leg):
                try:
                    self._pbx.disarm_survey(leg)
                except PbxRejectedError as error:
                    # The next effect ends or moves the leg, which matters more.
                    log.warning("a survey was not disarmed", extra={"error": str(error)})
            case Brief(leg, facts):
                self._pbx.brief_leg(leg, facts)
            case Save(entry):
                if not isinstance(entry, Protected):
                    self._provisioning.put(entry)
            case Remove(entry):
                self._provisioning.drop(entry)
            case _:
                assert_never(effect)

    def _perform_on_legs(
        self, effect: EndLeg | EndConsultation | Detain | BringMediaBack | MoveLeg | MovePair
    ) -> None:
        match effect:
            case EndLeg(leg, cause):
                self._pbx.end_leg(leg, cause)
            case MoveLeg(leg, destination, context):
                self._pbx.move_leg(leg, destination, context)
            case Detain(leg, is_on):
                self._pbx.detain_leg(leg, is_on=is_on)
            case BringMediaBack(leg):
                self._pbx.bring_media_back(leg)
            case EndConsultation(leg, customer, agent_leg):
                self._end_consultation(leg, customer, agent_leg)
            case MovePair(customer, agent_leg, destination, context):
                # Media that were brought back bridge the two anew.
                self._wait(lambda: bool(self._views.originatee(customer, agent_leg)))
                originatee = self._views.originatee(customer, agent_leg)
                self._pbx.move_pair(originatee, destination, context)
            case _:
                assert_never(effect)

    def _end_consultation(self, leg: str, customer: str, agent_leg: str) -> None:
        """Hang up the consulted leg, and return when FreeSWITCH has joined the two again."""
        is_over = self._views.waits_for(customer, agent_leg)
        self._pbx.end_leg(leg, causes.NORMAL)
        self._wait(is_over)

    def _wait(self, are_together: Callable[[], bool]) -> None:
        began = self._clock.monotonic()
        while not are_together():
            if self._clock.monotonic() - began >= REJOINING_TIMEOUT:
                raise PbxRejectedError("customer and agent are not bridged to each other")
            self._runtime.sleep(REJOINING_STEP)
            self._pbx.flush_events()
