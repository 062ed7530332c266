"""Avali-E: who is asked, what is kept of it, and who is never asked (contract, section 1)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fluxcc.domain.surveys import Survey
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .ear import Ear
from .kinds import (
    CAMPAIGN,
    CAMPAIGN_BY_QUEUE,
    GROUP,
    ORIGINATED,
    RECEIVED,
    RECEIVED_BY_QUEUE,
    Kind,
    both_ways,
    every_kind,
)
from .pbx import AGENT, COLLEAGUE, bridge_of, exists
from .scene import Conversation, Scene, Supervisor

PATIENCE = 10.0
"""Seconds that a customer has for each of two tries."""


@pytest.fixture
def survey(scene: Scene, ear: Ear) -> Supervisor:
    """The group's survey is on, and starts when the board ends a call."""
    scene.supervisor.sets_group(has_survey=True)
    return scene.supervisor


@pytest.fixture
def armed(scene: Scene, ear: Ear) -> Supervisor:
    """The group's survey is on, and starts also when the agent's telephone hangs up."""
    scene.supervisor.sets_group(has_survey=True, trigger="any")
    return scene.supervisor


def stored(daemon: Daemon, talk: Conversation) -> list[Survey]:
    """The surveys in the store that belong to this call."""
    return [survey for survey in daemon.store.surveys() if survey.call == talk.customer]


def wait_stored(daemon: Daemon, talk: Conversation, *answers: int | None) -> Survey:
    """This call's one survey, once it has these answers."""

    def look() -> Survey | None:
        found = stored(daemon, talk)
        assert len(found) < 2
        return found[0] if found and found[0].answers == answers else None

    return until(look, f"the answers {answers} are stored")


def wait_armed(lab: Lab, talk: Conversation) -> None:
    """Return once the customer's leg carries its survey."""
    variable = f"uuid_getvar {talk.customer} transfer_after_bridge"
    until(lambda: "*28" in lab.api(variable), "the survey is armed")


@every_kind
def test_the_customer_presses_four(scene: Scene, survey: Supervisor, ear: Ear, kind: Kind) -> None:
    """During the prompt; all that the survey needs travelled along with the customer's leg."""
    began = scene.clock()
    talk = scene.connect(kind)
    reply = scene.board.ask("hangup", AGENT)
    assert (reply.status, reply.code, reply.call) == ("ok", "survey-started", talk.customer)
    scene.wait_free()
    assert not talk.customer_is_gone()
    ear.answers(talk.customer, 1, "4")
    kept = wait_stored(scene.daemon, talk, 4)
    assert (kept.group, kept.agent, kept.direction) == (GROUP, AGENT, kind.direction)
    assert (kept.number, kept.questions) == (talk.number, 1)
    # FreeSWITCH tells the survey's own time in whole seconds.
    assert began <= int(kept.started) <= kept.offered <= scene.clock()

    ear.waits_for(talk.customer, "thanks")
    talk.customer_hangs_up()
    talk.wait_over()
    (row,) = until(lambda: scene.daemon.store.ended_calls(number=talk.number, limit=9), "history")
    assert row.outcome == "surveyed"


@pytest.mark.parametrize(
    "kinds",
    [(RECEIVED, ORIGINATED, CAMPAIGN, RECEIVED_BY_QUEUE), (CAMPAIGN_BY_QUEUE,)],
    ids=lambda kinds: "-".join(map(str, kinds)),
)
def test_the_telephone_hangs_up_while_the_daemon_is_dead(
    scene: Scene, armed: Supervisor, ear: Ear, kinds: tuple[Kind, ...]
) -> None:
    """FreeSWITCH itself starts the survey; the answer waits in the spool and is taken in once."""
    talks = [scene.connect(kind, scene.stranger()) for kind in kinds]
    for talk in talks:
        wait_armed(scene.lab, talk)
    scene.daemon.kill()
    earlier = spooled(scene.lab)
    for _ in talks:
        scene.lab.hang_up_phone(AGENT)
    scene.wait_free()
    for talk in talks:
        ear.answers(talk.customer, 1, "4")
    for talk in talks:
        ear.waits_ended(talk.customer)
        talk.customer_hangs_up()
        talk.wait_over()
        assert stored(scene.daemon, talk) == []
    assert len(spooled(scene.lab)) - len(earlier) == len(talks)

    for _ in ("taken in", "and not once more"):
        if scene.daemon.is_running:
            scene.daemon.stop()
        scene.daemon.start()
        for talk, kind in zip(talks, kinds, strict=True):
            kept = wait_stored(scene.daemon, talk, 4)
            assert (kept.group, kept.agent, kept.direction) == (GROUP, AGENT, kind.direction)
        until(lambda: spooled(scene.lab) == [], "the spool is empty")


