"""Trunks whose calls' SIP Call-IDs become their legs' UUIDs (``inbound-use-callid-as-uuid``): a
caller then chooses the name of the leg, and it is acted on like any other."""

from __future__ import annotations

import pytest

from fluxcc.lab.simulated import SimulatedLab

from .pbx import AGENT, COLLEAGUE
from .scene import Conversation, Scene

CALL_IDS = {
    "a host": "3848276298220188511@10.0.0.7",
    "signs of a word": "a-b.c!d%41e*f_g+h`i~j(k)l<m>n:o/p[q]r?s{t}",
    "signs of no word": "~$(=;,|&#^",
    "an expansion": "${system(id)}",
    "a quote": "it's",
    "quotes": "'a''b'",
    "a double quote": 'a"b"c',
    "a backslash": "a\\nb\\",
    "a backslash and a quote": "\\'",
    "another separator": "^^:a:b",
    "an option": "-both",
    "an array": "ARRAY::a|:b",
    "an array of one": "ARRAY::a",
    "200 characters": "x" * 200,
}
"""Each of them once a test: a UUID must not be of two legs."""
each = pytest.mark.parametrize("call_id", list(CALL_IDS.values()), ids=list(CALL_IDS))
each_header = pytest.mark.parametrize(
    "call_id",
    [text for text in CALL_IDS.values() if not text.startswith("ARRAY::")],
    ids=[name for name in CALL_IDS if "array" not in name],
)
"""FreeSWITCH makes an array of a header that begins so, and a board's reply has one there."""


def call(scene: Scene, call_id: str) -> Conversation:
    """Somebody calls with that Call-ID and talks to agent 1000."""
    talk = scene.talk(scene.number, call_id=call_id)
    assert talk.customer == call_id
    return talk


@each
def test_a_prank_ends_the_call(scene: Scene, call_id: str) -> None:
    """Both legs are gone, and the number is blocked."""
    talk = call(scene, call_id)
    reply = scene.board.ask("prank", AGENT)
    assert (reply.status, reply.code) == ("ok", "blocked")
    assert talk.caller is not None
    assert talk.caller.wait_ended(1) == 200
    assert scene.are_gone(*talk.call["legs"])
    assert scene.is_refused(scene.number)


@each_header
@pytest.mark.parametrize("action", ["prank", "hangup"])
def test_a_board_may_send_back_what_it_was_told(scene: Scene, action: str, call_id: str) -> None:
    """The reply of the first request is the call of the second."""
    talk = call(scene, call_id)
    told = scene.board.ask("transfer", AGENT, service="nothing-of-that-name")
    assert (told.code, told.call) == ("unknown-service", call_id)
    reply = scene.board.ask(action, AGENT, call=told.call)
    assert (reply.status, reply.call) == ("ok", call_id)
    assert talk.caller is not None
    assert talk.caller.wait_ended(1) == 200
    assert scene.are_gone(*talk.call["legs"])


@each
def test_an_operator_names_it_too(scene: Scene, call_id: str) -> None:
    """As ``fluxcc calls`` shows it."""
    talk = call(scene, call_id)
    answer = scene.daemon.operate("hangup", call=talk.customer)
    assert answer["reply"]["code"] == "ended"
    assert scene.are_gone(*talk.call["legs"])


@each
def test_its_customer_is_transferred(scene: Scene, call_id: str) -> None:
    """Commands that read quotes and backslashes mean this leg too."""
    scene.supervisor.adds_service("invoices", "7001")
    talk = call(scene, call_id)
    assert scene.board.ask("transfer", AGENT, service="invoices").code == "transferred"
    assert talk.agent_is_gone()
    assert not talk.customer_is_gone()
    talk.customer_hangs_up()


@each_header
def test_the_synchronous_door_takes_it_percent_encoded(scene: Scene, call_id: str) -> None:
    """FreeSWITCH makes Lua source of the line: only letters and digits stand as they are."""
    if isinstance(scene.lab, SimulatedLab):
        pytest.importorskip("lupa", reason="the simulator runs scripts with lupa only")
    talk = call(scene, call_id)
    encoded = "".join(f"%{byte:02X}" for byte in call_id.encode())
    answer = scene.lab.api(f"lua fluxcc.lua hangup agent={AGENT} call={encoded}")
    assert answer.startswith("+OK ended "), answer
    assert scene.are_gone(*talk.call["legs"])


@pytest.mark.parametrize("call_id", ["a'\\\\b $(".replace(" ", ""), "ARRAY::x|:y"])
def test_a_daemon_that_begins_during_the_call_knows_it_too(scene: Scene, call_id: str) -> None:
    """FreeSWITCH's tables and its description of the leg tell the same name as its events."""
    talk = call(scene, call_id)
    scene.daemon.kill()
    scene.daemon.start()
    assert scene.daemon.wait_talking()["call"] == call_id
    assert scene.board.ask("prank", AGENT).code == "blocked"
    assert scene.are_gone(*talk.call["legs"])


def test_a_name_that_cannot_be_addressed_is_told(scene: Scene) -> None:
    """With a blank in it ``uuid_kill`` would take a part for the whole. The number is blocked all
    the same, and the agent, whose telephone can end the call, hears that it goes on."""
    talk = call(scene, "two words")
    reply = scene.board.ask("prank", AGENT)
    assert (reply.status, reply.code) == ("failed", "pbx-rejected")
    assert scene.is_refused(scene.number)
    assert "cannot be addressed" in scene.daemon.log
    talk.agent_hangs_up()
    assert talk.caller is not None
    assert talk.caller.wait_ended() == 200


def test_somebody_elses_call_is_not_theirs(scene: Scene) -> None:
    """Also where its name is made of signs."""
    talk = call(scene, "mine'\\$(")
    reply = scene.board.ask("prank", COLLEAGUE, call=talk.customer)
    assert (reply.status, reply.code) == ("refused", "not-your-call")
    assert not talk.customer_is_gone()
    assert not talk.agent_is_gone()
    talk.customer_hangs_up()
    talk.wait_over()
