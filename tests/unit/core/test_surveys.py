"""A survey is armed while the supervisor wants it, and what customers answer is kept."""

from __future__ import annotations

import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Group, Trigger
from tests.builders import NUMBER, OTHER, World, an_operators
from tests.unit.core.calls.stories import outsider_rings


def arm(world: World, trigger: Trigger) -> None:
    """A call of a group with that trigger is bridged."""
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=True, trigger=trigger)))
    world.received_call()


def test_with_the_trigger_any_the_survey_is_armed_on_the_customers_leg(world: World) -> None:
    arm(world, Trigger.ANY)
    assert world.pbx.armed == {"customer": "*28"}
    assert world.pbx.briefed["customer"]["agent"] == "1000"


def test_with_the_trigger_board_nothing_is_armed(world: World) -> None:
    arm(world, Trigger.BOARD)
    assert world.pbx.armed == {}


def test_it_is_disarmed_when_a_telephone_passes_the_customer_on_to_the_outside(
    world: World,
) -> None:
    """Otherwise it would be about the third party (contract, section 1a.10)."""
    arm(world, Trigger.ANY)
    outsider_rings(world, "partner", OTHER, "customer")
    world.bridged("customer", "partner")
    assert world.pbx.armed == {}


def test_it_is_armed_again_for_the_next_agent(world: World) -> None:
    arm(world, Trigger.ANY)
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    assert world.pbx.armed == {"customer": "*28"}
    assert world.pbx.briefed["customer"]["agent"] == "1001"


@pytest.mark.parametrize("method", ["brief_leg", "arm_survey"])
def test_a_survey_that_freeswitch_did_not_answer_is_armed_later(world: World, method: str) -> None:
    """Otherwise the customer would go without, and nobody would know."""
    world.pbx.broken.add(method)
    arm(world, Trigger.ANY)
    assert world.pbx.armed == {}
    world.surveys.settle_rest()
    assert not world.surveys.is_settled
    world.pbx.broken.clear()
    world.surveys.settle_rest()
    assert world.pbx.armed == {"customer": "*28"}
    assert world.surveys.is_settled


@pytest.mark.parametrize("method", ["brief_leg", "arm_survey"])
def test_a_survey_that_freeswitch_refused_is_not_armed_again(world: World, method: str) -> None:
    """The leg has gone, and its end is on its way."""
    world.pbx.rejected.add(method)
    arm(world, Trigger.ANY)
    assert world.surveys.is_settled


def test_a_call_that_ended_meanwhile_has_no_survey_to_arm(world: World) -> None:
    world.pbx.broken.add("arm_survey")
    arm(world, Trigger.ANY)
    world.hung_up("telephone")
    world.hung_up("customer")
    world.pbx.broken.clear()
    world.surveys.settle_rest()
    assert world.pbx.armed == {}
    assert world.surveys.is_settled


def test_a_survey_that_was_not_disarmed_is_disarmed_later(world: World) -> None:
    arm(world, Trigger.ANY)
    world.pbx.broken.add("disarm_survey")
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=False)))
    assert world.pbx.armed == {"customer": "*28"}
    world.pbx.broken.clear()
    world.surveys.settle_rest()
    assert world.pbx.armed == {}


def test_a_supervisors_change_counts_for_the_calls_that_are_up(world: World) -> None:
    arm(world, Trigger.ANY)
    world.received_call(OTHER, "1001", "other", "other telephone")
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=False)))
    assert world.pbx.armed == {}
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=True, trigger=Trigger.ANY)))
    assert set(world.pbx.armed) == {"customer", "other"}


ANSWERS = {
    "Fluxcc-Survey": "s-1",
    "Fluxcc-Call": "customer",
    "Fluxcc-Number": NUMBER,
    "Fluxcc-Group": "sales",
    "Fluxcc-Agent": "1000",
    "Fluxcc-Direction": "received",
    "Fluxcc-Started": "1795000000.000",
    "Fluxcc-Offered": "1795000060",
    "Fluxcc-Questions": "2",
    "Fluxcc-Answer-1": "5",
}


def test_an_answer_that_comes_as_an_event_and_out_of_the_spool_is_one(world: World) -> None:
    world.surveys.note_answer(ANSWERS)
    world.spool.files["a"] = [ANSWERS, {**ANSWERS, "Fluxcc-Answer-2": "0"}]
    assert world.surveys.empty_spool() == 1
    (survey,) = world.store.surveys.values()
    assert survey.answers == (5, 0)
    assert world.spool.files == {}


def test_a_spool_is_only_emptied_onto_the_disk(world: World) -> None:
    world.spool.files["a"] = [ANSWERS]
    world.store.failure = "gone"
    assert world.surveys.empty_spool() == 0
    assert set(world.spool.files) == {"a"}


def test_a_file_that_cannot_be_removed_is_taken_in_once_and_told(world: World) -> None:
    world.spool.files |= {"bad": [{}], "good": [ANSWERS]}
    world.spool.stuck = {"bad", "good"}
    assert [world.surveys.empty_spool() for _ in range(3)] == [2, 0, 0]
    assert (world.surveys.taken, world.surveys.malformed) == (1, 1)
    assert world.surveys.faults.spool_files == dict.fromkeys(("bad", "good"), "Permission denied")
    world.spool.stuck = set()
    assert world.surveys.empty_spool() == 0
    assert (world.spool.files, world.spool.kept_aside) == ({}, ["bad"])
    assert world.surveys.faults.spool_files == {}


def test_a_file_that_cannot_be_read_is_logged_once_and_told_until_it_can(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.spool.faults = {"fifo\u202e": "Not a regular file"}
    for _ in range(3):
        world.surveys.step()
    assert world.surveys.faults.spool_files == {"fifo": "Not a regular file"}
    assert world.surveys.faults.is_spool_failing
    assert len([line for line in caplog.messages if "spool" in line]) == 1
    world.spool.faults = {}
    world.surveys.step()
    assert not world.surveys.faults.is_spool_failing


@pytest.mark.parametrize(
    "changes",
    [
        {"Fluxcc-Survey": ""},
        {"Fluxcc-Questions": "0"},
        {"Fluxcc-Questions": "4"},
        {"Fluxcc-Questions": "x"},
        {"Fluxcc-Answer-1": "11"},
        {"Fluxcc-Answer-1": "-1"},
        {"Fluxcc-Answer-1": "five"},
        {"Fluxcc-Started": "nan"},
        {"Fluxcc-Offered": "-1"},
    ],
)
def test_a_malformed_answer_is_kept_aside_and_stops_nobody(
    world: World, changes: dict[str, str]
) -> None:
    world.surveys.note_answer(ANSWERS | changes)
    world.spool.files["bad"] = [ANSWERS | changes]
    world.spool.files["good"] = [ANSWERS]
    world.surveys.empty_spool()
    assert world.spool.kept_aside == ["bad"]
    assert len(world.store.surveys) == 1
