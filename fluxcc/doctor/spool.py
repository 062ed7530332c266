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
    elif not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        has_surveys = any(group.has_survey for group in installation.set_entries(Group))
        yield (grave if has_surveys else warning)(
            "spool-unreachable",
            _("The survey's spool {folder} is no folder that can be read and written."),
            _("Create it, or let survey.spool name one, writable for FreeSWITCH and the daemon."),
            folder=folder,
        )
