"""Sounds: how long each one plays, and a leg that listens to one.

Its counterparts are the ``playback`` application and the scripts of mod_lua. Nobody hears anything
here, but a recording takes the time that its header says, so that a key can be pressed during it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .channel import Channel

if TYPE_CHECKING:
    from .pbx import Pbx

_TONE = re.compile(r"%\((\d+),(\d+),")
_LOOPS = re.compile(r"loops=(-?\d+)")
_HEAD = 12


def play(
    pbx: Pbx, leg: Channel, sound: str, is_cut_short: Callable[[], bool] = lambda: False
) -> bool:
    """Play ``sound`` to the leg, to its end or until it ``is_cut_short``.

    False where there is no such sound, or where the leg's media are passed on unseen; it then
    returns at once and fires no event.
    """
    if leg.is_passed_on:
        return False
    try:
        length = seconds(sound, Path(pbx.configuration.variables["sounds_dir"]))
    except OSError:
        return False
    path = [("Playback-File-Path", sound)]
    pbx.switchboard.fire("PLAYBACK_START", leg, last=path)
    leg.wait(lambda: leg.is_called_away or is_cut_short(), timeout=length)
    pbx.switchboard.fire("PLAYBACK_STOP", leg, last=path)
    return True


def seconds(sound: str, folder: Path) -> float | None:
    """Seconds that it plays; None for ever. Raises ``OSError`` where there is no such file."""
    kind, is_stream, settings = sound.partition("_stream://")
    if not is_stream:
        return _seconds_of_file((folder / sound).read_bytes())
    if kind == "silence":
        length = settings.split(",")[0]
        return None if length.startswith("-") else int(length or 0) / 1000
    loops = _LOOPS.search(settings)
    rounds = int(loops[1]) if loops else 1
    if rounds < 0:
        return None
    return rounds * sum(int(on) + int(off) for on, off in _TONE.findall(settings)) / 1000


def _seconds_of_file(data: bytes) -> float:
    """The seconds in a WAV's header, for any codec; 0 for any other file."""
    if data[:4] != b"RIFF" or data[8:_HEAD] != b"WAVE":
        return 0.0
    rate, position = 0, _HEAD
    while position + 8 <= len(data):
        name, size = (
            data[position : position + 4],
            int.from_bytes(data[position + 4 :][:4], "little"),
        )
        if name == b"fmt ":
            rate = int.from_bytes(data[position + 16 :][:4], "little")
        elif name == b"data":
            return size / rate if rate else 0.0
        position += 8 + size + size % 2
    return 0.0
