"""The clocks: the gate compares the end of a block with FreeSWITCH's, the daemon with its own."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.patient import Patient
from fluxcc.marking import _

WARNING_OFFSET, GRAVE_OFFSET = 2.0, 60.0
"""Seconds between the two clocks from which a warning is given, and a grave fault found."""


def check_clock(patient: Patient) -> Iterator[Finding]:
    """FreeSWITCH's clock and ours agree."""
    before = patient.now()
    # FreeSWITCH cuts the fraction off: half a second on average.
    theirs = patient.pbx.clock() + 0.5
    offset = theirs - (before + patient.now()) / 2
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
