"""An agent's board marks a call, and everybody's board hears of it (contract, section 3)."""

from __future__ import annotations

import time

import pytest

from tests.testing.waiting import until

from .scene import Scene
from .tap import Tap

HALF_AN_HOUR = 1800
OURS = "Fluxcc-"


def test_the_reply_tells_all_that_is_known(scene: Scene) -> None:
    """Contract, section 3: every header of a reply; said when both legs are gone, not before."""
    call = scene.talk(scene.person.other_spellings[0])
    before = time.time()
    reply = scene.board.prank("1000", reason="swears", request="board:1.a-b_C")
    after = time.time()

    assert scene.are_gone(*call.call["legs"])
    assert reply.expires is not None
    assert before + HALF_AN_HOUR <= reply.expires <= after + HALF_AN_HOUR + 1
    assert scene.number in reply.text
    assert {name: text for name, text in reply.headers.items() if name.startswith(OURS)} == {
        "Fluxcc-Request-ID": "board:1.a-b_C",
        "Fluxcc-Action": "prank",
        "Fluxcc-Agent": "1000",
        "Fluxcc-Status": "ok",
        "Fluxcc-Code": "blocked",
        "Fluxcc-Text": reply.text,
        "Fluxcc-Call": call.customer,
        "Fluxcc-Domain": "pbx.test",
        "Fluxcc-Number": scene.number,
        "Fluxcc-Blocked": "true",
        "Fluxcc-Expires-Epoch": str(reply.expires),
    }


def test_who_when_and_why_is_kept(scene: Scene) -> None:
    """Contract, sections 1 and 4: the block and the audit's row are in the store before the
    reply."""
    call = scene.talk(scene.number)
    reply = scene.board.prank("1000", reason="swears")
    block = scene.daemon.block_of(scene.number)
    assert block is not None
    assert (block.by, block.reason, block.call) == ("agent:1000", "swears", call.customer)
    assert block.until == reply.expires
    (row,) = scene.daemon.store.audit(number=scene.number, limit=10)
    assert (row.request, row.action, row.by) == (reply.request, "prank", "agent:1000")
    assert (row.agent, row.call, row.reason) == ("1000", call.customer, "swears")


def test_any_leg_of_the_call_may_be_named(scene: Scene) -> None:
    """Contract, section 3: ``Fluxcc-Call`` is the UUID of either leg, the reply's is the
    customer's."""
    call = scene.talk(scene.number)
    assert scene.board.prank("1000", call=call.agent_leg).call == call.customer
    assert scene.are_gone(*call.call["legs"])
    call = scene.talk(scene.somebody_else.number)
    assert scene.board.prank("1000", call=call.customer).call == call.customer
    assert scene.are_gone(*call.call["legs"])


def test_boards_hear_of_blocks_and_of_attempts(scene: Scene, tap: Tap) -> None:
    """Contract, section 3: the notices ``fluxcc::block`` and ``fluxcc::attempt``."""
    scene.talk(scene.number)
    reply = scene.board.prank("1000")
    tap.catch_up()
    (block,) = tap.of("fluxcc::block")
    assert (block["Fluxcc-Change"], block["Fluxcc-Number"]) == ("blocked", scene.number)
    assert block["Fluxcc-Expires-Epoch"] == str(reply.expires)
    assert block["Fluxcc-By"] == "agent:1000"

    assert tap.of("fluxcc::attempt") == []
    assert scene.is_refused(scene.person.other_spellings[2])
    attempt = tap.wait(
        lambda event: event.get("Event-Subclass") == "fluxcc::attempt", "the attempt's notice"
    )
    assert attempt["Fluxcc-Number"] == scene.number


def test_a_board_that_shows_notices_gets_them(scene: Scene) -> None:
    """Contract, section 3, as ``fluxcc.client`` hands them on."""
    with scene.daemon.board(notices=True) as board:
        scene.talk(scene.number)
        board.prank("1000")
        assert scene.is_refused(scene.number)
        notices = board.notices(5)
        assert next(notices)["Fluxcc-Change"] == "blocked"
        assert next(notices)["Event-Subclass"] == "fluxcc::attempt"


def test_the_portuguese_name_is_the_same_action(scene: Scene) -> None:
    """Contract, section 3: the alias ``trote``."""
    scene.talk(scene.number)
    reply = scene.board.ask("trote", "1000")
    assert (reply.code, reply.number) == ("blocked", scene.number)
    assert reply.headers["Fluxcc-Action"] == "prank"
    assert scene.is_refused(scene.number)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "is blocked until"), ("pt_BR", "bloqueado até"), ("", "bloqueado até")],
)
def test_the_text_is_in_the_asked_language(scene: Scene, language: str, words: str) -> None:
    """``Fluxcc-Language``, or ``lang`` where a board asks for none (contract, sections 3 and 5)."""
    scene.talk(scene.number)
    assert words in scene.board.ask("prank", "1000", language=language).text


def test_the_call_is_history_soon_after(scene: Scene) -> None:
    """Contract, section 4, ``calls --ended``: the call, its people, its times, its outcome."""
    call = scene.talk(scene.number)
    before = time.time()
    scene.board.prank("1000")
    (row,) = until(
        lambda: scene.daemon.store.ended_calls(number=scene.number, limit=9),
        "history",
        timeout=1,
    )
    assert (row.customer_leg, row.agent_leg) == (call.customer, call.agent_leg)
    assert (row.direction, row.agent, row.group) == ("received", "1000", "sales")
    assert row.outcome == "prank"
    assert row.bridged is not None
    assert row.ended is not None
    assert row.started <= row.bridged <= before <= row.ended <= time.time()
