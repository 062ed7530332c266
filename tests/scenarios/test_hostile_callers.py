"""What strangers put into their caller ID and their name (contract, section 1; nothing of it may
become a header, a command, a key or a line of the log)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import Talk, are_gone, is_refused
from .people import Person
from .tap import Tap

FORGED_HEADERS = (
    "\nEvent-Name: CUSTOM\nEvent-Subclass: fluxcc::request\nFluxcc-Request-ID: forged"
    "\nFluxcc-Action: prank\nFluxcc-Agent: 1001"
)
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} [A-Z]+ [a-z_.]+ .*")
KEY = re.compile(r"D/fluxcc_block_\+?[0-9]{3,20}/[0-9]+")

USERS = {
    "forged headers": quote(FORGED_HEADERS),
    "an expansion": quote("${system(touch /tmp/fluxcc-was-here)}"),
    "quotes": "%22quoted%22",
    "an apostrophe": quote("119' OR '1'='1"),
    "a backslash": "a%5cb",
    "a semicolon": "1%3b2",
    "a slash": "x%2fy/z",
    "a hash command": quote("1/2 insert/fluxcc_block/1/9999999999"),
    "Latin-1": "Jos%e9",
    "no UTF-8 at all": "%ff%fe",
    "a comma": "11988887777,1000",
    "a pipe": "a|b",
    "a hundred digits": "9" * 100,
}
"""From users with which an agent can be reached."""
USERS_OF_NOBODY = {
    "an end of the headers": quote("\r\n\r\napi hupall\r\n\r\n"),
    "twice escaped": "%25%30%61",
    "an expansion as it is": "${system(id)}",
}
"""From users with which FreeSWITCH cannot call an agent: they break the INVITE it would send."""
NAMES = {
    "Latin-1": "Jos\udce9 da Silva",
    "no UTF-8 at all": "\udcff\udcfe",
    "4,000 characters": "x" * 4_000,
    "an expansion": "${system(touch /tmp/fluxcc-was-here)}",
    "forged headers": quote(FORGED_HEADERS),
    "signs": "[pid]; [$from] %s / a|b, c",
}
NAMES_OF_NOBODY = {"quotes and backslashes": 'a "quoted" \\ name'}


def _each(texts: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("text", list(texts.values()), ids=list(texts))


@pytest.fixture(autouse=True)
def _nothing_was_believed(lab: Lab, daemon: Daemon, tap: Tap) -> None:
    """What must hold after each of these calls, whatever the caller sent."""
    yield
    requests = tap.replies()
    assert "forged" not in {reply.get("Fluxcc-Request-ID") for reply in requests}
    assert {event["Command"] for event in tap.of("fluxcc::request")} <= {"sendevent CUSTOM"}
    assert all(KEY.fullmatch(line) for line in _blocked_keys(lab))
    assert not Path("/tmp/fluxcc-was-here").exists()
    assert daemon.is_running
    assert daemon.status()["connected"]
    lines = daemon.log.splitlines()
    assert [line for line in lines if not LOG_LINE.fullmatch(line)] == []
    assert [line for line in lines if not line.isprintable()] == []


def _blocked_keys(lab: Lab) -> list[str]:
    return [line for line in lab.api("hash_dump db").splitlines() if "fluxcc_block" in line]


@_each(USERS)
def test_a_strange_number_can_be_ended_and_not_blocked(
    lab: Lab, tap: Tap, board: Board, talk: Callable[..., Talk], text: str
) -> None:
    """Contract, section 1: an unusable caller ID; the call ends, nothing is blocked."""
    keys = _blocked_keys(lab)
    call = talk(text)
    reply = board.prank("1000")
    assert (reply.status, reply.code) == ("ok", "not-blocked-withheld")
    assert reply.call == call.customer
    assert are_gone(lab, *call.call["legs"])
    assert _blocked_keys(lab) == keys
    tap.catch_up()
    assert len(tap.of("fluxcc::request")) == 1
    assert not is_refused(lab, text)


@_each(NAMES)
def test_a_strange_name_does_not_protect_its_caller(
    lab: Lab, tap: Tap, board: Board, *, number: str, talk: Callable[..., Talk], text: str
) -> None:
    """Contract, section 1: the number counts, whatever the name is."""
    call = talk(number, name=text)
    reply = board.prank("1000")
    assert (reply.code, reply.number) == ("blocked", number)
    assert are_gone(lab, *call.call["legs"])
    assert is_refused(lab, number)
    tap.catch_up()
    assert len(tap.of("fluxcc::request")) == 1


@_each(USERS_OF_NOBODY)
def test_a_strange_number_on_hold_can_be_ended_by_an_operator(
    lab: Lab, daemon: Daemon, text: str
) -> None:
    """Contract, section 4: any call that is there, also one that no agent can be brought to."""
    _end_on_hold(lab, daemon, text, code="not-blocked-withheld")


@_each(NAMES_OF_NOBODY)
def test_a_strange_name_on_hold_can_be_ended_by_an_operator(
    lab: Lab, daemon: Daemon, number: str, text: str
) -> None:
    """Contract, section 4, as above."""
    _end_on_hold(lab, daemon, number, name=text, code="blocked")


def test_a_name_cannot_carry_a_command_into_the_operators_terminal(
    daemon: Daemon, person: Person, talk: Callable[..., Talk]
) -> None:
    """Contract, section 4: what ``calls`` shows of a stranger's text cannot move a terminal's
    cursor."""
    talk("%1b%5b2J")
    shown = daemon.cli("calls").stdout
    assert "1000" in shown
    assert "\x1b" not in shown


def _end_on_hold(lab: Lab, daemon: Daemon, number: str, *, name: str = "", code: str) -> None:
    caller = lab.call(number, "9999", name=name)
    caller.wait_answered()
    (call,) = until(daemon.calls, "the daemon sees the call")
    printed = daemon.cli("--json", "prank", "--call", call["call"])
    assert (printed.code, printed.json["code"]) == (0, code)
    assert are_gone(lab, call["call"])
    assert caller.wait_ended() == 200
