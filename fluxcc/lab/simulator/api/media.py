"""``uuid_media``: send the media of a call past the PBX, or bring them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .words import words

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

SUCCESS, FAILED = "+OK Success\n", "-ERR Operation failed\n"


def _media(pbx: Pbx, arguments: str) -> str:
    """``[off] UUID``."""
    found = words(arguments, 2)
    if not found:
        return "-USAGE: [off] <uuid>\n"
    is_off = found[0] == "off"
    leg = pbx.switchboard.find(found[-1])
    if leg is None:
        return FAILED
    partner = leg.bridged_to
    is_called = leg.other is not None and leg.other.kind == "originator"
    if is_off:
        if partner is not None and not leg.is_past:
            pbx.signalling.send_past(*((partner, leg) if is_called else (leg, partner)))
        return SUCCESS
    if not leg.is_past or partner is None:
        return FAILED
    pbx.signalling.bring_back(*((partner, leg) if is_called else (leg, partner)))
    return SUCCESS


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {"uuid_media": _media}
