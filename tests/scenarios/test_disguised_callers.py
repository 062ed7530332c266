"""A caller ID with letters that nobody sees, or digits of another script, is the number that it
shows: it can be blocked and freed, refuses its caller, and is never shown with them (contract,
section 2a)."""

from __future__ import annotations

import pytest

from .scene import Scene

DISGUISES = {
    "a zero-width blank": lambda number: f"{number[:6]}\u200b{number[6:]}",
    "an override": lambda number: f"\u202e{number}\u202c",
    "one between all digits": "\u2060".join,
    "full-width digits": lambda number: "".join(
        chr(ord(each) + 0xFEE0) if each.isdigit() else each for each in number
    ),
    "Arabic-Indic digits": lambda number: "".join(
        chr(ord(each) - 48 + 0x660) if each.isdigit() else each for each in number
    ),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=list(DISGUISES))
def test_a_disguised_caller_is_the_number_that_is_shown(scene: Scene, disguise: object) -> None:
    disguised = disguise(scene.number)  # type: ignore[operator]
    call = scene.talk(disguised)
    assert call.call["number"] == scene.number
    reply = scene.board.prank("1000")
    assert (reply.code, reply.number) == ("blocked", scene.number)
    assert scene.are_gone(*call.call["legs"])
    # Plain, it is the gate that refuses; disguised, the daemon.
    assert scene.is_refused(scene.number)
    assert scene.is_turned_away(disguised)
    shown = scene.daemon.cli("--json", "blocks").stdout + scene.daemon.cli("audit").stdout
    assert scene.number in shown
    assert not any(letter in shown for letter in "\u200b\u202e\u2060")
    assert scene.daemon.cli("unblock", scene.number).code == 0
    scene.talk(disguised)
