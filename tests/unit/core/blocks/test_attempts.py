"""A blocked caller dials: counted once, and ended by the daemon where no gate does it."""

from __future__ import annotations

import pytest

from fluxcc.core.blocks.attempts import GATE_TIME
from tests.builders import NUMBER, OTHER, SPELLINGS, World
from tests.fakes import NOW


def ended(world: World) -> list[str]:
    """What the daemon hung up."""
    return [line for line in world.story if line.startswith("end ")]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_where_the_gate_stands_it_refuses_and_the_daemon_only_counts(
    world: World, spelling: str
) -> None:
    world.blocks()
    world.caller_dials(number=spelling)
    assert ended(world) == []
    assert world.blocklist.blocks()[0].attempts == 1


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_where_the_gate_is_missing_the_daemon_ends_the_call_with_the_configured_cause(
    world: World, spelling: str
) -> None:
    world.blocks()
    world.pbx.gated.clear()
    world.caller_dials("leg", spelling)
    assert ended(world) == ["end leg CALL_REJECTED"]
    assert world.blocklist.blocks()[0].attempts == 1


ODD_SPELLINGS = pytest.mark.parametrize(
    "spelling", ["02111988887777", "+55 11 98888-7777", "0055011988887777", "1188887777"]
)


@ODD_SPELLINGS
def test_the_gate_is_left_to_refuse_every_spelling(world: World, spelling: str) -> None:
    world.blocks()
    world.caller_dials("leg", spelling)
    assert ended(world) == []
    assert world.blocklist.blocks()[0].attempts == 1


@ODD_SPELLINGS
def test_a_spelling_that_an_older_gate_does_not_know_is_refused_by_the_daemon(
    world: World, spelling: str
) -> None:
    world.blocks()
    world.pbx.outdated.add("public")
    world.caller_dials("leg", spelling)
    assert ended(world) == ["end leg CALL_REJECTED"]


def test_one_that_an_older_gate_knows_is_left_to_it(world: World) -> None:
    world.blocks()
    world.pbx.outdated.add("public")
    world.caller_dials("leg", "011988887777")
    assert ended(world) == []


def test_somebody_else_gets_through(world: World) -> None:
    world.blocks()
    world.pbx.gated.clear()
    for leg, number in enumerate([OTHER, "anonymous", "", "1198888", "119888877770"]):
        world.caller_dials(str(leg), number)
    assert world.blocking.attempts == 0
    assert ended(world) == []
    assert world.blocklist.blocks()[0].attempts == 0


def test_a_telephone_of_ours_is_not_refused(world: World) -> None:
    """Its own number may be an outside one, which somebody blocked."""
    world.blocks()
    world.caller_dials("telephone", NUMBER, OTHER, variable_user_name="1000")
    assert world.blocking.attempts == 0
    assert ended(world) == []


def test_a_released_number_gets_through(world: World) -> None:
    world.blocking.release(world.blocks(), "operator:maria")
    world.caller_dials()
    assert world.blocking.attempts == 0
    assert ended(world) == []


def test_one_call_is_one_attempt_however_much_is_told_of_it(world: World) -> None:
    world.blocks()
    world.caller_dials()
    world.hear("CHANNEL_ANSWER", "customer")
    world.hung_up("customer", "CALL_REJECTED")
    assert world.blocklist.blocks()[0].attempts == 1
    assert len(world.pbx.heard("fluxcc::attempt")) == 1


def test_a_refused_call_is_history_as_refused(world: World) -> None:
    world.blocks()
    world.caller_dials()
    world.hung_up("customer", "CALL_REJECTED")
    world.journal.flush()
    (call,) = world.store.calls.values()
    assert (call.outcome, call.cause, call.number) == ("refused", "CALL_REJECTED", NUMBER)


def test_where_the_gate_cannot_be_seen_the_daemon_ends_the_call(world: World) -> None:
    """Nobody is answered because the dialplan could not be read; counted once all the same."""
    world.blocks()
    world.pbx.unseen.add("public")
    world.caller_dials("leg")
    assert ended(world) == ["end leg CALL_REJECTED"]
    assert world.blocklist.blocks()[0].attempts == 1
    world.pbx.unseen.clear()
    world.gates.doubt()
    world.caller_dials("another")
    assert ended(world) == ["end leg CALL_REJECTED"]
    assert world.blocklist.blocks()[0].attempts == 2


@pytest.mark.parametrize("trouble", ["gate_in", "end_leg"])
def test_a_link_that_breaks_in_a_refusal_harms_nobody_else(world: World, trouble: str) -> None:
    world.blocks()
    world.pbx.gated.clear()
    world.pbx.broken.add(trouble)
    world.caller_dials("leg")
    assert world.blocklist.blocks()[0].attempts == 1
    assert ended(world) == ([] if trouble == "end_leg" else ["end leg CALL_REJECTED"])


def test_where_callers_are_diverted_the_daemon_diverts_in_place_of_the_gate(world: World) -> None:
    """In the context in which the call came in."""
    world.blocks()
    world.attempts.divert = "7009"
    world.caller_dials("at-the-gate")
    world.pbx.gated.clear()
    world.gates.doubt()
    world.caller_dials("elsewhere")
    assert ended(world) == []
    assert [line for line in world.story if line.startswith("divert")] == [
        "divert elsewhere to 7009 in public"
    ]


def test_a_caller_whom_the_gate_let_through_is_ended_by_the_daemon(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the gate should have done: mod_hash may have lost its keys just now."""
    world.blocks()
    world.pbx.passed.add("leg")
    world.caller_dials("leg")
    assert ended(world) == ["end leg CALL_REJECTED"]
    assert world.clock.monotonic() == GATE_TIME
    assert "a blocked caller passed the gate" in caplog.text


def test_where_mod_hash_has_no_blocks_the_gate_is_not_waited_for(world: World) -> None:
    world.blocks()
    world.gate_table.doubt()
    world.caller_dials("leg")
    assert ended(world) == ["end leg CALL_REJECTED"]
    assert world.clock.monotonic() == 0


def test_one_who_is_blocked_though_the_gate_thinks_it_over_is_refused_by_the_daemon_at_once(
    world: World,
) -> None:
    """FreeSWITCH's clock, by which the gate goes, is far ahead."""
    world.blocks()
    world.clock.set_pbx(NOW + 400 * 86_400)
    before = world.clock.monotonic()
    world.caller_dials("leg")
    assert ended(world) == ["end leg CALL_REJECTED"]
    assert world.clock.monotonic() - before < GATE_TIME


def test_one_whose_block_is_over_and_not_ended_yet_is_let_through(world: World) -> None:
    """The gate does so from the same second on, however late the scheduler is."""
    world.blocks(until=int(NOW) + 10)
    world.pbx.gated.clear()
    world.clock.step(10)
    world.caller_dials("leg")
    assert ended(world) == []
    assert world.blocklist.blocks()[0].attempts == 0
