"""What the actions decide by besides the call: settings, provisioned entries and live blocks."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.media import Media
from fluxcc.domain.numbers import Number, NumberPlan
from fluxcc.domain.provisioning import Entry, Group, Room, Service


class Rules(msgspec.Struct):
    """Settings, which a reload may change, and look-ups."""

    numbers: NumberPlan
    block_duration: int
    """Seconds a block holds where the request has no duration."""
    room: str
    """How an agent's room is dialled: ``*{agent}``."""
    room_context: str
    survey_destination: str
    """Where the survey answers for groups without a destination of their own."""
    survey_context: str
    find_block: Callable[[Number], Block | None]
    """The live block of a number."""
    make_block: Callable[[Number, int, str, str, str], tuple[Block, BlockChange]]
    """(number, seconds, by, reason, call) → the block to be, and whether it is a new one or the
    live one renewed. It is not in force yet."""
    find_group: Callable[[str], Group | None]
    find_room: Callable[[str], Room | None]
    find_service: Callable[[str], Service | None]
    room_members: Callable[[str], frozenset[str]]
    """The legs in a conference that the kit serves; FreeSWITCH is asked each time."""
    media_of: Callable[[str], Media]
    """The way of the media of the bridge whose originatee this leg is; FreeSWITCH is asked."""
    has_entry: Callable[[Entry], bool]
    """Whether there is an entry of that kind and name."""
