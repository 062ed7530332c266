"""The survey's spool, on a disk: what can be read is read, and what cannot is said."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from fluxcc.spool import FILES_PER_READ, LARGEST_FILE, FolderSpool, read_records

LINE = '{"Fluxcc-Survey": "s"}\n'


def test_finished_files_are_read_and_others_left(tmp_path: Path) -> None:
    for name in ("fluxcc-survey-2.done", "fluxcc-survey-1.done", "fluxcc-survey-3.part", "other"):
        (tmp_path / name).write_text(LINE)
    found = FolderSpool(str(tmp_path)).read().files
    assert [name for name, _records in found] == ["fluxcc-survey-1.done", "fluxcc-survey-2.done"]
    assert found[0][1] == [{"Fluxcc-Survey": "s"}]


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a dangling link": lambda path: path.symlink_to("/nowhere"),
    "a link to a file elsewhere": lambda path: path.symlink_to("/etc/passwd"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a FIFO": os.mkfifo,
    "a socket": lambda path: os.mknod(path, 0o600 | stat.S_IFSOCK),
    "too large a file": lambda path: path.write_bytes(b"x" * (LARGEST_FILE + 1)),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=list(UNREADABLE))
def test_what_is_no_survey_is_told_and_keeps_none_back(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """It is not even opened: a FIFO would be waited for."""
    make(tmp_path / "fluxcc-survey-1.done")
    (tmp_path / "fluxcc-survey-2.done").write_text(LINE)
    spool = FolderSpool(str(tmp_path))
    found = spool.read()
    assert [name for name, _records in found.files] == ["fluxcc-survey-2.done"]
    assert set(found.faults) == {"fluxcc-survey-1.done"}
    assert spool.erase(lambda number: True) == ""


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folders", "FIFOs"])
def test_however_many_are_none_a_survey_is_found(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    for number in range(2 * FILES_PER_READ):
        make(tmp_path / f"fluxcc-survey-{number:03}.done")
        (tmp_path / f"fluxcc-survey-{number:03}.malformed").touch()
    (tmp_path / "fluxcc-survey-9999.done").write_text(LINE)
    found = FolderSpool(str(tmp_path)).read()
    assert [name for name, _records in found.files] == ["fluxcc-survey-9999.done"]


def test_files_that_are_known_take_no_room_from_others(tmp_path: Path) -> None:
    names = [f"fluxcc-survey-{number:03}.done" for number in range(FILES_PER_READ + 1)]
    for name in names:
        (tmp_path / name).write_text(LINE)
    found = FolderSpool(str(tmp_path)).read(frozenset(names[:-1]))
    assert [name for name, _records in found.files] == names[-1:]


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_line_ends_where_the_script_ends_it(letter: str) -> None:
    line = f'{{"Fluxcc-Number": "1{letter}2"}}'
    # The script escapes what JSON wants escaped; the others it writes as they came.
    record = json.loads(line, strict=False)
    data = json.dumps(record, ensure_ascii=False).encode()
    assert read_records(data + b"\n" + data) == [record, record]


def test_a_folder_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        FolderSpool(gone).read()
    with pytest.raises(FileNotFoundError):
        FolderSpool(gone, may_be_missing=True).read()


def test_freeswitchs_own_folder_may_be_on_another_machine(tmp_path: Path) -> None:
    spool = FolderSpool("", may_be_missing=True)
    assert spool.read().files == []
    spool.locate(str(tmp_path / "gone"))
    assert spool.read().files == []


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
