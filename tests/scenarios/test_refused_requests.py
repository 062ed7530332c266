"""Requests that are refused, or asked twice: nothing is done, and each has its one reply
(contract, section 3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from uuid import uuid4

import pytest

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import Talk, are_gone, is_refused, is_talking
from .people import Person
from .tap import Tap

NOBODYS_LEG = "8745f3b2-0e9e-4f0e-8a5c-9d1f6a4f6b8e"

REQUEST = ("Fluxcc-Request-ID", "r-1")
ACTION = ("Fluxcc-Action", "prank")
AGENT = ("Fluxcc-Agent", "1000")


def test_somebody_elses_call(
    lab: Lab, board: Board, number: str, talk: Callable[..., Talk]
) -> None:
    """``not-your-call``: an agent acts on their own call only."""
    call = talk(number, "1001")
    for leg in (call.customer, call.agent_leg):
        reply = board.prank("1000", call=leg)
        assert (reply.status, reply.code) == ("refused", "not-your-call")
    assert is_talking(lab, call)
    assert not is_refused(lab, number)


def test_an_agent_without_a_call(lab: Lab, board: Board, number: str, talk: Callable) -> None:
    """``no-live-call``, also while somebody else talks."""
    call = talk(number, "1001")
    reply = board.prank("1000")
    assert (reply.status, reply.code) == ("refused", "no-live-call")
    assert is_talking(lab, call)


def test_a_call_that_never_was(lab: Lab, board: Board, number: str, talk: Callable) -> None:
    """``no-such-call``: the named leg counts, even where the agent is in another call."""
    call = talk(number)
    reply = board.prank("1000", call=NOBODYS_LEG)
    assert (reply.status, reply.code) == ("refused", "no-such-call")
    assert is_talking(lab, call)


def test_a_call_that_has_ended(board: Board, daemon: Daemon, number: str, talk: Callable) -> None:
    """``no-such-call`` and ``no-live-call``; nobody is blocked for a call that is over."""
    call = talk(number)
    call.caller.hang_up()
    until(lambda: not daemon.calls(), "the daemon has seen the call's end")
    assert board.prank("1000", call=call.customer).code == "no-such-call"
    assert board.prank("1000").code == "no-live-call"
    assert daemon.block_of(number) is None


def test_an_agent_in_two_calls(
    lab: Lab, board: Board, person: Person, somebody_else: Person, talk: Callable[..., Talk]
) -> None:
    """``ambiguous-call``, unless the leg is named; then only that call ends."""
    one, two = talk(person.number), talk(somebody_else.number)
    reply = board.prank("1000")
    assert (reply.status, reply.code) == ("refused", "ambiguous-call")
    assert is_talking(lab, one)
    assert is_talking(lab, two)

    assert board.prank("1000", call=two.customer).number == somebody_else.number
    assert are_gone(lab, two.customer, two.agent_leg)
    assert is_talking(lab, one)


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
            [REQUEST, ACTION, AGENT, ("Fluxcc-Call", "a" * 65)],
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
    lab: Lab,
    tap: Tap,
    *,
    number: str,
    talk: Callable[..., Talk],
    code: str,
    headers: list[tuple[str, str]],
) -> None:
    """``malformed-request`` and ``unknown-action``: refused, with one reply, the call untouched."""
    call = talk(number)
    mine = (REQUEST[0], uuid4().hex)
    tap.request(*(mine if header == REQUEST else header for header in headers))
    reply = tap.reply(mine[1] if REQUEST in headers else "")
    assert (reply["Fluxcc-Status"], reply["Fluxcc-Code"]) == ("refused", code)
    _answer_another(tap)
    assert len(tap.of("fluxcc::reply")) == 2
    assert is_talking(lab, call)
    assert not is_refused(lab, number)


def test_a_reason_is_cut_and_cleaned(
    daemon: Daemon, tap: Tap, number: str, talk: Callable[..., Talk]
) -> None:
    """``Fluxcc-Reason``: free text, at most 200 characters; whatever it holds, it is only kept."""
    talk(number)
    reason = "jos\udce9 ${system(id)} '; DROP TABLE blocks; -- \x1b[2J " + "x" * 5_000
    request = uuid4().hex
    tap.request(("Fluxcc-Request-ID", request), ACTION, AGENT, ("Fluxcc-Reason", reason))
    assert tap.reply(request)["Fluxcc-Code"] == "blocked"
    block = daemon.block_of(number)
    assert block is not None
    assert len(block.reason) == 200
    assert block.reason.isprintable()
    assert "${system(id)} '; DROP TABLE blocks; --" in block.reason


def test_the_same_request_twice_is_done_once(
    lab: Lab, daemon: Daemon, board: Board, number: str, talk: Callable[..., Talk]
) -> None:
    """Contract, section 3: answered with the first reply, and nothing more is done."""
    first_call = talk(number)
    request = uuid4().hex
    first = board.prank("1000", request=request)
    assert daemon.cli("unblock", number).code == 0
    second_call = talk(number)

    second = board.prank("1000", request=request)
    assert (second.status, second.code, second.text) == (first.status, first.code, first.text)
    assert (second.call, second.number) == (first_call.customer, number)
    assert (second.blocked, second.expires) == (first.blocked, first.expires)
    assert is_talking(lab, second_call)
    assert not is_refused(lab, number)
    assert len(daemon.store.audit(agent="1000", number=number, limit=9)) == 1


def test_the_same_request_twice_at_once_is_done_once(
    daemon: Daemon, tap: Tap, number: str, talk: Callable[..., Talk]
) -> None:
    """Contract, section 3: whoever repeats a request before its reply gets that reply."""
    talk(number)
    request = uuid4().hex
    headers = (("Fluxcc-Request-ID", request), ACTION, AGENT)
    with _locked(daemon):
        # What is to be written down before the call ends cannot be, so the first one lasts.
        tap.request(*headers)
        tap.request(*headers)
        _answer_another(tap)
    assert tap.reply(request)["Fluxcc-Code"] == "blocked"
    _answer_another(tap)
    replies = [reply["Fluxcc-Request-ID"] for reply in tap.of("fluxcc::reply")]
    assert replies.count(request) == 1
    assert len(tap.of("fluxcc::block")) == 1


def test_two_marks_at_once_end_the_call_once(
    daemon: Daemon, tap: Tap, number: str, talk: Callable[..., Talk]
) -> None:
    """``action-in-progress`` for whoever comes second while the first mark is carried out."""
    call = talk(number)
    requests = (uuid4().hex, uuid4().hex)
    with _locked(daemon):
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
    daemon: Daemon, arguments: list[str], exit_code: int, says: str
) -> None:
    """Contract, section 4: exit codes 1 (refused, its code on stderr) and 2 (usage)."""
    printed = daemon.cli(*arguments)
    assert (printed.code, printed.stdout) == (exit_code, "")
    assert printed.stderr.startswith(says)


def test_an_operator_may_act_on_any_call(
    lab: Lab, daemon: Daemon, number: str, talk: Callable[..., Talk]
) -> None:
    """Contract, section 4: by the call's UUID alone; the reply is one JSON document where that is
    asked."""
    call = talk(number)
    printed = daemon.cli("--json", "prank", "--call", call.agent_leg, "--reason", "swears")
    assert printed.code == 0
    told = printed.json
    assert (told["status"], told["code"], told["number"]) == ("ok", "blocked", number)
    assert told["call"] == call.customer
    assert are_gone(lab, call.customer, call.agent_leg)
    assert is_refused(lab, number)


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
