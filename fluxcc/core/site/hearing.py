"""Waits for a site's hints, and wakes whom each is for. Apart from ``reading``: a request of
another node must not wait while changes are applied.

Counterparts: ``core.site.port``; ``reading`` looks for changes, ``forwarding`` for mail; a job of
``daemon.jobs`` calls ``step``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fluxcc.core.backoff import Backoff
from fluxcc.core.ports import Runtime
from fluxcc.core.site.port import Site
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import MAIL, Hint

WAIT = 2.0
"""Seconds for which a hint is waited for at once."""
NOT_OPEN_PAUSE = 0.1
"""Seconds until it is looked again whether the site is open."""
FIRST_DEAF, LONGEST_DEAF = 2.0, 30.0
"""Seconds between tries to hear where that failed though the site can be read."""

log = logging.getLogger(__name__)


class Hearing:
    """One per daemon that is in a site."""

    def __init__(self, site: Site, apart: Runtime) -> None:
        """``apart`` has native threads of its own, on one of which the hints are waited for."""
        self._site = site
        self._apart = apart
        self._deafness = Backoff(FIRST_DEAF, LONGEST_DEAF)
        self._misses = 0
        """How often in a row no hint could be waited for though the site was open."""
        self.may_begin: Callable[[], bool] = lambda: True
        """Tells whether the site is open."""
        self.changed: Callable[[], None] = lambda: None
        """Called when there may be changes."""
        self.mail_came: Callable[[Hint], None] = lambda hint: None
        """Called when there may be requests or replies for this node."""
        self.lost: Callable[[], None] = lambda: None
        """Called when the server may have gone, and another one have become the leader."""

    def step(self) -> float:
        """Wait for a hint and pass it on; the seconds until the next step."""
        if not self.may_begin():
            if self._misses > 1:
                self._hear_again()
            return NOT_OPEN_PAUSE
        try:
            hint: Hint = self._apart.offload(self._site.wait, WAIT)
        except SiteUnavailableError as error:
            return self._miss(error)
        if self._misses:
            self._hear_again()
        if hint & MAIL:
            self.mail_came(hint)
        if Hint.CHANGES in hint:
            self.changed()
        return 0.0

    def _hear_again(self) -> None:
        self._misses = 0
        self._deafness.reset()

    def _miss(self, error: SiteUnavailableError) -> float:
        """Hints come no more: have it looked at once whether the site is there, and where it is,
        go on without them. The seconds until the next step."""
        self._misses += 1
        if self._misses == 1:
            self.lost()
            return NOT_OPEN_PAUSE
        if self._misses == 2:
            log.warning("no hints come from the site", extra={"error": str(error)})
        return self._deafness.next()
