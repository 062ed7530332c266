"""The folder into which the survey's script writes answers (``core.ports.Spool``).

Counterpart: the kit's ``avali_e.lua``. It appends a line of JSON for each answer to a file of its
own, ``fluxcc-survey-ID.part``, and renames that to ``….done`` when the survey is over. A ``.part``
that was not written to for ``ABANDONED`` seconds belongs to a FreeSWITCH that died.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

DONE, PART, ASIDE = ".done", ".part", ".malformed"
BEGINNING = "fluxcc-survey-"
NUMBER = "Fluxcc-Number"
"""The header with the customer's number."""
_LIKE_NUMBERS = re.compile(r"\+?[0-9][0-9 ().\-]{2,30}")
ABANDONED = 600.0
LARGEST_FILE = 64 * 1024
"""Bytes of a file that are read; three answers have some 2,000."""
FILES_PER_READ = 100
"""Files that one ``read`` returns, so that a full spool does not stall the event loop."""


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

    def read(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """Each finished file: its name, and its records as header → value.

        Raises ``OSError`` where the folder cannot be listed, and after all other files where one
        of them cannot be read.
        """
        if self._folder is None:
            return
        failure: OSError | None = None
        for path in self._files():
            try:
                if path.suffix == DONE or (path.suffix == PART and _is_abandoned(path)):
                    records = _records(path)
                else:
                    continue
            except OSError as error:
                failure = error
                continue
            yield path.name, records
        if failure is not None:
            raise failure

    def _files(self, most: int | None = FILES_PER_READ) -> list[Path]:
        """The survey's files, the oldest names first, at most so many. ``Path.glob`` would take a
        folder that may not be listed for an empty one."""
        if self._folder is None:
            return []
        try:
            found = os.listdir(self._folder)
        except FileNotFoundError:
            if self._may_be_missing:
                return []
            raise
        names = sorted(name for name in found if name.startswith(BEGINNING))
        return [self._folder / name for name in names[:most]]

    def remove(self, name: str, *, keep_aside: bool) -> None:
        """Delete a file, or keep it under another name. Raises ``OSError``."""
        if self._folder is None:
            return
        path = self._folder / name
        if keep_aside:
            path.rename(path.with_suffix(ASIDE))
        else:
            path.unlink(missing_ok=True)

    def erase(self, has: Callable[[str], bool]) -> str:
        """Delete the files of the person who ``has`` the number in them, whole or set aside.

        Returns why some may be left; empty for none. The file of a survey that is going on stays:
        its script would go on writing it.
        """
        if self._folder is None:
            return "?"
        going_on = []
        for path in self._files(most=None):
            try:
                if not _is_of(path, has):
                    continue
                if path.suffix == PART and not _is_abandoned(path):
                    going_on.append(path.name)
                else:
                    path.unlink()
            except FileNotFoundError:
                # It was finished or taken in meanwhile.
                continue
        return ", ".join(going_on)


def _is_of(path: Path, has: Callable[[str], bool]) -> bool:
    """Whether a file is about the person who ``has`` a number. In one without a readable record
    every text is tried that may be a number."""
    text = path.read_bytes()
    records = read_records(text)
    if records:
        return any(has(record.get(NUMBER, "")) for record in records)
    return any(map(has, _LIKE_NUMBERS.findall(text.decode("utf-8", "replace"))))


def _is_abandoned(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > ABANDONED


def _records(path: Path) -> list[dict[str, str]]:
    with path.open("rb") as file:
        return read_records(file.read(LARGEST_FILE))


def read_records(data: bytes) -> list[dict[str, str]]:
    """The records in a file's bytes; a line that is no JSON object, cut off by a crash for
    instance, is skipped."""
    records = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            records.append({str(name): str(value) for name, value in document.items()})
    return records
