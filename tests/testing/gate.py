"""Whether the gate lets a caller in, tried by calling."""

from __future__ import annotations

from fluxcc.lab.port import Lab, LabError

ENDED_WITHIN = 5.0
"""Seconds; who is let in talks for longer."""


def is_refused(lab: Lab, number: str, destination: str = "1000") -> bool:
    """Whether this caller is refused before any answer, as a blocked one is; one whose call comes
    to nothing in another way is neither refused nor let in, and that is an error."""
    caller = lab.call(number, destination)
    try:
        caller.wait_answered()
    except LabError:
        if caller.wait_ended() != 603:
            raise
        return True
    caller.hang_up()
    return False


def is_turned_away(lab: Lab, number: str, destination: str = "1000") -> bool:
    """Whether this caller is refused, or ended as soon as the daemon hears of the call: the
    telephone may have answered before that, on a machine that is busy."""
    caller = lab.call(number, destination)
    try:
        return caller.wait_ended(ENDED_WITHIN) in {200, 603}
    except LabError:
        caller.hang_up()
        return False
