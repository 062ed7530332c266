"""The folder into which the survey's script writes answers (``core.ports.Spool``).

Counterpart: the kit's ``avali_e.lua``. It appends a line of JSON for each answer to a file of its
own, ``fluxcc-survey-ID.part``, and renames that to ``….done`` when the survey is over. A ``.part``
that was not written to for ``ABANDONED`` seconds belongs to a FreeSWITCH that died.

Others write into the folder too (it is FreeSWITCH's own as a rule), so only a regular file is
opened, by a way that neither waits nor follows a link; what cannot be taken in keeps nothing else
back. Every method blocks.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import time
from collections.abc import Callable, Collection
from pathlib import Path

from fluxcc.core.ports import SpoolContents

DONE, PART, ASIDE = ".done", ".part", ".malformed"
BEGINNING = "fluxcc-survey-"
NUMBER = "Fluxcc-Number"
"""The header with the customer's number."""
_LIKE_NUMBERS = re.compile(r"\+?[0-9][0-9 ().\-]{2,30}")
ABANDONED = 600.0
LARGEST_FILE = 64 * 1024
"""Bytes of a file that is taken in; three answers have some 2,000."""
LARGEST_SEARCHED = 4 * 1024 * 1024
"""Bytes of a file that is searched for a person."""
FILES_PER_READ = 100
"""Files that one ``read`` returns."""
_OPENING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
"""A FIFO, into which another program has put itself after ``lstat``, is not waited for."""


class FolderSpool:
    """One per daemon."""

    def __init__(self, folder: str, *, may_be_missing: bool = False) -> None:
        """Without a ``folder`` it is FreeSWITCH's own, which ``may_be_missing`` where FreeSWITCH
        is on another machine."""
        self._folder = Path(folder) if folder else None
        self._may_be_missing = may_be_missing and not folder
        self._is_given = bool(folder)

    def locate(self, storage_folder: str) -> None:
        """Use FreeSWITCH's ``storage_dir``, where no folder was configured."""
        if not self._is_given and storage_folder.startswith("/"):
            self._folder = Path(storage_folder)

    def read(self, known: Collection[str] = ()) -> SpoolContents:
        """The finished files, the oldest names first, at most ``FILES_PER_READ``; those with a
        ``known`` name are passed over. Raises ``OSError`` where the folder cannot be listed."""
        contents = SpoolContents(files=[], faults={})
        for path in self._files(DONE, PART):
            if len(contents.files) == FILES_PER_READ:
                break
            if path.name in known:
                continue
            try:
                if path.suffix == DONE or _is_abandoned(path):
                    contents.files.append((path.name, _records(path)))
            except FileNotFoundError:
                # A script has renamed it meanwhile.
                continue
            except OSError as error:
                contents.faults[path.name] = error.strerror or str(error)
        return contents

    def _files(self, *endings: str) -> list[Path]:
        """The survey's files with these endings, the oldest names first. ``Path.glob`` would take
        a folder that may not be listed for an empty one."""
        if self._folder is None:
            return []
        try:
            found = os.listdir(self._folder)
        except FileNotFoundError:
            if self._may_be_missing:
                return []
            raise
        return [
            self._folder / name
            for name in sorted(found)
            if name.startswith(BEGINNING) and name.endswith(endings)
        ]

    def remove(self, name: str, *, keep_aside: bool) -> None:
        """Delete a file, or keep it under another name; one that is gone is no fault. Raises
        ``OSError``."""
        if self._folder is None:
            return
        path = self._folder / name
        if not keep_aside:
            path.unlink(missing_ok=True)
        elif os.path.lexists(path):
            path.rename(path.with_suffix(ASIDE))

    def erase(self, has: Callable[[str], bool]) -> str:
        """Delete the files of the person who ``has`` the number in them, whole or set aside.

        Returns those of which some may be left; empty for none. The file of a survey that is going
        on stays: its script would go on writing it. What is no regular file is none of a survey's.
        """
        if self._folder is None:
            return "?"
        left = []
        for path in self._files(DONE, PART, ASIDE):
            try:
                if not stat.S_ISREG(path.lstat().st_mode) or not _is_of(path, has):
                    continue
                if path.suffix == PART and not _is_abandoned(path):
                    left.append(path.name)
                else:
                    path.unlink()
            except FileNotFoundError:
                # It was finished or taken in meanwhile.
                continue
            except OSError as error:
                left.append(f"{path.name}: {error.strerror or error}")
        return ", ".join(left)


def _is_of(path: Path, has: Callable[[str], bool]) -> bool:
    """Whether a file is about the person who ``has`` a number. In one without a readable record
    every text is tried that may be a number."""
    text = _bytes(path, LARGEST_SEARCHED)
    records = read_records(text)
    if records:
        return any(has(record.get(NUMBER, "")) for record in records)
    return any(map(has, _LIKE_NUMBERS.findall(text.decode("utf-8", "replace"))))


def _is_abandoned(path: Path) -> bool:
    return time.time() - path.lstat().st_mtime > ABANDONED


def _records(path: Path) -> list[dict[str, str]]:
    return read_records(_bytes(path, LARGEST_FILE))


def _bytes(path: Path, most: int) -> bytes:
    """What a regular file has in it. Raises ``OSError``, also for what is no regular file, without
    having opened it (that alone moves a tape), and for one with more than so many bytes."""
    _check(path.lstat().st_mode)
    with open(os.open(path, _OPENING), "rb") as file:
        _check(os.fstat(file.fileno()).st_mode)
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data


def _check(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file")


def read_records(data: bytes) -> list[dict[str, str]]:
    """The records in a file's bytes; a line that is no JSON object, cut off by a crash for
    instance, is skipped. Lines end where the script ends them: ``splitlines`` would cut a text
    that a caller chose at U+2028."""
    records = []
    for line in data.split(b"\n"):
        try:
            document = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            records.append({str(name): str(value) for name, value in document.items()})
    return records
