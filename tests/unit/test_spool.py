"""The survey's spool, on a disk: what can be read is read, and what cannot is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fluxcc.spool import FolderSpool

LINE = '{"Fluxcc-Survey": "s"}\n'


def test_finished_files_are_read_and_others_left(tmp_path: Path) -> None:
    for name in ("fluxcc-survey-2.done", "fluxcc-survey-1.done", "fluxcc-survey-3.part", "other"):
        (tmp_path / name).write_text(LINE)
    found = list(FolderSpool(str(tmp_path)).read())
    assert [name for name, _records in found] == ["fluxcc-survey-1.done", "fluxcc-survey-2.done"]
    assert found[0][1] == [{"Fluxcc-Survey": "s"}]


def test_a_file_that_cannot_be_read_keeps_no_other_one_back(tmp_path: Path) -> None:
    (tmp_path / "fluxcc-survey-1.done").mkdir()
    (tmp_path / "fluxcc-survey-2.done").write_text(LINE)
    files = FolderSpool(str(tmp_path)).read()
    assert next(iter(files))[0] == "fluxcc-survey-2.done"
    with pytest.raises(IsADirectoryError, match="fluxcc-survey-1"):
        list(files)


def test_a_folder_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        list(FolderSpool(gone).read())
    with pytest.raises(FileNotFoundError):
        list(FolderSpool(gone, may_be_missing=True).read())


def test_freeswitchs_own_folder_may_be_on_another_machine(tmp_path: Path) -> None:
    spool = FolderSpool("", may_be_missing=True)
    assert list(spool.read()) == []
    spool.locate(str(tmp_path / "gone"))
    assert list(spool.read()) == []


# Erasing


def test_the_files_of_a_person_go_and_those_of_others_stay(tmp_path: Path) -> None:
    def write(name: str, text: str) -> Path:
        path = tmp_path / f"fluxcc-survey-{name}"
        path.write_text(text)
        return path

    theirs = [
        write("1.done", '{"Fluxcc-Number": "1"}\n{"Fluxcc-Number": "+5511988887777"}\n'),
        write("2.malformed", "Number: +5511988887777"),
    ]
    others = [
        write("3.done", '{"Fluxcc-Number": "2", "Fluxcc-Call": "+5511988887777"}\n'),
        write("4.malformed", "nothing"),
    ]
    assert FolderSpool(str(tmp_path)).erase(lambda number: number == "+5511988887777") == ""
    assert not any(path.exists() for path in theirs)
    assert all(path.exists() for path in others)


def test_the_file_of_a_survey_that_is_going_on_stays_and_is_told(tmp_path: Path) -> None:
    going_on = tmp_path / "fluxcc-survey-1.part"
    going_on.write_text('{"Fluxcc-Number": "1"}\n')
    spool = FolderSpool(str(tmp_path))
    assert spool.erase(lambda number: number == "1") == going_on.name
    os.utime(going_on, (0, 0))
    assert spool.erase(lambda number: number == "1") == ""
    assert not going_on.exists()


def test_a_spool_whose_folder_is_not_known_is_told() -> None:
    assert FolderSpool("").erase(lambda number: True) == "?"
