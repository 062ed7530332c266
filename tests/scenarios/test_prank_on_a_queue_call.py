"""The main job on mod_callcenter, as an operator does it (contract, sections 1, 2 and 4)."""

from __future__ import annotations

import time

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import agent_state, legs

QUEUE = "5000"
CALLER = "+5511988887777"
OTHER_SPELLINGS = ("5511988887777", "011988887777", "11988887777")
SOMEBODY_ELSE = "5521977776666"
HALF_AN_HOUR = 1800


def test_a_prank_call_from_start_to_end(lab: Lab, daemon: Daemon, waiting_agent: str) -> None:
    """Contract, sections 1, 2 and 4: ended, refused in every spelling, counted; nobody else is
    touched."""
    caller = lab.call(CALLER, QUEUE)
    caller.wait_answered()
    daemon.wait_talking(CALLER)

    before = time.time()
    printed = daemon.cli("prank", "--agent", waiting_agent)
    after = time.time()

    assert (printed.code, printed.stderr) == (0, "")
    assert CALLER in printed.stdout
    assert caller.wait_ended() == 200
    until(lambda: legs(lab) == 0, "both legs have ended", timeout=1)
    until(lambda: agent_state(lab, waiting_agent) == "Waiting", "the agent is free", timeout=1)

    for spelling in OTHER_SPELLINGS:
        assert lab.call(spelling, QUEUE).wait_ended() == 603
    other = lab.call(SOMEBODY_ELSE, QUEUE)
    other.wait_answered()
    daemon.wait_talking(SOMEBODY_ELSE)

    block = until(lambda: _listed(daemon, CALLER, attempts=3), "three attempts are listed")
    assert block["by"].startswith("operator:")
    assert before <= block["since"] <= after
    assert before + HALF_AN_HOUR <= block["until"] <= after + HALF_AN_HOUR + 1
    assert (block["state"], block["ended_at"]) == ("live", None)
    assert set(block["keys"]) == {CALLER, *OTHER_SPELLINGS, "988887777"}
    assert before <= block["last_attempt"] <= time.time()

    explained = daemon.cli("check", OTHER_SPELLINGS[1], "--json").json
    assert (explained["number"], explained["blocked_until"]) == (CALLER, block["until"])
    assert {CALLER, *OTHER_SPELLINGS} <= set(explained["spellings"])
    assert (explained["internal"], explained["blockable"]) == (False, True)


def _listed(daemon: Daemon, number: str, attempts: int) -> dict | None:
    blocks = {block["number"]: block for block in daemon.cli("blocks", "--json").json}
    return blocks[number] if blocks[number]["attempts"] == attempts else None
