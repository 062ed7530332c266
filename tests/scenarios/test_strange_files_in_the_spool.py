"""What lies in the survey's spool beside the script's files keeps no survey back (contract, section
6: an answer is taken in once, whatever else is there)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .scene import Supervisor
from .test_survey_that_nobody_hears import as_other_user

MANY = 120
"""More than are read at once."""


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Path]:
    """A folder of the test's own."""
    folder = tmp_path / "spool"
    folder.mkdir()
    yield folder
    folder.chmod(0o700)


def leave(spool: Path, survey: str, number: str = "+5511988887777") -> Path:
    """A finished survey, as the script leaves it."""
    record = {
        "Fluxcc-Survey": survey,
        "Fluxcc-Questions": "1",
        "Fluxcc-Answer-1": "5",
        "Fluxcc-Number": number,
    }
    path = spool / f"fluxcc-survey-{survey}.done"
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def daemon_of(spool: Path, lab: Lab, make_daemon: Callable[..., Daemon]) -> Callable[..., Daemon]:
    def start(**how: object) -> Daemon:
        daemon = make_daemon(FLUXCC_SURVEY_SPOOL=str(spool))
        daemon.start(**how)
        Supervisor(daemon).sets_group(has_survey=True)
        return daemon

    return start


def test_no_strange_file_keeps_a_survey_back(spool: Path, daemon_of: Callable[..., Daemon]) -> None:
    """Folders, links to nothing, FIFOs that nobody writes, and what was kept aside before."""
    for number in range(MANY):
        (spool / f"fluxcc-survey-000{number}.malformed").write_text("nothing")
    (spool / "fluxcc-survey-0.done").mkdir()
    (spool / "fluxcc-survey-1.done").symlink_to("/nowhere")
    os.mkfifo(spool / "fluxcc-survey-2.done")
    os.mkfifo(spool / "fluxcc-survey-3.part")
    os.utime(spool / "fluxcc-survey-3.part", (0, 0))
    daemon = daemon_of()
    late = leave(spool, "late", "+55119\u20288887777")
    until(lambda: not late.exists(), "the survey is taken in")
    told = until(lambda: daemon.status()["spool_files"], "what stays is told")
    assert set(told) == {
        f"fluxcc-survey-{name}" for name in ("0.done", "1.done", "2.done", "3.part")
    }
    assert "fluxcc-survey-2.done" in daemon.cli("status").stdout
    for file in told:
        assert daemon.log.count(f"file={file} ") == 1
    assert not late.with_suffix(".malformed").exists()
    (row,) = daemon.store.surveys()
    assert (row.id, row.answers) == ("late", (5,))


def test_a_survey_that_cannot_be_removed_is_taken_in_once(
    spool: Path, daemon_of: Callable[..., Daemon]
) -> None:
    """It is removed as soon as it may be."""
    left = leave(spool, "left")
    spool.chmod(0o500)
    daemon = daemon_of(cold=True, wrapper=as_other_user())
    until(lambda: daemon.status()["spool_files"], "it is told")
    time.sleep(5)  # two more passes
    assert daemon.log.count("a survey was taken in") == 1
    spool.chmod(0o700)
    until(lambda: not left.exists(), "it is removed")
    until(lambda: not daemon.status()["spool_files"], "it is taken back")
    assert daemon.log.count("a survey was taken in") == 1
