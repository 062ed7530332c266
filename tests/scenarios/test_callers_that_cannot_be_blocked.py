"""Withheld and unusable caller IDs: blocking one would block every such caller
(contract, section 1)."""

from __future__ import annotations

import pytest

from fluxcc.lab.port import Lab

from .people import Person
from .scene import Scene

NOBODYS_NUMBERS = [
    *("anonymous", "", "+", "joao.silva", "Restricted", "unknown", "0000000000", "*28"),
    *("266696687", "+266696687", "86282452253"),
]


@pytest.mark.parametrize("number", NOBODYS_NUMBERS)
def test_the_call_ends_and_nothing_is_blocked(scene: Scene, number: str) -> None:
    """Contract, section 1: the call ends, the reply says that nothing was blocked, the next one
    gets in."""
    keys = scene.lab.api("hash_dump db fluxcc_block")
    call = scene.talk(number)
    reply = scene.board.prank("1000")
    assert (reply.status, reply.code) == ("ok", "not-blocked-withheld")
    assert (reply.blocked, reply.expires) == (False, None)
    assert scene.are_gone(*call.call["legs"])
    assert call.caller.wait_ended() == 200
    assert scene.lab.api("hash_dump db fluxcc_block") == keys
    assert not scene.is_refused(number)


@pytest.mark.parametrize(
    ("number", "code"),
    [("anonymous", "number-unusable"), ("+", "number-unusable"), ("1000", "number-internal")],
)
def test_an_operator_cannot_block_them_either(scene: Scene, number: str, code: str) -> None:
    """Contract, sections 1 and 4: refused, with the code on stderr."""
    printed = scene.daemon.cli("block", number)
    assert (printed.code, printed.stdout) == (1, "")
    assert printed.stderr.startswith(f"{code}:")


def test_check_explains_why(scene: Scene) -> None:
    """Contract, section 4: ``check`` tells that a number is internal, or unusable."""
    internal = scene.daemon.cli("check", "1000", "--json").json
    assert (internal["internal"], internal["blockable"]) == (True, False)
    withheld = scene.daemon.cli("check", "anonymous", "--json").json
    assert (withheld["internal"], withheld["blockable"]) == (False, False)
    assert withheld["spellings"] == []


def test_what_stands_for_withheld_on_this_sites_trunks_is_never_blocked(
    lab: Lab, make_daemon, person: Person
) -> None:
    """Contract, section 2a: ``[numbers] withheld``, in every spelling."""
    daemon = make_daemon(FLUXCC_NUMBERS_WITHHELD=rf"11{person.local}")
    daemon.start()
    scene = Scene(lab, daemon)
    for spelling in (person.number, *person.other_spellings[:3]):
        talk = scene.talk(spelling)
        reply = scene.board.prank("1000")
        assert (reply.code, reply.blocked) == ("not-blocked-withheld", False)
        assert scene.are_gone(*talk.call["legs"])
        assert not scene.is_refused(spelling)
        talk.wait_over()
    scene.close()
