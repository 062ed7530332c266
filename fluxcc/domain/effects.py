"""What an action wants to happen, as data: ``actions`` decide, ``core.requests.performer`` acts."""

from __future__ import annotations

import msgspec

from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.calls import Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.provisioning import Entry


class EnforceBlock(msgspec.Struct, frozen=True):
    """Refuse a number from now on."""

    block: Block
    """A new one, or the number's earlier one renewed."""
    change: BlockChange
    """Which of the two, for the ``fluxcc::block`` notice."""


class EndBlock(msgspec.Struct, frozen=True):
    """Stop refusing a number, where it still is refused."""

    number: str
    """Canonical."""
    domain: str
    """The block's SIP domain; empty for the block that holds in all."""
    ended: Block | None = None
    """The ended block, once it has ended in memory (``Performer.promise``)."""


class DisarmSurvey(msgspec.Struct, frozen=True):
    """Undo what sends this leg to the survey when its bridge ends."""

    leg: str


class Brief(msgspec.Struct, frozen=True):
    """Give a leg what the survey needs to know, as channel variables."""

    leg: str
    facts: tuple[tuple[str, str], ...]


class EndLeg(msgspec.Struct, frozen=True):
    """Hang a leg up. A leg that is gone already counts as ended."""

    leg: str
    cause: str


class EndConsultation(msgspec.Struct, frozen=True):
    """Hang up the leg that an agent consults inside the bridge to the customer, and wait until
    customer and agent are back with each other."""

    leg: str
    customer: str
    agent_leg: str


class Detain(msgspec.Struct, frozen=True):
    """Have a leg wait when its bridge ends, instead of going on in its dialplan; or no longer."""

    leg: str
    is_on: bool


class BringMediaBack(msgspec.Struct, frozen=True):
    """Make the media of a bridge run through FreeSWITCH again, which takes both telephones'
    answers."""

    leg: str
    """The bridge's originatee."""


class MoveLeg(msgspec.Struct, frozen=True):
    """Send one leg to a destination of the dialplan."""

    leg: str
    destination: str
    context: str


class MovePair(msgspec.Struct, frozen=True):
    """Send two legs that are bridged to each other to the same destination."""

    customer: str
    agent_leg: str
    destination: str
    context: str


class Save(msgspec.Struct, frozen=True):
    """Save a supervisor's entry, in place of the earlier one of that name."""

    entry: Entry


class Remove(msgspec.Struct, frozen=True):
    """Remove a supervisor's entry."""

    entry: Entry


Effect = (
    EnforceBlock
    | EndBlock
    | DisarmSurvey
    | Brief
    | EndLeg
    | EndConsultation
    | Detain
    | BringMediaBack
    | MoveLeg
    | MovePair
    | Save
    | Remove
)


NOT_WAITED_FOR = (EnforceBlock, DisarmSurvey)
"""Effects whose success nothing depends on: the next effect is begun without their answer."""


def steps(effects: tuple[Effect, ...]) -> list[tuple[Effect, ...]]:
    """The effects in their order, grouped: those of one group are sent without waiting for each
    other's answers. FreeSWITCH does the commands of one connection in the order in which they were
    sent."""
    found: list[tuple[Effect, ...]] = []
    step: tuple[Effect, ...] = ()
    for effect in effects:
        step += (effect,)
        if not isinstance(effect, NOT_WAITED_FOR):
            found.append(step)
            step = ()
    return [*found, step] if step else found


class AllEnded(msgspec.Struct, frozen=True):
    """Confirmed once every one of these legs was seen to hang up."""

    legs: frozenset[str]
    parted: frozenset[str] = frozenset()
    """Legs that go on, and must be seen to be bridged no longer."""


class AllJoined(msgspec.Struct, frozen=True):
    """Confirmed once all of these legs were seen to enter one conference."""

    legs: frozenset[str]
    room: str
    """The conference's name; empty where the PBX names its rooms itself."""
    wait: float = 0.0
    """Seconds that they may take, where that is longer than usual."""


class Arrived(msgspec.Struct, frozen=True):
    """Confirmed once the leg was seen to be taken by the destination, away from the other leg."""

    leg: str
    away_from: str
    destination: str


Confirmation = AllEnded | AllJoined | Arrived


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an action decided: do these effects in this order, then wait for the ``confirmation``.
    The executor needs to know nothing else of the action."""

    effects: tuple[Effect, ...]
    code: Code
    """What the reply says once it is confirmed."""
    confirmation: Confirmation | None = None
    afterwards: tuple[Effect, ...] = ()
    """Effects that are done once it is confirmed."""
    number: str = ""
    """The canonical number that it is about, for reply and audit."""
    is_private: bool = False
    """Whether only the audit may have that number."""
    domain: str = ""
    """The SIP domain of its block; empty for all, or without one."""
    blocked: bool | None = None
    outcome: Outcome | None = None
    """The call's outcome in history; None where the plan does not change it."""
    ends_survey: bool = True
    """Whether the call may have no survey any more."""
    subject: str = ""
    """The audit row's subject, where it is not the request's own."""
    is_followed: bool = False
    """Whether the audit row is completed later with what became of the call (its sequel)."""
    warning: str = ""
    """A line for the log; empty for none."""

    @property
    def block(self) -> Block | None:
        """The block that it makes or renews."""
        for effect in self.effects:
            if isinstance(effect, EnforceBlock):
                return effect.block
        return None

    @property
    def expires(self) -> int | None:
        """The epoch second at which its block ends; None where it makes none."""
        return self.block.until if self.block is not None else None

    @property
    def freed(self) -> int:
        """How many blocks it ends."""
        return sum(isinstance(effect, EndBlock) for effect in self.effects)

    @property
    def holds_without_link(self) -> bool:
        """Whether it holds although the link to FreeSWITCH is lost: a block without a call is on
        disk, and is published after the next connect."""
        return self.expires is not None and self.confirmation is None

    @property
    def code_untold(self) -> Code:
        """What the reply says where all was done, but mod_hash did not take what it was told."""
        if self.block is not None:
            return Code.GATE_PENDING
        return Code.RELEASE_PENDING if self.code is Code.RELEASED else self.code
