"""How many requests may be in work at once: of an agent, of a board, of all."""

from __future__ import annotations

import pytest

from fluxcc.doors import admission
from fluxcc.doors.admission import MOST_IN_ALL, MOST_OF_A_BOARD, MOST_OF_AN_AGENT, Admission, Asker


def an_asker(agent: int = 1000, board: str = "") -> Asker:
    return board, str(agent), ""


def admit_many(door: Admission, wanted: int, asker: Asker | None = None) -> int:
    """How many of so many requests are admitted, of one agent or of as many agents."""
    return sum(
        door.admit(asker or an_asker(number), f"{asker}-{number}") for number in range(wanted)
    )


def test_one_agent_leaves_room_for_the_others() -> None:
    door = Admission()
    assert admit_many(door, 20_000, an_asker()) == MOST_OF_AN_AGENT
    assert door.admit(an_asker(1001), "other")
    assert door.turned_away == 20_000 - MOST_OF_AN_AGENT


def test_the_same_extension_of_another_domain_or_board_is_another_agent() -> None:
    door = Admission()
    admit_many(door, 100, an_asker())
    assert door.admit(("", "1000", "a.example"), "domain")
    assert door.admit(("desk-2", "1000", ""), "board")


def test_one_board_leaves_room_for_the_others() -> None:
    door = Admission()
    assert admit_many(door, 20_000) == MOST_OF_A_BOARD
    assert door.admit(an_asker(1, "desk-2"), "other")


def test_all_boards_together_are_bounded() -> None:
    door = Admission()
    for board in range(20_000):
        door.admit(an_asker(board=str(board)), str(board))
    assert door.in_work == MOST_IN_ALL


def test_who_is_answered_makes_room() -> None:
    door = Admission()
    admit_many(door, MOST_OF_AN_AGENT, an_asker())
    assert not door.admit(an_asker(), "late")
    door.leave(an_asker())
    assert door.admit(an_asker(), "later")
    for _ in range(MOST_OF_AN_AGENT):
        door.leave(an_asker())
    assert door.in_work == 0


def test_one_that_was_turned_away_is_turned_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request ID has one reply: it is not refused first and carried out then."""
    monkeypatch.setattr(admission, "REMEMBERED", 2)
    door = Admission()
    admit_many(door, MOST_OF_AN_AGENT, an_asker())
    for request in ("a", "b", "c"):
        assert not door.admit(an_asker(), request)
    door.leave(an_asker())
    assert not door.admit(an_asker(), "c")
    assert door.admit(an_asker(), "a"), "only so many are remembered"
