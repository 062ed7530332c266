"""The survey's recordings: FreeSWITCH is asked whether it can play them."""

from __future__ import annotations

import pytest

from fluxcc.doctor import prompts
from fluxcc.doctor.finding import State
from fluxcc.domain.provisioning import Entry, Group, Language
from fluxcc.pbx.contexts import FUSIONPBX, Server
from fluxcc.pbx.inquiry import SurveyFaults

from .builders import FAR, FakeInquiry, codes, installation

MUTE = SurveyFaults(["/sounds/question_1_1-5.wav", "/sounds/thanks.wav"], "")
SALES = Group("sales", has_survey=True, language=Language.ENGLISH)


def test_recordings_that_freeswitch_can_play_are_right() -> None:
    assert codes(prompts.check_prompts(installation())) == []


@pytest.mark.parametrize(
    ("entries", "state"),
    [([], State.WARNING), ([Group("sales")], State.WARNING), ([SALES], State.GRAVE)],
)
def test_recordings_that_it_cannot_play_are_grave_where_there_are_surveys(
    entries: list[Entry], state: State
) -> None:
    inquiry = FakeInquiry(survey_faults=MUTE)
    (finding,) = found = list(prompts.check_prompts(installation(inquiry, entries=entries)))
    assert codes(found) == ["prompts-unplayable"]
    assert (finding.state, finding.facts["files"]) == (state, ", ".join(MUTE.unplayable))


def test_each_group_with_the_kits_survey_is_tried() -> None:
    other = Group("support", has_survey=True, prompts="/sounds/support")
    elsewhere = Group("house", has_survey=True, destination="7001")
    inquiry = FakeInquiry()
    wanted = installation(inquiry, entries=[SALES, other, elsewhere, Group("off")], settings=FAR)
    assert codes(prompts.check_prompts(wanted)) == []
    assert inquiry.tried == [SALES, other]


def test_where_no_script_runs_nothing_is_said_of_recordings() -> None:
    inquiry = FakeInquiry(survey_faults=None)
    assert codes(prompts.check_prompts(installation(inquiry))) == ["prompts-not-tried"]


@pytest.mark.parametrize(
    ("server", "command"),
    [
        (Server(), "fluxcc kit install DIR"),
        (Server("mod_xml_curl"), "fluxcc kit install DIR"),
        (Server("mod_lua", FUSIONPBX), "fluxcc kit install --fusionpbx"),
    ],
    ids=["files", "mod_xml_curl", "fusionpbx"],
)
def test_missing_recordings_are_installed_by_the_command_of_this_pbx(
    server: Server, command: str
) -> None:
    inquiry = FakeInquiry(survey_faults=MUTE, server=server)
    (finding,) = prompts.check_prompts(installation(inquiry))
    assert finding.remedy.format(**finding.facts).endswith(f"run: {command}")
