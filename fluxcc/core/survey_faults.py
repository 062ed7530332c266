"""What keeps customers from hearing a survey, or their answers from being kept, as it is now.

Nobody who could tell is on the telephone then, so ``status``, ``doctor`` and the metrics do.
Counterparts: the kit's ``avali_e.lua`` finds out what FreeSWITCH cannot read or write and tells it
with each ``fluxcc::survey`` event; ``surveys`` tells what the daemon cannot read.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import islice

from fluxcc.core.provisioning import Provisioning
from fluxcc.domain.agents import clean_domain
from fluxcc.domain.provisioning import Group, key
from fluxcc.domain.requests import clean_text

LONGEST_GROUP = 128
LONGEST_FAULT = 2_000
MOST_FILES = 20
"""Files in the spool that are told by name."""
MOST_GROUPS = 100
"""Groups whose faults are remembered: a group's name may come from a SIP header."""

log = logging.getLogger(__name__)


class SurveyFaults:
    """One per daemon."""

    def __init__(self, groups: Provisioning) -> None:
        self._groups = groups
        self._unplayable: dict[str, list[str]] = {}
        self._unread = ""
        self.spool_files: dict[str, str] = {}
        """Files that cannot be taken in or removed → why, at most ``MOST_FILES`` of them."""
        self.spool_unwritten = ""
        """Why the script could not write the spool the last time; empty where it could."""

    @property
    def unplayable(self) -> dict[str, list[str]]:
        """Group, with its SIP domain where a supervisor set it for one → the recordings that
        FreeSWITCH could not read at the group's last survey."""
        return dict(self._unplayable)

    @property
    def spool_unread(self) -> str:
        """Why the daemon cannot read the spool; empty where it can, or where nobody misses it."""
        return self._unread if self._groups.has_surveys() else ""

    @property
    def is_spool_failing(self) -> bool:
        """Whether answers cannot be written or taken in."""
        return bool(self.spool_unread or self.spool_unwritten or self.spool_files)

    def told(self, headers: Mapping[str, str]) -> None:
        """Take over what a survey's event tells; one without a fault takes back the one before.
        (FreeSWITCH leaves out a header without a value.)"""
        name = clean_text(headers.get("Fluxcc-Group", ""), LONGEST_GROUP)
        entry = self._groups.find_group(name, clean_domain(headers.get("Fluxcc-Domain", "")))
        group = name if entry is None else key(entry)
        files = clean_text(headers.get("Fluxcc-Unplayable", ""), LONGEST_FAULT)
        self._note_unplayable(group, [file for file in files.split(",") if file])
        failure = clean_text(headers.get("Fluxcc-Spool-Failure", ""), LONGEST_FAULT)
        if failure and failure != self.spool_unwritten:
            log.warning("the survey's spool cannot be written", extra={"reason": failure})
        self.spool_unwritten = failure

    def group_changed(self, group: Group) -> None:
        """Forget a group's recordings: a supervisor may have chosen others. Its next survey
        tells."""
        self._unplayable.pop(key(group), None)

    def spool_read(self, error: OSError | None) -> None:
        """Note that the daemon has read the spool, or why it could not."""
        failure = f"{error.filename or '-'}: {error.strerror or error}" if error else ""
        if failure and failure != self._unread:
            log.warning("the survey's spool cannot be read", extra={"reason": failure})
        elif self._unread and not failure:
            log.info("the survey's spool can be read again")
        self._unread = failure

    def files_left(self, faults: Mapping[str, str]) -> None:
        """Note the files that cannot be taken in or removed now, each with its reason."""
        told = {
            clean_text(name, LONGEST_GROUP): clean_text(reason, LONGEST_FAULT)
            for name, reason in islice(sorted(faults.items()), MOST_FILES)
        }
        for name, reason in told.items():
            if self.spool_files.get(name) != reason:
                log.warning(
                    "a file in the survey's spool cannot be taken in and removed",
                    extra={"file": name, "reason": reason},
                )
        self.spool_files = told

    def _note_unplayable(self, group: str, files: list[str]) -> None:
        if files == self._unplayable.get(group, []):
            return
        if not files:
            del self._unplayable[group]
            log.info("a group's survey is heard again", extra={"group": group})
        elif group in self._unplayable or len(self._unplayable) < MOST_GROUPS:
            self._unplayable[group] = files
            log.warning(
                "a survey has recordings that FreeSWITCH cannot play",
                extra={"group": group, "file": ", ".join(files)},
            )
