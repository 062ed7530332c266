"""The survey's spool, on a disk: what can be read is read, and what cannot is said."""

from __future__ import annotations

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
