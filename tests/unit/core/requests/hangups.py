"""The hangups of a prank: all that is done for one, and how FreeSWITCH tells of them."""

from __future__ import annotations

from tests.builders import NUMBER, World

PRANK = [
    f"write block {NUMBER}",
    "write audit requested",
    "publish 5 keys",
    "disarm customer",
    "end customer CALL_REJECTED",
    "end telephone NORMAL_CLEARING",
    "write audit ok",
]
"""The whole story of one whose hangups FreeSWITCH tells of at once."""


def tell_later(world: World, flushes: int = 3) -> None:
    """FreeSWITCH tells of a hangup only after its queue of events was flushed so often."""
    waiting: list[tuple[str, str]] = []
    counted = []
    world.pbx.on_end = lambda leg, cause: waiting.append((leg, cause))

    def flush_events() -> None:
        counted.append(1)
        if len(counted) >= flushes:
            while waiting:
                world.hung_up(*waiting.pop(0))

    world.pbx.on_flush = flush_events


def tell_nothing(world: World) -> None:
    """FreeSWITCH accepts a hangup and never tells of it."""
    world.pbx.on_end = lambda leg, cause: None
