"""A line of the operators' protocol is a question, or nothing at all."""

from __future__ import annotations

import msgspec
import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from fluxcc.domain.requests import Actor, Role
from fluxcc.protocol.operators import Ask, checked, read_ask, read_request
from tests.builders import NUMBER, SAO_PAULO, SPELLINGS, a_block


@pytest.mark.parametrize("entry", [Group("sales"), Room("1000"), Service("tone", "7001")])
def test_an_entry_is_read_as_what_it_is(entry: Entry) -> None:
    line = msgspec.json.encode(Ask(do="set", entry=entry))
    request = read_request(read_ask(line), Actor(Role.OPERATOR, "maria"))
    assert (request.action, request.entry, str(request.actor)) == (
        Action.SET,
        entry,
        "operator:maria",
    )


def test_what_is_not_given_is_not_sent() -> None:
    assert msgspec.json.encode(Ask(do="status")) == b'{"do":"status"}'


@pytest.mark.parametrize("number", ["9" * 65, "1\x1b[2J", "1\n2"])
def test_a_number_that_would_reach_a_terminal_as_it_is_is_refused(number: str) -> None:
    """By the daemon: the command sends what it was given."""
    line = msgspec.json.encode(Ask(do="block", number=number))
    with pytest.raises(ValueError, match="number is malformed"):
        read_ask(line)


def test_a_number_is_explained_with_its_block() -> None:
    block = a_block()
    known = checked("988887777", SAO_PAULO, lambda number: [block], lambda number: False)
    assert (known.number, known.spellings) == (NUMBER, list(SPELLINGS))
    assert (known.blockable, known.internal, known.blocked_until) == (True, False, block.until)


@pytest.mark.parametrize(("number", "internal"), [("1000", True), ("anonymous", False)])
def test_what_cannot_be_blocked_is_said_so(number: str, internal: bool) -> None:
    known = checked(number, SAO_PAULO, lambda number: [], lambda number: False)
    assert (known.blockable, known.internal, known.blocked_until) == (False, internal, None)
