"""The folder in which the survey's script leaves what it heard (``core.ports.Spool``).

Counterpart: the kit's ``avali_e.lua``. It appends a line of JSON for each answer to a file of its
own, ``fluxcc-survey-ID.part``, and renames that to ``….done`` when the survey is over. A ``.part``
that nobody has touched for ``ABANDONED`` seconds belongs to a FreeSWITCH that died.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

DONE, PART, ASIDE = ".done", ".part", ".malformed"
BEGINNING = "fluxcc-survey-"
ABANDONED = 600.0
LARGEST = 64 * 1024
"""Bytes of a file that are looked at; three answers have some 2,000."""
AT_ONCE = 100
"""Files taken in at once, so that a full spool does not stall the loop."""


class FolderSpool:
    """One per daemon."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None
        self._is_given = bool(folder)

    def locate(self, storage_folder: str) -> None:
        """Where FreeSWITCH keeps its storage; counts where no folder was configured."""
        if not self._is_given and storage_folder.startswith("/"):
            self._folder = Path(storage_folder)

    def read(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """Each finished file and its records. Raises ``OSError``."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob(f"{BEGINNING}*"))[:AT_ONCE]:
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
        return read_records(file.read(LARGEST))


def read_records(data: bytes) -> list[dict[str, str]]:
    """The lines that are whole; the last one may have been cut off by a crash."""
    records = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            records.append({str(name): str(value) for name, value in document.items()})
    return records
