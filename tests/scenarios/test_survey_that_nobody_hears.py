"""A survey whose recordings FreeSWITCH cannot play, or whose answers cannot be kept, is told."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fluxcc.cli.doctor import ask_status
from fluxcc.config import load
from fluxcc.doctor.diagnosis import diagnose
from fluxcc.doctor.finding import State
from fluxcc.domain import report
from fluxcc.domain.surveys import UNHEARD, Survey
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .ear import Ear
from .kinds import GROUP, RECEIVED
from .scene import Conversation, Scene, Supervisor

KIT_SOUNDS = find_kit() / "sounds/fluxcc/pt_BR"
ONE, TWO, BAD, THANKS = "question_1_1-5", "question_2_1-5", "invalid", "thanks"


def as_other_user() -> Sequence[str]:
    """A command that runs another one which may not read what is closed: as root without the
    capabilities to do so all the same. Any other user has none anyway."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is missing (package util-linux)")
    return (setpriv, "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture(scope="module")
def weak_lab(running_lab: Lab) -> Iterator[Lab]:
    """A PBX of the same kind, which has the rights of files only."""
    kind = type(running_lab)
    assert kind in (SimulatedLab, RealLab)
    with kind(wrapper=as_other_user()) as lab:
        lab.install_kit(find_kit())
        yield lab


@pytest.fixture
def weak_scene(
    weak_lab: Lab, ear: Ear, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """That PBX, a daemon beside it, and people. (``ear`` skips it where no script can run.)"""
    daemon = Daemon(weak_lab, tmp_path_factory.mktemp("daemon"))
    daemon.start()
    scene = Scene(weak_lab, daemon)
    yield scene
    scene.close()
    daemon.close()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A group's own recordings, all of them."""
    for name in (ONE, TWO, BAD, THANKS):
        shutil.copy(KIT_SOUNDS / f"{name}.wav", tmp_path)
    return tmp_path


def only(scene: Scene, talk: Conversation) -> Survey:
    """The one survey of this call that is stored."""

    def look() -> list[Survey]:
        return [each for each in scene.daemon.store.surveys() if each.call == talk.customer]

    (survey,) = until(look, "the survey is stored")
    return survey


def ask(scene: Scene, folder: Path, questions: int = 1) -> Conversation:
    """A call whose agent sends the customer to the survey with these recordings."""
    scene.supervisor.sets_group(has_survey=True, questions=questions, prompts=str(folder))
    talk = scene.connect(RECEIVED, scene.stranger())
    assert scene.board.ask("hangup", "1000").code == "survey-started"
    return talk


def unplayable(scene: Scene) -> dict[str, list[str]]:
    told: dict[str, list[str]] = scene.daemon.status()["unplayable"]
    return told


def found_grave(daemon: Daemon) -> dict[str, dict[str, Any]]:
    """What the doctor finds grave of the survey: code → its facts."""
    settings = load(None, daemon.environment)
    return {
        finding.code: dict(finding.facts)
        for check, finding in diagnose(settings, lambda: ask_status(settings))
        if check.name in ("kit-prompts", "spool") and finding.state is State.GRAVE
    }


def remedies(daemon: Daemon) -> dict[str, str]:
    """Code → what the doctor says is to be done about the survey."""
    settings = load(None, daemon.environment)
    return {
        finding.code: finding.remedy.format(**finding.facts)
        for check, finding in diagnose(settings, lambda: ask_status(settings))
        if check.name in ("kit-prompts", "spool")
    }


def test_no_recording_at_all(scene: Scene, ear: Ear, tmp_path: Path) -> None:
    """Nobody is asked, nobody is counted; it is told with the file, and over once one is heard."""
    talk = ask(scene, tmp_path)
    talk.wait_over(timeout=20)
    assert [event["Fluxcc-State"] for event in ear.surveys(talk.customer)] == ["unheard"]
    survey = only(scene, talk)
    assert survey.answers == (UNHEARD,)
    assert report.count([survey]) == []
    files = [str(tmp_path / f"{name}.wav") for name in (ONE, BAD, THANKS)]
    assert unplayable(scene) == {GROUP: files}
    assert f"cannot play: {files[0]}" in scene.daemon.cli("status").stdout
    assert found_grave(scene.daemon) == {
        "prompts-unplayable": {
            "group": GROUP,
            "files": ", ".join(files),
            "install": "fluxcc kit install DIR",
        }
    }
    remedy = remedies(scene.daemon)["prompts-unplayable"]
    assert remedy.endswith("Where they are missing, run: fluxcc kit install DIR")
    assert "not counted" in scene.daemon.cli("survey", "report", "--group", GROUP).stdout

    for name in (ONE, BAD, THANKS):
        shutil.copy(KIT_SOUNDS / f"{name}.wav", tmp_path)
    assert unplayable(scene) == {GROUP: files}
    talk = ask_again(scene)
    ear.answers(talk.customer, 1, "4")
    talk.wait_over(timeout=20)
    assert only(scene, talk).answers == (4,)
    assert unplayable(scene) == {}
    assert found_grave(scene.daemon) == {}


def ask_again(scene: Scene) -> Conversation:
    """The same with the group as it is."""
    talk = scene.connect(RECEIVED, scene.stranger())
    assert scene.board.ask("hangup", "1000").code == "survey-started"
    return talk


def test_one_question_without_its_recording(scene: Scene, ear: Ear, recordings: Path) -> None:
    """The other one is asked; only that one counts."""
    (recordings / f"{ONE}.wav").unlink()
    talk = ask(scene, recordings, questions=2)
    ear.answers(talk.customer, 2, "5")
    talk.wait_over(timeout=20)
    survey = only(scene, talk)
    assert survey.answers == (UNHEARD, 5)
    assert [(line.question, line.offered) for line in report.count([survey])] == [(2, 1)]
    assert unplayable(scene) == {GROUP: [str(recordings / f"{ONE}.wav")]}


def test_recordings_that_freeswitchs_user_alone_cannot_read(
    weak_scene: Scene, recordings: Path
) -> None:
    """Root, who runs the doctor, can."""
    for path in recordings.iterdir():
        path.chmod(0)
    talk = ask(weak_scene, recordings)
    talk.wait_over(timeout=20)
    files = [str(recordings / f"{name}.wav") for name in (ONE, BAD, THANKS)]
    assert unplayable(weak_scene) == {GROUP: files}
    found = found_grave(weak_scene.daemon)
    assert found["prompts-unplayable"]["files"] == ", ".join(files)
    remedy = remedies(weak_scene.daemon)["prompts-unplayable"]
    assert remedy.startswith("Let the user that FreeSWITCH runs as read these files")


def test_a_spool_that_the_script_cannot_write(weak_scene: Scene, recordings: Path) -> None:
    """The answers still come as events."""
    spool = Path(weak_scene.lab.api("global_getvar storage_dir").strip())
    weak_scene.supervisor.sets_group(has_survey=True, prompts=str(recordings))
    with closed(spool, 0o500):
        talk = ask(weak_scene, recordings)
        until(lambda: weak_scene.daemon.status()["spool_unwritten"], "it is told")
        reason = f"{spool}: Permission denied"
        assert weak_scene.daemon.status()["spool_unwritten"] == reason
        assert reason in weak_scene.daemon.cli("status").stdout
        assert found_grave(weak_scene.daemon) == {"spool-not-written": {"reason": reason}}
        talk.customer_hangs_up()
        talk.wait_over()
    talk = ask_again(weak_scene)
    until(lambda: not weak_scene.daemon.status()["spool_unwritten"], "it is taken back")
    talk.customer_hangs_up()
    talk.wait_over()


def test_a_spool_that_the_daemon_alone_cannot_list(
    lab: Lab, ear: Ear, make_daemon: Callable[..., Daemon]
) -> None:
    """It is logged once, with the folder; what lies there is taken in as soon as it may be."""
    spool = Path(lab.api("global_getvar storage_dir").strip())
    daemon = make_daemon()
    daemon.start(cold=True, wrapper=as_other_user())
    Supervisor(daemon).sets_group(has_survey=True)
    left = spool / "fluxcc-survey-left.done"
    with closed(spool, 0o300):
        left.write_text('{"Fluxcc-Survey": "left", "Fluxcc-Questions": "1"}\n')
        until(lambda: daemon.status()["spool_unread"], "it is told")
        reason = f"{spool}: Permission denied"
        assert daemon.status()["spool_unread"] == reason
        assert reason in daemon.cli("status").stdout
        assert found_grave(daemon) == {"spool-not-read": {"reason": reason}}
        remedy = remedies(daemon)["spool-not-read"]
        assert remedy.startswith("Let the service's own user, fluxcc, list, read and delete there")
        assert daemon.log.count("the survey's spool cannot be read") == 1
    until(lambda: not daemon.status()["spool_unread"], "it can be read again")
    until(lambda: not left.exists(), "what lay there is taken in")
    assert found_grave(daemon) == {}


@contextmanager
def closed(folder: Path, mode: int) -> Iterator[None]:
    """A folder with other rights for a while."""
    before = stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(mode)
    try:
        yield
    finally:
        folder.chmod(before)
