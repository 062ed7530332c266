"""What became of a call after its transfer, as the audit says."""

from __future__ import annotations

import pytest

from fluxcc.domain.codes import Code
from tests.builders import World
from tests.unit.core.requests.moves import (
    follow_ups,
    transfer,
)


@pytest.mark.parametrize(
    ("cause", "sequel"),
    [("USER_BUSY", "busy"), ("NO_ANSWER", "ended:NO_ANSWER")],
)
def test_a_service_that_does_not_answer_was_there(world: World, cause: str, sequel: str) -> None:
    assert transfer(world, cause).code is Code.TRANSFERRED
    assert follow_ups(world) == [sequel]


def test_the_audit_says_who_answered_a_transferred_call(world: World) -> None:
    transfer(world, arrives=True)
    assert follow_ups(world) == []
    world.telephone_rings("colleague", "1001")
    world.bridged("customer", "colleague")
    assert follow_ups(world) == ["answered:1001"]
    world.hung_up("customer")
    assert follow_ups(world) == ["answered:1001"]


def test_the_audit_says_so_where_the_colleague_was_quicker_than_the_reply(world: World) -> None:
    transfer(world, arrives=True, is_answered=True)
    assert follow_ups(world) == ["answered:1001"]
