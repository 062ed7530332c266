"""What keeps a survey from being heard is remembered until a survey runs well again."""

from __future__ import annotations

import errno
import logging

import pytest

from fluxcc.core.survey_faults import MOST_GROUPS
from fluxcc.core.surveys import read_survey
from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Group
from fluxcc.domain.surveys import UNHEARD
from tests.builders import World, an_operators

RECORD = {"Fluxcc-Survey": "s-1", "Fluxcc-Group": "sales", "Fluxcc-Questions": "2"}
MUTE = RECORD | {"Fluxcc-Unheard": "1", "Fluxcc-Unplayable": "/s/question_1.wav,/s/thanks.wav"}
DENIED = PermissionError(errno.EACCES, "Permission denied", "/spool")


def turn_survey_on(world: World) -> None:
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=True)))


def test_recordings_are_told_until_the_groups_next_survey_is_heard(world: World) -> None:
    world.surveys.note_answer(MUTE)
    assert world.surveys.faults.unplayable == {"sales": ["/s/question_1.wav", "/s/thanks.wav"]}
    world.surveys.note_answer(RECORD | {"Fluxcc-Group": "support"})
    assert set(world.surveys.faults.unplayable) == {"sales"}
    world.surveys.note_answer(RECORD)
    assert world.surveys.faults.unplayable == {}


def test_a_supervisors_change_of_the_group_takes_them_back(world: World) -> None:
    world.surveys.note_answer(MUTE)
    turn_survey_on(world)
    assert world.surveys.faults.unplayable == {}


def test_a_group_is_named_as_a_supervisor_set_it(world: World) -> None:
    """For one domain, or for all of them."""
    turn_survey_on(world)
    entry = Group("sales", has_survey=True, domain="a.example")
    world.ask(an_operators(Action.SET, entry=entry))
    for domain in ("a.example", "b.example"):
        world.surveys.note_answer(MUTE | {"Fluxcc-Domain": domain})
    assert set(world.surveys.faults.unplayable) == {"sales@a.example", "sales"}
    world.ask(an_operators(Action.SET, entry=entry))
    assert set(world.surveys.faults.unplayable) == {"sales"}


def test_a_malformed_event_tells_nothing(world: World) -> None:
    world.surveys.note_answer(MUTE | {"Fluxcc-Questions": "x"})
    assert world.surveys.faults.unplayable == {}


def test_names_that_callers_make_up_do_not_fill_the_memory(world: World) -> None:
    for number in range(2 * MOST_GROUPS):
        world.surveys.note_answer(MUTE | {"Fluxcc-Group": f"g{number}"})
    assert len(world.surveys.faults.unplayable) == MOST_GROUPS


def test_a_question_that_was_not_heard_is_no_question_without_an_answer() -> None:
    assert read_survey(MUTE).answers == (UNHEARD, None)
    assert read_survey(MUTE | {"Fluxcc-Answer-2": "4"}).pressed == [4]
    assert not read_survey(MUTE).is_heard_in_full
    assert read_survey(RECORD).is_heard_in_full


def test_a_spool_that_cannot_be_written_is_told_until_it_can(world: World) -> None:
    world.surveys.note_answer(RECORD | {"Fluxcc-Spool-Failure": "/spool: Permission denied"})
    assert world.surveys.faults.spool_unwritten == "/spool: Permission denied"
    assert world.surveys.faults.is_spool_failing
    world.surveys.note_answer(RECORD)
    assert not world.surveys.faults.is_spool_failing


def test_a_spool_that_cannot_be_read_is_logged_once_and_told_until_it_can(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    turn_survey_on(world)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            world.spool.failure = DENIED
            world.surveys.step()
        assert world.surveys.faults.spool_unread == "/spool: Permission denied"
        world.spool.failure = None
        world.surveys.step()
    assert not world.surveys.faults.is_spool_failing
    messages = [record.message for record in caplog.records if "spool" in record.message]
    assert messages == [
        "the survey's spool cannot be read",
        "the survey's spool can be read again",
    ]


def test_nobody_misses_the_spool_where_no_group_has_a_survey(world: World) -> None:
    world.spool.failure = DENIED
    world.surveys.step()
    assert not world.surveys.faults.is_spool_failing
    turn_survey_on(world)
    assert world.surveys.faults.is_spool_failing
