"""Withheld and unusable caller IDs: blocking one would block every such caller
(contract, section 1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon

from .conftest import Talk, are_gone, is_refused

NOBODYS_NUMBERS = ["anonymous", "", "+", "joao.silva", "Restricted", "unknown", "0000000000", "*28"]


@pytest.mark.parametrize("number", NOBODYS_NUMBERS)
def test_the_call_ends_and_nothing_is_blocked(
    lab: Lab, board: Board, talk: Callable[..., Talk], number: str
) -> None:
    """Contract, section 1: the call ends, the reply says that nothing was blocked, the next one
    gets in."""
    keys = lab.api("hash_dump db fluxcc_block")
    call = talk(number)
    reply = board.prank("1000")
    assert (reply.status, reply.code) == ("ok", "not-blocked-withheld")
    assert (reply.blocked, reply.expires) == (False, None)
    assert are_gone(lab, *call.call["legs"])
    assert call.caller.wait_ended() == 200
    assert lab.api("hash_dump db fluxcc_block") == keys
    assert not is_refused(lab, number)


@pytest.mark.parametrize(
    ("number", "code"),
    [("anonymous", "number-unusable"), ("+", "number-unusable"), ("1000", "number-internal")],
)
def test_an_operator_cannot_block_them_either(daemon: Daemon, number: str, code: str) -> None:
    """Contract, sections 1 and 4: refused, with the code on stderr."""
    printed = daemon.cli("block", number)
    assert (printed.code, printed.stdout) == (1, "")
    assert printed.stderr.startswith(f"{code}:")


def test_check_explains_why(daemon: Daemon) -> None:
    """Contract, section 4: ``check`` tells that a number is internal, or unusable."""
    internal = daemon.cli("check", "1000", "--json").json
    assert (internal["internal"], internal["blockable"]) == (True, False)
    withheld = daemon.cli("check", "anonymous", "--json").json
    assert (withheld["internal"], withheld["blockable"]) == (False, False)
    assert withheld["spellings"] == []