@both_ways
def test_the_telephone_hangs_up(scene: Scene, armed: Supervisor, ear: Ear, kind: Kind) -> None:
    """With the daemon alive: told by event and left in the spool, and still one."""
    talk = scene.connect(kind)
    wait_armed(scene.lab, talk)
    talk.agent_hangs_up()
    scene.wait_free()
    ear.answers(talk.customer, 1, "5")
    ear.waits_ended(talk.customer)
    talk.customer_hangs_up()
    talk.wait_over()
    until(lambda: spooled(scene.lab) == [], "the spool is empty")
    wait_stored(scene.daemon, talk, 5)


def test_as_supervisor_and_operator_do_it(scene: Scene, ear: Ear) -> None:
    """``fluxcc group set``, ``hangup``, ``group remove``."""
    talk = scene.connect(RECEIVED_BY_QUEUE)
    assert scene.daemon.cli("group", "set", GROUP, "--survey", "on", "--questions", "1").code == 0
    assert "survey" in scene.daemon.cli("hangup", "--agent", AGENT).stdout
    ear.answers(talk.customer, 1, "3")
    wait_stored(scene.daemon, talk, 3)
    assert scene.daemon.cli("group", "remove", GROUP).code == 0
    talk.customer_hangs_up()
    talk.wait_over()


def test_whoever_ends_the_call_there_is_one_survey(
    scene: Scene, armed: Supervisor, ear: Ear
) -> None:
    """Armed for the telephone and started by the board: once. Ended by an operator: it ends."""
    talk = scene.connect(RECEIVED_BY_QUEUE)
    wait_armed(scene.lab, talk)
    assert scene.board.ask("hangup", AGENT).code == "survey-started"
    ear.waits_for(talk.customer, "question_1_")
    assert scene.board.ask("hangup", AGENT).code == "no-live-call"
    assert scene.daemon.operate("hangup", call=talk.customer)["reply"]["code"] == "ended"
    talk.wait_over()
    ear.waits_ended(talk.customer)
    assert [event["Fluxcc-State"] for event in ear.surveys(talk.customer)] == ["offered", "ended"]
    wait_stored(scene.daemon, talk, None)


# Whoever is never asked


def test_only_the_board_starts_what_only_the_board_may_start(
    scene: Scene, survey: Supervisor, ear: Ear
) -> None:
    """``trigger = board``: the agent's telephone ends the call as ever."""
    talk = scene.connect(RECEIVED_BY_QUEUE)
    talk.agent_hangs_up()
    nobody_was_asked(ear, talk)


@every_kind
def test_not_after_a_prank(scene: Scene, armed: Supervisor, ear: Ear, kind: Kind) -> None:
    """The call ends at once, although its survey was armed."""
    talk = scene.connect(kind)
    wait_armed(scene.lab, talk)
    assert scene.board.prank(AGENT).code == "blocked"
    assert talk.customer_is_gone()
    nobody_was_asked(ear, talk)


@every_kind
def test_after_a_transfer_it_is_about_the_talk_with_the_next_agent(
    scene: Scene, armed: Supervisor, ear: Ear, kind: Kind
) -> None:
    """Not when the agent is freed; it is armed again when the colleague has the customer
    (contract, section 1a.10)."""
    armed.adds_service("colleague", COLLEAGUE)
    talk = scene.connect(kind)
    wait_armed(scene.lab, talk)
    assert scene.board.ask("transfer", AGENT, service="colleague").code == "transferred"
    until(
        lambda: exists(scene.lab, bridge_of(scene.lab, talk.customer)),
        "the colleague has the customer",
    )
    wait_armed(scene.lab, talk)
    scene.lab.hang_up_phone(COLLEAGUE)
    ear.answers(talk.customer, 1, "4")
    assert wait_stored(scene.daemon, talk, 4).agent == COLLEAGUE
    talk.customer_hangs_up()
    talk.wait_over()


