"""The clocks of FreeSWITCH, by which blocks end, and of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.installation import Installation
from fluxcc.marking import _

WARNING_OFFSET, GRAVE_OFFSET = 2.0, 60.0
"""Seconds between the two clocks from which a warning is given, and a grave fault found."""


def check_clock(installation: Installation) -> Iterator[Finding]:
    """FreeSWITCH's clock and ours agree."""
    before = installation.now()
    # FreeSWITCH cuts the fraction off: half a second on average.
    theirs = installation.pbx.clock() + 0.5
    offset = theirs - (before + installation.now()) / 2
    if abs(offset) < WARNING_OFFSET:
        return
    finding = grave if abs(offset) >= GRAVE_OFFSET else warning
    yield finding(
        "clock-off",
        _("FreeSWITCH's clock is {seconds} s away from ours: blocks end too early or too late."),
        _(
            "Let both machines keep their time by NTP (timedatectl set-ntp true), then run: fs_cli"
            " -x 'fsctl sync_clock'."
        ),
        seconds=round(offset),
    )
