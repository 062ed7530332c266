"""``record``, ``record_session`` and their like: nothing is written, but the time passes.

Its counterpart is ``routing.py``, which runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx


def record(pbx: Pbx, leg: Channel, data: str) -> None:
    """``PATH [SECONDS]``: as a voicemail does. As in FreeSWITCH a leg that is sent elsewhere
    meanwhile is hung up."""
    path, _, limit = data.partition(" ")
    seconds = limit.split(" ")[0]
    _say(pbx, leg, "RECORD_START", path)
    leg.wait(
        lambda: leg.is_called_away or "#" in leg.digits,
        timeout=float(seconds) if seconds.isdigit() else None,
    )
    _say(pbx, leg, "RECORD_STOP", path)
    if leg.is_called_away:
        pbx.switchboard.hang_up(leg, "DESTINATION_OUT_OF_ORDER")


def record_session(pbx: Pbx, leg: Channel, data: str) -> None:
    """``PATH``: the call is recorded from now on."""
    _say(pbx, leg, "RECORD_START", data)


def stop_record_session(pbx: Pbx, leg: Channel, data: str) -> None:
    """``PATH``."""
    _say(pbx, leg, "RECORD_STOP", data)


def _say(pbx: Pbx, leg: Channel, name: str, path: str) -> None:
    pbx.switchboard.fire(name, leg, last=[("Record-File-Path", path)])
