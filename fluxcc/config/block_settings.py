"""The settings of blocks: ``[blocks]``. Counterpart: ``settings``, which has all the others.

No ``from __future__ import annotations`` here, as there.
"""

from typing import Annotated

import msgspec

from fluxcc.config import values
from fluxcc.config.declaration import Key
from fluxcc.config.values import Duration, read_duration
from fluxcc.domain.blocks import Scope
from fluxcc.marking import _


class BlockSettings(msgspec.Struct, frozen=True):
    """Blocks"""

    duration: Annotated[Duration, Key("How long a prank's caller is refused", may_change=True)] = (
        Duration(1800)
    )
    internal: Annotated[
        tuple[str, ...],
        Key(
            "Regular expressions; a number that one of them matches whole is an extension and "
            "is never blocked",
            values.expressions,
            may_change=True,
            comment="Numbers that are never blocked, as regular expressions.",
        ),
    ] = (r"^\d{2,6}$",)
    reject_cause: Annotated[
        str,
        Key(
            "FreeSWITCH's hangup cause for a refused call; `CALL_REJECTED` is SIP 603",
            values.cause,
            may_change=True,
        ),
    ] = "CALL_REJECTED"
    scope: Annotated[
        str,
        Key(
            "For whom a prank blocks: `domain` for the agent's SIP domain, `pbx` for all,"
            " `auto` for the agent's domain where the PBX has several",
            values.one_of([scope.value for scope in Scope], _("must be one of {names}")),
            may_change=True,
        ),
    ] = Scope.AUTO.value
    never: Annotated[
        tuple[str, ...],
        Key(
            "Numbers that nobody can block, each in any spelling, or as a regular expression of a"
            " whole canonical number (`^\\+55113333\\d{4}$`). `fluxcc protect` adds others",
            values.protections,
            may_change=True,
            comment="Numbers that nobody can block, or regular expressions of canonical ones.",
        ),
    ] = ()
    escalation: Annotated[
        tuple[str, ...],
        Key(
            "How long the first, the second, … block of a caller within `memory` lasts, in place of"
            " `duration`; further ones last as long as the last. Empty for `duration` always",
            values.durations,
            may_change=True,
            comment='Longer blocks for repeaters, such as ["30m", "2h", "24h"].',
        ),
    ] = ()
    memory: Annotated[
        Duration,
        Key(
            "For how long an earlier block counts in `escalation`; ended blocks are kept as long as"
            " `[retention] audit` at most",
            may_change=True,
        ),
    ] = Duration(7 * 86400)
    divert: Annotated[
        str,
        Key(
            "Where a blocked caller goes in place of being refused: a destination in the dialplan"
            " context in which the gate stands (an announcement, a slow queue). Empty for a"
            " refusal",
            values.divert,
            may_change=True,
            comment="Where blocked callers go in place of being refused, such as 7009.",
        ),
    ] = ""

    @property
    def steps(self) -> tuple[int, ...]:
        """The durations of ``escalation``, in seconds."""
        return tuple(int(read_duration(text)) for text in self.escalation)
