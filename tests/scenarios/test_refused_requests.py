"""Requests that are refused, or asked twice: nothing is done, and each has its one reply
(contract, section 3)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest

from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .scene import Scene
from .tap import Tap

NOBODYS_LEG = "8745f3b2-0e9e-4f0e-8a5c-9d1f6a4f6b8e"

REQUEST = ("Fluxcc-Request-ID", "r-1")
ACTION = ("Fluxcc-Action", "prank")
AGENT = ("Fluxcc-Agent", "1000")


def test_somebody_elses_call(scene: Scene) -> None:
    """``not-your-call``: an agent acts on their own call only."""
    call = scene.talk(scene.number, "1001")
    for leg in (call.customer, call.agent_leg):
        reply = scene.board.prank("1000", call=leg)
        assert (reply.status, reply.code) == ("refused", "not-your-call")
    assert call.is_up
    assert not scene.is_refused(scene.number)


def test_an_agent_without_a_call(scene: Scene) -> None:
    """``no-live-call``, also while somebody else talks."""
    call = scene.talk(scene.number, "1001")
    reply = scene.board.prank("1000")
    assert (reply.status, reply.code) == ("refused", "no-live-call")
    assert call.is_up


def test_a_call_that_never_was(scene: Scene) -> None:
    """``no-such-call``: the named leg counts, even where the agent is in another call."""
    call = scene.talk(scene.number)
    reply = scene.board.prank("1000", call=NOBODYS_LEG)
    assert (reply.status, reply.code) == ("refused", "no-such-call")
    assert call.is_up


def test_a_call_that_has_ended(scene: Scene) -> None:
    """``no-such-call`` and ``no-live-call``; nobody is blocked for a call that is over."""
    call = scene.talk(scene.number)
    call.caller.hang_up()
    until(lambda: not scene.daemon.calls(), "the daemon has seen the call's end")
    assert scene.board.prank("1000", call=call.customer).code == "no-such-call"
    assert scene.board.prank("1000").code == "no-live-call"
    assert scene.daemon.block_of(scene.number) is None


def test_an_agent_in_two_calls(scene: Scene) -> None:
    """``ambiguous-call``, unless the leg is named; then only that call ends."""
    one, two = scene.talk(scene.number), scene.talk(scene.somebody_else.number)
    reply = scene.board.prank("1000")
    assert (reply.status, reply.code) == ("refused", "ambiguous-call")
    assert one.is_up
    assert two.is_up

    assert scene.board.prank("1000", call=two.customer).number == scene.somebody_else.number
    assert scene.are_gone(two.customer, two.agent_leg)
    assert one.is_up


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        pytest.param("malformed-request", [ACTION, AGENT], id="no id"),
        pytest.param(
            "malformed-request", [("Fluxcc-Request-ID", "a b"), ACTION, AGENT], id="a bad id"
        ),
        pytest.param(
            "malformed-request", [("Fluxcc-Request-ID", "x" * 65), ACTION, AGENT], id="a long id"
        ),
        pytest.param(
            "malformed-request", [("Fluxcc-Request-ID", "jos\udce9"), ACTION, AGENT], id="latin id"
        ),
        pytest.param("malformed-request", [REQUEST, ACTION], id="no agent"),
        pytest.param(
            "malformed-request", [REQUEST, ACTION, ("Fluxcc-Agent", "10 00")], id="a bad agent"
        ),
        pytest.param(
            "malformed-request",
            [REQUEST, ACTION, ("Fluxcc-Agent", "${system(id)}")],
            id="an agent to expand",
        ),
        pytest.param(
            "malformed-request",
            [REQUEST, ACTION, AGENT, ("Fluxcc-Call", "x y; hupall")],
            id="a bad uuid",
        ),
        pytest.param(
            "malformed-request",
            [REQUEST, ACTION, AGENT, ("Fluxcc-Call", "a" * 257)],
            id="a long uuid",
        ),
        pytest.param("malformed-request", [REQUEST, AGENT], id="no action"),
        pytest.param(
            "unknown-action", [REQUEST, ("Fluxcc-Action", "dance"), AGENT], id="unknown action"
        ),
        pytest.param("unknown-action", [REQUEST, ("Fluxcc-Action", "PRANK"), AGENT], id="capitals"),
        pytest.param(
            "unknown-action", [REQUEST, ("Fluxcc-Action", "unblock"), AGENT], id="operator's action"
        ),
        pytest.param("malformed-request", [], id="nothing at all"),
    ],
)
def test_a_request_that_cannot_be_understood(
    scene: Scene, tap: Tap, code: str, headers: list[tuple[str, str]]
) -> None:
    """``malformed-request`` and ``unknown-action``: refused, with one reply, the call untouched."""
    call = scene.talk(scene.number)
    mine = (REQUEST[0], uuid4().hex)
    tap.request(*(mine if header == REQUEST else header for header in headers))
    reply = tap.reply(mine[1] if REQUEST in headers else "")
    assert (reply["Fluxcc-Status"], reply["Fluxcc-Code"]) == ("refused", code)
    _answer_another(tap)
    assert len(tap.of("fluxcc::reply")) == 2
    assert call.is_up
    assert not scene.is_refused(scene.number)


def test_a_reason_is_cut_and_cleaned(scene: Scene, tap: Tap) -> None:
    """``Fluxcc-Reason``: free text, at most 200 characters; whatever it holds, it is only kept."""
    scene.talk(scene.number)
    reason = "jos\udce9 ${system(id)} '; DROP TABLE blocks; -- \x1b[2J " + "x" * 5_000
    request = uuid4().hex
    tap.request(("Fluxcc-Request-ID", request), ACTION, AGENT, ("Fluxcc-Reason", reason))
    assert tap.reply(request)["Fluxcc-Code"] == "blocked"
    block = scene.daemon.block_of(scene.number)
    assert block is not None
    assert len(block.reason) == 200
    assert block.reason.isprintable()
    assert "${system(id)} '; DROP TABLE blocks; --" in block.reason


def test_the_same_request_twice_is_done_once(scene: Scene) -> None:
    """Contract, section 3: answered with the first reply, and nothing more is done."""
    first_call = scene.talk(scene.number)
    request = uuid4().hex
    first = scene.board.prank("1000", request=request)
    assert scene.daemon.cli("unblock", scene.number).code == 0
    second_call = scene.talk(scene.number)

    second = scene.board.prank("1000", request=request)
    assert (second.status, second.code, second.text) == (first.status, first.code, first.text)
    assert (second.call, second.number) == (first_call.customer, scene.number)
    assert (second.blocked, second.expires) == (first.blocked, first.expires)
    assert second_call.is_up
    assert not scene.is_refused(scene.number)
    assert len(scene.daemon.store.audit(agent="1000", number=scene.number, limit=9)) == 1


def test_the_same_request_twice_at_once_is_done_once(scene: Scene, tap: Tap) -> None:
    """Contract, section 3: whoever repeats a request before its reply gets that reply."""
    scene.talk(scene.number)
    request = uuid4().hex
    headers = (("Fluxcc-Request-ID", request), ACTION, AGENT)
    with _locked(scene.daemon):
        # What is to be written down before the call ends cannot be, so the first one lasts.
        tap.request(*headers)
        tap.request(*headers)
        _answer_another(tap)
    assert tap.reply(request)["Fluxcc-Code"] == "blocked"
    _answer_another(tap)
    replies = [reply["Fluxcc-Request-ID"] for reply in tap.of("fluxcc::reply")]
    assert replies.count(request) == 1
    assert len(tap.of("fluxcc::block")) == 1


def test_two_marks_at_once_end_the_call_once(scene: Scene, tap: Tap) -> None:
    """``action-in-progress`` for whoever comes second while the first mark is carried out."""
    call = scene.talk(scene.number)
    requests = (uuid4().hex, uuid4().hex)
    with _locked(scene.daemon):
        for request in requests:
            tap.request(("Fluxcc-Request-ID", request), ACTION, AGENT)
        first_to_reply = tap.wait(lambda event: "Fluxcc-Code" in event, "any reply")
    assert first_to_reply["Fluxcc-Status"] == "refused"
    codes = {tap.reply(request)["Fluxcc-Code"] for request in requests}
    assert codes == {"blocked", "action-in-progress"}
    assert first_to_reply["Fluxcc-Call"] == call.customer
    tap.catch_up()
    assert len(tap.of("fluxcc::block")) == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["prank", "--agent", "1000"], 1, "no-live-call:"),
        (["prank", "--call", NOBODYS_LEG], 1, "no-such-call:"),
        (["prank", "--agent", "10 00"], 1, "malformed-request:"),
        (["prank"], 2, "Usage:"),
        (["block", "+5511988887777", "--for", "soon"], 2, "Usage:"),
    ],
)
def test_an_operator_is_refused_with_the_code_on_stderr(
    scene: Scene, arguments: list[str], exit_code: int, says: str
) -> None:
    """Contract, section 4: exit codes 1 (refused, its code on stderr) and 2 (usage)."""
    printed = scene.daemon.cli(*arguments)
    assert (printed.code, printed.stdout) == (exit_code, "")
    assert printed.stderr.startswith(says)


def test_an_operator_may_act_on_any_call(scene: Scene) -> None:
    """Contract, section 4: by the call's UUID alone; the reply is one JSON document where that is
    asked."""
    call = scene.talk(scene.number)
    printed = scene.daemon.cli("--json", "prank", "--call", call.agent_leg, "--reason", "swears")
    assert printed.code == 0
    told = printed.json
    assert (told["status"], told["code"], told["number"]) == ("ok", "blocked", scene.number)
    assert told["call"] == call.customer
    assert scene.are_gone(call.customer, call.agent_leg)
    assert scene.is_refused(scene.number)


def _answer_another(tap: Tap) -> None:
    """Ask for something else and wait for its reply: whatever was asked before was read before."""
    asked = f"another-{len(tap.events)}"
    tap.request(("Fluxcc-Request-ID", asked), ("Fluxcc-Action", "nothing"), AGENT)
    tap.reply(asked)


def _locked(daemon: Daemon) -> closing[sqlite3.Connection]:
    """The store cannot be written meanwhile, only read."""
    connection = sqlite3.connect(daemon.database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)
