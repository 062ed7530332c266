"""The folder into which the survey's script writes answers (``core.ports.Spool``).

Counterpart: the kit's ``avali_e.lua``. It appends a line of JSON for each answer to a file of its
own, ``fluxcc-survey-ID.part``, and renames that to ``….done`` when the survey is over. A ``.part``
that was not written to for ``ABANDONED`` seconds belongs to a FreeSWITCH that died.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

DONE, PART, ASIDE = ".done", ".part", ".malformed"
BEGINNING = "fluxcc-survey-"
ABANDONED = 600.0
LARGEST_FILE = 64 * 1024
"""Bytes of a file that are read; three answers have some 2,000."""
FILES_PER_READ = 100
"""Files that one ``read`` returns, so that a full spool does not stall the event loop."""


class FolderSpool:
    """One per daemon."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None
        self._is_given = bool(folder)

    def locate(self, storage_folder: str) -> None:
        """Use FreeSWITCH's ``storage_dir``, where no folder was configured."""
        if not self._is_given and storage_folder.startswith("/"):
            self._folder = Path(storage_folder)

    def read(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """Each finished file: its name, and its records as header → value. Raises ``OSError``."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob(f"{BEGINNING}*"))[:FILES_PER_READ]:
            if path.suffix == DONE or (path.suffix == PART and _is_abandoned(path)):
                yield path.name, _records(path)

    def remove(self, name: str, *, keep_aside: bool) -> None:
        """Delete a file, or keep it under another name. Raises ``OSError``."""
        if self._folder is None:
            return
        path = self._folder / name
        if keep_aside:
            path.rename(path.with_suffix(ASIDE))
        else:
            path.unlink(missing_ok=True)


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
