"""The survey's recordings, as FreeSWITCH's own user sees them."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.doctor.served import install_command
from fluxcc.domain.provisioning import Group, key
from fluxcc.marking import _


def check_prompts(installation: Installation) -> Iterator[Finding]:
    """FreeSWITCH can play what each group's customers are to hear.

    FreeSWITCH itself is asked: what root can read tells nothing about another user.
    """
    groups = [
        group
        for group in installation.set_entries(Group)
        if group.has_survey and not group.destination
    ]
    # Without a survey, those of the kit: a supervisor may switch one on at any time.
    for group in groups or [Group("")]:
        found = installation.pbx.survey_faults(group)
        if found is None:
            yield skipped(
                "prompts-not-tried",
                _("FreeSWITCH did not run the survey's script, which tries its recordings."),
                _("See what is said of FreeSWITCH's modules (mod_lua) and of the kit's scripts."),
            )
            return
        if found.unplayable:
            yield (grave if groups else warning)(
                "prompts-unplayable",
                _("FreeSWITCH cannot play recordings of the survey of group {group}: {files}")
                if groups
                else _("FreeSWITCH cannot play recordings of the survey: {files}"),
                _(
                    "Let the user that FreeSWITCH runs as read these files, and enter every folder"
                    " above them. Where they are missing, run: {install}"
                ),
                install=install_command(installation),
                group=key(group),
                files=", ".join(found.unplayable),
            )