@both_ways
def test_not_after_a_conference(scene: Scene, armed: Supervisor, ear: Ear, kind: Kind) -> None:
    """Taken to a room, the customer is not asked: they go with it, whoever leaves it first."""
    armed.adds_room()
    talk = scene.connect(kind)
    wait_armed(scene.lab, talk)
    assert scene.board.ask("conference", AGENT).code == "conference-joined"
    talk.agent_hangs_up()
    talk.wait_over()
    nobody_was_asked(ear, talk)
    scene.wait_free()


@every_kind
def test_not_when_the_customer_hung_up(
    scene: Scene, armed: Supervisor, ear: Ear, kind: Kind
) -> None:
    """There is nobody left to ask."""
    talk = scene.connect(kind)
    wait_armed(scene.lab, talk)
    talk.customer_hangs_up()
    nobody_was_asked(ear, talk)
    scene.wait_free()


def test_not_when_nobody_answered(scene: Scene, armed: Supervisor, ear: Ear) -> None:
    """Somebody waits in the queue, and an operator ends that call."""
    scene.leave_one_agent(rests=False)
    assert "+OK" in scene.lab.api(f"callcenter_config agent set status {AGENT}@default 'On Break'")
    try:
        caller = scene.lab.call(scene.number, "5000")
        caller.wait_answered()
        (call,) = until(scene.daemon.calls, "the daemon sees the call")
        assert not call["talking"]
        assert scene.daemon.operate("hangup", call=call["call"])["reply"]["code"] == "ended"
        assert caller.wait_ended() == 200
    finally:
        scene.lab.api(f"callcenter_config agent set status {AGENT}@default Available")
    assert ear.surveys(call["call"]) == []


@both_ways
def test_a_change_counts_for_live_calls(scene: Scene, ear: Ear, kind: Kind) -> None:
    """The telephone's hangup starts it, and then no longer, while the two talk."""
    talk = scene.connect(kind)
    scene.supervisor.sets_group(has_survey=True, trigger="any")
    wait_armed(scene.lab, talk)
    scene.supervisor.sets_group(has_survey=True)
    variable = f"uuid_getvar {talk.customer} transfer_after_bridge"
    until(lambda: "*28" not in scene.lab.api(variable), "the survey is disarmed")
    talk.agent_hangs_up()
    nobody_was_asked(ear, talk)


def nobody_was_asked(ear: Ear, talk: Conversation) -> None:
    """Both have hung up, and there was no survey; without a leg there will be none."""
    talk.wait_over()
    assert ear.surveys(talk.customer) == []


# What a customer does


def test_what_a_customer_may_do(
    scene: Scene, survey: Supervisor, ear: Ear, recordings: Path
) -> None:
    """Two questions each, all at the same time: who is silent has two tries of ten seconds."""
    survey.sets_group(has_survey=True, questions=2, prompts=str(recordings))

    def asked() -> Conversation:
        talk = scene.connect(RECEIVED, scene.stranger())
        assert scene.board.ask("hangup", AGENT).code == "survey-started"
        return talk

    began = time.monotonic()
    silent = asked()
    eager, clumsy, leaving, late = asked(), asked(), asked(), asked()

    ear.answers(eager.customer, 1, "4")
    ear.answers(clumsy.customer, 1, "9")
    ear.answers(leaving.customer, 1, "2")
    ear.answers(late.customer, 1, "*")
    ear.answers(eager.customer, 2, "5")
    ear.waits_for(leaving.customer, "question_2_")
    leaving.customer_hangs_up()
    wait_stored(scene.daemon, eager, 4, 5)
    wait_stored(scene.daemon, leaving, 2, None)

    # A key that is no answer is told to be none, and the question is asked once more.
    ear.waits_for(clumsy.customer, "invalid")
    ear.answers(clumsy.customer, 1, "3", times=2)
    ear.answers(clumsy.customer, 2, "1")
    wait_stored(scene.daemon, clumsy, 3, 1)
    ear.waits_for(late.customer, "invalid")
    ear.answers(late.customer, 1, "0", times=2)
    ear.answers(late.customer, 2, "1")
    wait_stored(scene.daemon, late, None, 1)

    ear.waits_for(silent.customer, "question_2_")
    assert time.monotonic() - began > 2 * PATIENCE
    assert len(prompts(ear, silent, "question_1_")) == 2
    ear.presses(silent.customer, "5")
    wait_stored(scene.daemon, silent, None, 5)
    for talk in (silent, eager, clumsy, leaving, late):
        talk.wait_over()


