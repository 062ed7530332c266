"""What holds when the daemon or FreeSWITCH dies, and what is known again afterwards
(contract, sections 2 and 3)."""

from __future__ import annotations

import time
from collections.abc import Callable

from fluxcc.client import Board
from fluxcc.domain.blocks import BlockState
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .pbx import clock
from .people import Person
from .scene import Scene

AGAIN = 2.0
"""Seconds after FreeSWITCH's event socket accepts within which every block is enforced again."""
LONG_OUTAGE = 6.0
"""Seconds, enough for a daemon that backs off to have reached its longest pause."""


def test_a_block_holds_and_ends_without_the_daemon(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """Contract, section 2: killed right after the reply, the block holds, and ends on its
    second."""
    daemon = make_daemon(FLUXCC_BLOCKS_DURATION="2s")
    daemon.start()
    with daemon.board() as board:
        lab.call(person.number, "1000").wait_answered()
        daemon.wait_talking()
        reply = board.prank("1000")
        daemon.kill()
    assert reply.code == "blocked"
    end = reply.expires
    assert end is not None

    assert is_refused(lab, person.other_spellings[1]) or clock(lab) >= end
    (block,) = daemon.store.live_blocks()
    assert (block.number, block.until) == (person.number, end)
    until(lambda: time.time() > end - 0.8, "the last second has begun")
    assert is_refused(lab, person.number) or clock(lab) >= end
    until(lambda: clock(lab) >= end, "the block's end")
    assert not is_refused(lab, person.number)

    daemon.start()
    assert daemon.cli("blocks", "--json").json == []
    block = until(lambda: _ended_block(daemon, person.number), "the end is written")
    assert (block.state, block.ended_by) == (BlockState.EXPIRED, "time")


def test_a_block_is_known_again_after_a_crash_of_the_daemon(scene: Scene) -> None:
    """Contract, section 2: ``blocks`` still knows it, attempts are counted, and it can be taken
    back."""
    scene.talk(scene.number)
    with scene.daemon.board() as board:
        reply = board.prank("1000")
        scene.daemon.kill()
    assert scene.is_refused(scene.number)  # not counted: nobody was there to count
    scene.daemon.start()
    assert scene.is_refused(scene.person.other_spellings[3])

    def listed() -> dict:
        blocks = scene.daemon.cli("blocks", "--json").json
        return next(block for block in blocks if block["number"] == scene.number)

    until(lambda: listed()["attempts"] == 1, "the attempt is counted")
    assert listed()["until"] == reply.expires
    assert listed()["by"] == "agent:1000"
    assert scene.daemon.cli("unblock", scene.person.local).code == 0
    assert not scene.is_refused(scene.number)


def test_the_same_request_is_not_done_again_by_the_next_daemon(scene: Scene) -> None:
    """Contract, section 3: 24 hours, whatever became of the daemon meanwhile."""
    scene.talk(scene.number)
    with scene.daemon.board() as board:
        first = board.prank("1000")
    scene.daemon.kill()
    scene.daemon.start()
    with scene.daemon.board() as board:
        again = board.prank("1000", request=first.request)
    assert (again.code, again.call) == (first.code, first.call)
    assert (again.number, again.blocked, again.expires) == (
        scene.number,
        True,
        first.expires,
    )


def test_live_calls_are_known_again_after_a_crash_of_the_daemon(scene: Scene) -> None:
    """Contract, sections 1 and 4: the same call in history, and the actions work on it as
    before."""
    one = scene.talk(scene.number, "1000")
    two = scene.talk(scene.somebody_else.number, "1001")
    until(lambda: len(_live(scene.daemon)) == 2, "both calls are in the store")
    before = _live(scene.daemon)
    scene.daemon.kill()
    two.caller.hang_up()
    scene.daemon.start()

    (call,) = until(scene.daemon.calls, "the call that is left")
    assert {key: call[key] for key in ("call", "direction", "number", "agent", "group")} == {
        "call": one.customer,
        "direction": "received",
        "number": scene.number,
        "agent": "1000",
        "group": "sales",
    }
    with scene.daemon.board() as board:
        reply = until(lambda: _unless_no_call(board), "the agent's call is found")
    assert (reply.code, reply.call) == ("blocked", one.customer)
    assert scene.is_refused(scene.number)

    (row,) = until(lambda: scene.daemon.ended_calls(scene.number, "prank"), "its history")
    assert row.id == before[scene.number].id
    assert row.started == before[scene.number].started
    assert row.bridged == before[scene.number].bridged
    (row,) = until(
        lambda: scene.daemon.ended_calls(scene.somebody_else.number, "lost"), "the other's history"
    )
    assert row.id == before[scene.somebody_else.number].id


def test_a_crash_of_freeswitch_loses_calls_and_no_blocks(scene: Scene) -> None:
    """Contract, section 2: the daemon is back by itself, every block at most 2 s after the socket
    accepts."""
    blocked = scene.daemon.cli("--json", "block", scene.person.local).json
    scene.talk(scene.somebody_else.number)
    scene.lab.kill()
    until(lambda: not scene.daemon.status()["connected"], "the daemon has noticed")
    scene.lab.start()
    until(
        lambda: _is_enforced(scene.lab, scene.person, blocked["expires"]),
        "the block is back",
        AGAIN,
    )
    assert scene.is_refused(scene.number)

    until(lambda: scene.daemon.status()["connected_since"], "the daemon is connected")
    (row,) = until(
        lambda: scene.daemon.ended_calls(scene.somebody_else.number, "lost"), "the lost call"
    )
    assert row.ended is not None
    assert scene.daemon.calls() == []
    scene.talk(scene.somebody_else.number)
    with scene.daemon.board() as board:
        assert board.prank("1000").number == scene.somebody_else.number
    assert scene.is_refused(scene.somebody_else.number)


def test_blocks_are_back_as_soon_after_a_long_outage(scene: Scene) -> None:
    """Contract, section 2: 2 s, however long FreeSWITCH was away, also for a block of that very
    time."""
    scene.lab.kill()
    killed = time.monotonic()
    until(lambda: not scene.daemon.status()["connected"], "the daemon has noticed")
    assert scene.daemon.cli("prank", "--agent", "1000").code == 69
    scene.daemon.cli("block", scene.number)
    block = scene.daemon.block_of(scene.number)
    assert block is not None
    until(lambda: time.monotonic() > killed + LONG_OUTAGE, "a long outage", LONG_OUTAGE + 1)
    scene.lab.start()
    until(
        lambda: _is_enforced(scene.lab, scene.person, block.until), "the block is enforced", AGAIN
    )
    assert scene.is_refused(scene.number)


def _is_enforced(lab: Lab, person: Person, end: int) -> bool:
    keys = lab.api("hash_dump db fluxcc_block").splitlines()
    wanted = {f"D/fluxcc_block_{key}/{end}" for key in (person.number, *person.other_spellings)}
    return wanted <= set(keys)


def _live(daemon: Daemon) -> dict:
    return {call.number: call for call in daemon.store.live_calls()}


def _ended_block(daemon: Daemon, number: str):
    block = daemon.block_of(number)
    return block if block is not None and block.ended_at is not None else None


def _unless_no_call(board: Board):
    reply = board.prank("1000")
    return None if reply.code == "no-live-call" else reply
