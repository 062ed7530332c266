"""Blocks that grow on repeaters: ``[blocks] escalation`` and ``memory``."""

from __future__ import annotations

from fluxcc.domain.blocks import BlockState
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .people import Person
from .scene import Conversation


def test_the_second_block_of_a_caller_lasts_longer(lab: Lab, make_daemon, person: Person) -> None:
    """Told in the reply, in ``blocks`` and in ``check``; a restart forgets nothing."""
    daemon = make_daemon(FLUXCC_BLOCKS_ESCALATION="1s,2h", FLUXCC_BLOCKS_MEMORY="1d")
    daemon.start()
    for nth, seconds in ((1, 1), (2, 7200)):
        earlier = {call["call"] for call in daemon.calls()}
        caller = lab.call(person.number, "1000")
        caller.wait_answered()
        talk = Conversation(lab, person.number, daemon.wait_talking(besides=earlier), caller)
        now = int(lab.api("strepoch"))
        with daemon.board() as board:
            reply = board.prank("1000", language="en")
        assert (reply.code, reply.headers["Fluxcc-Nth"]) == ("blocked", str(nth))
        assert abs(reply.expires - now - seconds) <= 2
        assert ("block number 2 of this caller" in reply.text) == (nth == 2)
        talk.wait_over()
        if nth == 1:
            until(lambda: _has_ended(daemon, person), "the block has ended")
            daemon.kill()
            daemon.start()
    (block,) = daemon.cli("blocks", "--json").json
    assert block["nth"] == 2
    assert daemon.cli("blocks").stdout.rstrip().endswith("\t2")
    checked = daemon.cli("check", person.number, "--json").json
    assert (checked["earlier"], checked["next_duration"]) == (2, 7200)
    assert "the next one lasts 2h" in daemon.cli("check", person.number).stdout


def _has_ended(daemon: Daemon, person: Person) -> bool:
    block = daemon.block_of(person.number)
    return block is not None and block.state is BlockState.EXPIRED
