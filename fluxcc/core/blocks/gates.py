"""What is known of the gates in the dialplan contexts by which blocked callers came.

An answer ages and is asked for again, as nothing tells of every change: FreeSWITCH tells that its
files were read again, FusionPBX that its cache was emptied, and a back end of mod_xml_curl tells
nothing. Counterparts: ``attempts`` (asks before it leaves a blocked caller to the gate), ``status``
and the metrics (tell where no gate was seen).
"""

from __future__ import annotations

import logging

import msgspec

from fluxcc.core.ports import Clock, Latch, Pbx, Runtime
from fluxcc.domain.errors import PbxError
from fluxcc.domain.sight import Sight

MOST_AGE = 60.0
"""Seconds after which a context is asked about again."""
SETTLING = 1.0
"""Seconds for which a dialplan may go on changing after it was told to have changed: FusionPBX
tells of it before it deletes from its cache (``resources/classes/cache.php``)."""
PATIENCE = 0.1
"""Seconds for which a blocked caller's leg waits for an answer; the gate itself needs less."""
STEP = 1.0
REMEMBERED = 86_400.0
"""Seconds after the last blocked caller for which a context is looked at."""

log = logging.getLogger(__name__)


_Place = tuple[str, bool]
"""A context, and whether the gate of its domain is meant."""


class _Look(msgspec.Struct):
    """What was seen in one context. Moments are the monotonic clock's."""

    sight: Sight
    until: float
    """When it has to be asked again."""
    visited: float
    """When a blocked caller last came by."""


class Gates:
    """One per daemon."""

    def __init__(self, pbx: Pbx, runtime: Runtime, clock: Clock) -> None:
        self._pbx = pbx
        self._runtime = runtime
        self._clock = clock
        self._looks: dict[_Place, _Look] = {}
        self._asking: dict[_Place, Latch] = {}
        self._settled_at = 0.0

    def with_sight(self, sight: Sight) -> list[str]:
        """The contexts of which this is known."""
        return sorted({place[0] for place, look in self._looks.items() if look.sight is sight})

    def look(self, context: str, *, of_domain: bool = False) -> Sight:
        """Whether the gate in that context (or the one of its domain) refuses a blocked caller who
        has come by it now. Where the answer takes too long, it cannot be seen."""
        now = self._clock.monotonic()
        place = context, of_domain
        known = self._looks.get(place)
        if known is not None:
            known.visited = now
            if now < known.until:
                return known.sight
        seen: Sight | None = self._ask(place).wait(PATIENCE)
        return seen or Sight.UNSEEN

    def doubt(self) -> None:
        """The dialplan may have changed: every answer has to be asked for again."""
        now = self._clock.monotonic()
        self._settled_at = now + SETTLING
        for look in self._looks.values():
            look.until = now

    def step(self) -> float:
        """Ask again what is too old, and forget where no blocked caller comes any more; the seconds
        until the next step."""
        now = self._clock.monotonic()
        for place, look in list(self._looks.items()):
            if now > look.visited + REMEMBERED:
                del self._looks[place]
            elif look.until <= now and self._settled_at <= now and self._pbx.is_connected:
                self._ask(place)
        return STEP

    def _ask(self, place: _Place) -> Latch:
        """Ask in a greenlet of its own, once for all who wait; the latch gets the answer."""
        latch = self._asking.get(place)
        if latch is None:
            latch = self._asking[place] = self._runtime.latch()
            self._runtime.spawn(self._answer, place, latch)
        return latch

    def _answer(self, place: _Place, latch: Latch) -> None:
        context, of_domain = place
        asked_at = self._clock.monotonic()
        try:
            sight = self._pbx.gate_in(context, of_domain=of_domain)
        except PbxError as error:
            log.info("a context was not read", extra={"context": context, "error": str(error)})
            sight = Sight.UNSEEN
        finally:
            del self._asking[place]
        known = self._looks.get(place)
        if known is None or known.sight is not sight:
            _tell(context, sight)
        visited = known.visited if known is not None else asked_at
        # An answer that was given while the dialplan still changed holds until it no longer does.
        is_settled = self._settled_at <= asked_at
        until = asked_at + MOST_AGE if is_settled else self._settled_at
        self._looks[place] = _Look(sight, until, visited)
        latch.set(sight)


def _tell(context: str, sight: Sight) -> None:
    if sight is Sight.MISSING:
        log.warning(
            "the gate is missing from a dialplan context; blocked callers are ended by the"
            " daemon, and not at all while it is down: let the context take the kit's gate in as"
            " its first extension, fluxcc doctor says how",
            extra={"context": context},
        )
    elif sight is Sight.OUTDATED:
        log.warning(
            "the gate in a dialplan context is an older kit's, which knows a blocked number by its"
            " usual spellings alone; the daemon ends the calls of others, and not while it is down:"
            " fluxcc kit install",
            extra={"context": context},
        )
    elif sight is Sight.UNSEEN:
        log.warning(
            "a dialplan context cannot be read, so that nobody knows whether it has the gate;"
            " blocked callers are ended by the daemon there: find out by fluxcc doctor --call",
            extra={"context": context},
        )
