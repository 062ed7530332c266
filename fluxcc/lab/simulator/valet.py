"""mod_valet_parking: who is parked where, and valet_parking::info.

Its counterpart is the application ``valet_park``.
"""

from __future__ import annotations

import gevent

from .bridging import Bridges
from .channel import Channel, Headers
from .events import EventBus
from .switchboard import Switchboard

SUBCLASS = "valet_parking::info"


class ValetParking:
    """All lots."""

    def __init__(self, bus: EventBus, switchboard: Switchboard, bridges: Bridges) -> None:
        self._bus = bus
        self._switchboard = switchboard
        self._bridges = bridges
        self._parked: dict[tuple[str, str], Channel] = {}

    def park(self, leg: Channel, text: str) -> None:
        """``LOT EXTENSION``: wait there, or talk to the leg that waits there."""
        lot, _, extension = text.partition(" ")
        place = lot, extension
        self._switchboard.answer(leg)
        waiting = self._parked.get(place)
        if waiting is not None and not waiting.is_called_away:
            self._say(waiting, place, "bridge")
            self._bridges.bridge_now(waiting, leg)
            return
        self._parked[place] = leg
        self._say(leg, place, "hold")
        leg.wait(lambda: leg.is_called_away)
        gevent.sleep(0)
        self._say(leg, place, "exit")
        if self._parked.get(place) is leg:
            del self._parked[place]

    def _say(self, leg: Channel, place: tuple[str, str], action: str) -> None:
        lot, extension = place
        what: Headers = [
            ("Valet-Lot-Name", lot),
            ("Valet-Extension", extension),
            ("Action", action),
        ]
        self._bus.fire("CUSTOM", [*leg.headers(), *what], subclass=SUBCLASS)