def test_from_zero_to_ten(scene: Scene, survey: Supervisor, ear: Ear) -> None:
    """``scale = 0-10``: a second digit is waited for, but not for long, and not after a hash."""
    survey.sets_group(has_survey=True, scale="0-10")
    pressed = []
    for keys, answer in {"7": 7, "0": 0, "10": 10, "8#": 8}.items():
        talk = scene.connect(RECEIVED, scene.stranger())
        assert scene.board.ask("hangup", AGENT).code == "survey-started"
        ear.answers(talk.customer, 1, keys)
        pressed.append((talk, answer))
    for talk, answer in pressed:
        wait_stored(scene.daemon, talk, answer)
        talk.customer_hangs_up()
        talk.wait_over()


def test_the_groups_own_recordings(
    scene: Scene, survey: Supervisor, ear: Ear, recordings: Path
) -> None:
    """Played in place of the kit's; after the thanks it is the survey that hangs up."""
    survey.sets_group(has_survey=True, prompts=str(recordings))
    talk = scene.connect(RECEIVED)
    assert scene.board.ask("hangup", AGENT).code == "survey-started"
    ear.answers(talk.customer, 1, "1")
    talk.wait_over()
    wait_stored(scene.daemon, talk, 1)
    played = [Path(path) for path in prompts(ear, talk, "")]
    assert played == [recordings / "question_1_1-5.wav", recordings / "thanks.wav"]
    assert talk.caller is not None
    assert talk.caller.wait_ended() == 200


def test_in_english(scene: Scene, ear: Ear) -> None:
    """The kit's recordings in the language that the group has; Portuguese where it says nothing."""
    played = []
    for options in (("--survey", "on"), ("--language", "en"), ("--language", "pt_BR")):
        assert scene.daemon.cli("group", "set", GROUP, *options).code == 0
        talk = scene.connect(RECEIVED, scene.stranger())
        assert scene.board.ask("hangup", AGENT).code == "survey-started"
        ear.answers(talk.customer, 1, "4")
        talk.wait_over()
        played.append({Path(path).parts[-3:-1] for path in prompts(ear, talk, "")})
    assert scene.daemon.cli("group", "remove", GROUP).code == 0
    assert played == [{("fluxcc", "pt_BR")}, {("fluxcc", "en")}, {("fluxcc", "pt_BR")}]


def test_a_survey_of_the_houses_own(scene: Scene, survey: Supervisor) -> None:
    """A group may name another destination; the customer is there when the board hears so."""
    survey.sets_group(has_survey=True, destination="7001")
    talk = scene.connect(RECEIVED_BY_QUEUE)
    assert scene.board.ask("hangup", AGENT).code == "survey-started"
    variable = f"uuid_getvar {talk.customer} lab_service_reached"
    until(lambda: scene.lab.api(variable).strip() == "true", "the customer is there")
    assert scene.lab.api(f"uuid_getvar {talk.customer} fluxcc_survey_agent").strip() == AGENT
    scene.wait_free()
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Prompts of a tenth of a second."""
    for name in ("question_1_1-5", "question_2_1-5", "invalid", "thanks"):
        data = bytes([127]) * 800
        head = b"fmt \x10\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0"
        body = b"WAVE" + head + b"data" + len(data).to_bytes(4, "little") + data
        file = b"RIFF" + len(body).to_bytes(4, "little") + body
        (tmp_path / f"{name}.wav").write_bytes(file)
    return tmp_path


def prompts(ear: Ear, talk: Conversation, sound: str) -> list[str]:
    """What was played to the customer so far and has this in its name."""
    ear.tap.catch_up()
    return [
        event["Playback-File-Path"]
        for event in ear.tap.events
        if event.get("Event-Name") == "PLAYBACK_START"
        and event.get("Unique-ID") == talk.customer
        and event.get("Playback-File-Path", "").endswith(".wav")
        and sound in event["Playback-File-Path"]
    ]


def spooled(lab: Lab) -> list[Path]:
    """The files that the survey's script has left behind."""
    return sorted(Path(lab.api("global_getvar storage_dir").strip()).glob("fluxcc-survey-*"))
