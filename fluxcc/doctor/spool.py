"""The spool: the folder into which the survey's script writes answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.domain.provisioning import Group
from fluxcc.kit.names import SPOOL_VARIABLE
from fluxcc.marking import _


def check_spool(installation: Installation) -> Iterator[Finding]:
    """The script and the daemon use the same folder, and it can be used."""
    wanted = installation.settings.survey.spool
    written = installation.pbx.variable(SPOOL_VARIABLE) or installation.pbx.variable("storage_dir")
    if wanted and Path(wanted) != Path(written):
        yield warning(
            "spool-elsewhere",
            _("The survey's script leaves its answers in {written}, the daemon looks in {wanted}."),
            _("Set the global variable {variable} in vars.xml to survey.spool."),
            written=written or "-",
            wanted=wanted,
            variable=SPOOL_VARIABLE,
        )
    folder = Path(wanted or written)
    if not installation.is_beside_pbx and not wanted:
        yield skipped(
            "spool-on-another-machine",
            _(
                "The spool is on FreeSWITCH's machine: what surveys say while the daemon is down"
                " is lost."
            ),
            _("Share a folder between the two machines and name it in survey.spool."),
        )
        return
    fault = grave if any(group.has_survey for group in installation.set_entries(Group)) else warning
    found = installation.pbx.survey_faults(Group(""))
    if found is not None and found.spool:
        yield fault(
            "spool-not-written",
            _("FreeSWITCH cannot write the survey's answers: {reason}"),
            _("Let the user that FreeSWITCH runs as write there, or name another folder."),
            reason=found.spool,
        )
    yield from _files_left(installation, folder)
    reason = _unread(installation, folder)
    if reason:
        yield fault(
            "spool-not-read",
            _("The daemon cannot take in the survey's answers: {reason}"),
            _(
                "Give the service FusionPBX's drop-in, systemd/fusionpbx.conf (docs/fusionpbx.md),"
                " then: systemctl restart fluxcc"
            )
            if installation.server.is_fusionpbx
            else _(
                "Let the service's own user, fluxcc, list, read and delete there; after a restart"
                " (systemctl restart fluxcc) it may, in FreeSWITCH's usual folders."
            ),
            reason=reason,
        )


def _files_left(installation: Installation, folder: Path) -> Iterator[Finding]:
    """The daemon's word about single files; none where it does not answer."""
    try:
        files = installation.ask_daemon().spool_files
    except (OSError, ValueError):
        return
    for file, reason in files.items():
        yield warning(
            "spool-file-left",
            _("{file} stays in the survey's spool: {reason}"),
            _(
                "Where it is a survey's file, let the service's user read and delete it; otherwise"
                " take it out of {folder}."
            ),
            file=file,
            reason=reason,
            folder=str(folder),
        )


def _unread(installation: Installation, folder: Path) -> str:
    """Why the spool cannot be read: in the words of the daemon, which is the one that reads it;
    where it does not answer, as far as the person who runs ``doctor`` can see."""
    try:
        failures = installation.ask_daemon().spool_unread
    except (OSError, ValueError):
        is_usable = folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)
        return "" if is_usable else str(folder)
    return failures
