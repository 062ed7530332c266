"""The clocks: the gate compares the end of a block with FreeSWITCH's, the daemon with its own."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.patient import Patient
from fluxcc.marking import _

NOTICED, TOO_MUCH = 2.0, 60.0
"""Seconds between the two clocks."""


def check_clock(patient: Patient) -> Iterator[Finding]:
    """FreeSWITCH's clock and ours agree."""
    before = patient.now()
    theirs = patient.pbx.clock() + 0.5  # whole seconds, cut off
    offset = theirs - (before + patient.now()) / 2
    if abs(offset) < NOTICED:
        return
    tell = grave if abs(offset) >= TOO_MUCH else warning
    yield tell(
        "clock-off",
        _("FreeSWITCH's clock is {seconds} s away from ours: blocks end too early or too late."),
        _(
            "Let both machines keep their time by NTP (timedatectl set-ntp true), then run: fs_cli"
            " -x 'fsctl sync_clock'."
        ),
        seconds=round(offset),
    )
