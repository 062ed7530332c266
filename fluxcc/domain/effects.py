"""What an action wants to happen, as data: ``actions`` decide, ``core.requests.performer`` acts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.calls import Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.numbers import Number
from fluxcc.domain.provisioning import Entry


class EnforceBlock(msgspec.Struct, frozen=True):
    """Refuse a number from now on."""

    block: Block
    """A new one, or the number's earlier one renewed."""
    change: BlockChange
    """Which of the two, for whoever listens."""


class ReleaseNumber(msgspec.Struct, frozen=True):
    """Let a number through again."""

    number: Number


class DisarmSurvey(msgspec.Struct, frozen=True):
    """Take back whatever waits for the end of this leg's bridge."""

    leg: str


class Brief(msgspec.Struct, frozen=True):
    """Give a leg what the survey needs to know, as channel variables."""

    leg: str
    facts: tuple[tuple[str, str], ...]


class EndLeg(msgspec.Struct, frozen=True):
    """Hang a leg up. One that has gone meanwhile is as good as ended."""

    leg: str
    cause: str


class MoveLeg(msgspec.Struct, frozen=True):
    """Send one leg to a destination of the dialplan."""

    leg: str
    destination: str
    context: str


class MovePair(msgspec.Struct, frozen=True):
    """Send a leg and the leg that it is bridged to now to the same destination."""

    leg: str
    """The bridge's originatee: the originator has to leave first (``pbx.commands.move_pair``)."""
    destination: str
    context: str


class Save(msgspec.Struct, frozen=True):
    """Let a supervisor's setting count from now on."""

    entry: Entry


class Remove(msgspec.Struct, frozen=True):
    """Let a supervisor's setting count no longer."""

    entry: Entry


Effect = (
    EnforceBlock
    | ReleaseNumber
    | DisarmSurvey
    | Brief
    | EndLeg
    | MoveLeg
    | MovePair
    | Save
    | Remove
)


NOT_WAITED_FOR = (EnforceBlock, DisarmSurvey)
"""Effects that nothing depends on: whether FreeSWITCH takes them or not, what follows is done."""


def steps(effects: tuple[Effect, ...]) -> list[tuple[Effect, ...]]:
    """The effects in their order, those together that need not wait for each other's answers:
    FreeSWITCH does what one connection asks for in the order in which it was asked."""
    found: list[tuple[Effect, ...]] = []
    step: tuple[Effect, ...] = ()
    for effect in effects:
        step += (effect,)
        if not isinstance(effect, NOT_WAITED_FOR):
            found.append(step)
            step = ()
    return [*found, step] if step else found


class LegFact(StrEnum):
    """What the tracker saw happen to a leg."""

    ENDED = "ended"
    """It hung up; the detail is the cause."""
    GONE = "gone"
    """It is no more, and now it shows who hung it up; the detail is the cause."""
    PARTED = "parted"
    """It is bridged no longer."""
    BRIDGED = "bridged"
    """It was connected; the detail is the other leg."""
    JOINED = "joined"
    """It is in a conference; the detail is the conference's name."""


class AllEnded(msgspec.Struct, frozen=True):
    """Confirmed once every one of these legs was seen to hang up."""

    legs: frozenset[str]


class AllJoined(msgspec.Struct, frozen=True):
    """Confirmed once all of these legs were seen to enter one conference."""

    legs: frozenset[str]
    room: str
    """The conference's name; empty where the PBX names its rooms itself."""


class Arrived(msgspec.Struct, frozen=True):
    """Confirmed once the leg was seen to be taken by the destination, away from the other leg."""

    leg: str
    away_from: str
    destination: str


Confirmation = AllEnded | AllJoined | Arrived


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of an action: do these in this order, then wait for the ``confirmation``. What
    carries it out needs to know nothing of the action."""

    effects: tuple[Effect, ...]
    code: Code
    """What the reply says once it is confirmed."""
    confirmation: Confirmation | None = None
    afterwards: tuple[Effect, ...] = ()
    """What is done once it is confirmed."""
    number: str = ""
    """The number that it was about, for reply and audit."""
    blocked: bool | None = None
    outcome: Outcome | None = None
    """What history says of the call; None where it goes on as before."""
    ends_survey: bool = True
    """Whether the call may have no survey any more."""
    subject: str = ""
    """What the audit says that it was about, where that is more than the request says."""
    is_followed: bool = False
    """Whether what becomes of the call afterwards belongs into the audit."""
    warning: str = ""
    """What the log says to the administrator."""

    @property
    def expires(self) -> int | None:
        """The epoch second at which the block ends that it makes."""
        for effect in self.effects:
            if isinstance(effect, EnforceBlock):
                return effect.block.until
        return None

    @property
    def holds_without_link(self) -> bool:
        """Whether it comes true although FreeSWITCH cannot be told now: a block without a call is
        on disk, and published after the next connect."""
        return self.expires is not None and self.confirmation is None
