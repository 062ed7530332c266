"""Publishes what the kit's dialplan reads: settings, blocks and rooms to mod_hash, and the rules by
which the gates tell whose number a caller ID is, as global variables.

mod_hash is empty after a restart of FreeSWITCH and after a reload of the module. Counterparts:
``blocks.gate_table`` and ``provisioning`` publish single changes; ``daemon.session`` calls
``publish_all`` after a connect and ``repair`` from time to time.
"""

from __future__ import annotations

import logging
from enum import Enum, auto

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.domains import Domains
from fluxcc.core.ports import Pbx, Runtime
from fluxcc.core.provisioning import Provisioning
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxError, PbxRejectedError

AGENTS_WAIT = 0.1
"""Seconds between two looks whether everything else is published."""

log = logging.getLogger(__name__)


class Published(Enum):
    """How much of settings, blocks and rooms is in mod_hash."""

    NOTHING = auto()
    """Perhaps nothing: it was not published since the last connect, or FreeSWITCH did not take
    it."""
    PARTLY = auto()
    """It is being published now."""
    ALL = auto()


class Publisher:
    """One per daemon."""

    def __init__(
        self,
        pbx: Pbx,
        blocking: Blocking,
        provisioning: Provisioning,
        domains: Domains,
        runtime: Runtime,
        settings: dict[str, str],
        rules: dict[str, str],
    ) -> None:
        """``settings`` are those that the kit's dialplan reads: key in mod_hash → value; ``rules``
        the gates': global variable → value."""
        self._pbx = pbx
        self._table = blocking.table
        self._domains = domains
        self._runtime = runtime
        self._appeared: set[Agent] = set()
        """Agents whose rooms are still to be published."""
        self._were_several = False
        """Whether several SIP domains were known when rooms were last published."""
        self._provisioning = provisioning
        self._settings = settings
        self._rules = rules
        self.state = Published.NOTHING

    @property
    def is_done(self) -> bool:
        """Whether mod_hash took everything since the last connect, as far as is known."""
        return self.state is Published.ALL and self._table.is_told

    def doubt(self) -> None:
        """FreeSWITCH is connected anew, and may have been restarted: nothing counts as published
        until it is."""
        if self.state is Published.ALL:
            self.state = Published.NOTHING

    def publish_all(self) -> None:
        """Publish everything, the newest block first. What FreeSWITCH does not take is logged, and
        ``repair`` tries again."""
        try:
            self._publish_all()
        except PbxRejectedError as error:
            # Calls are still ended, and refused by the daemon itself, without mod_hash.
            log.error("mod_hash does not take the blocks", extra={"error": str(error)})
        except PbxError as error:
            log.warning("the blocks were not published", extra={"reason": str(error)})

    def repair(self) -> None:
        """Publish again what mod_hash does not have. Raises ``PbxError`` where FreeSWITCH does not
        answer."""
        if self.state is Published.PARTLY or (self.is_done and self._is_known()):
            return
        # FreeSWITCH was not ready, or mod_hash was loaded anew and knows nothing any more.
        try:
            self._publish_all()
        except PbxRejectedError as error:
            log.warning("mod_hash does not take the blocks yet", extra={"error": str(error)})
        else:
            log.warning("blocks, rooms and settings were published again")

    def _publish_all(self) -> None:
        self.state = Published.PARTLY
        try:
            # The rules first: a gate without them does not find a block's key.
            self._publish_settings()
            self._table.publish_all()
            self._provisioning.publish_all()
            self.state = Published.ALL
        finally:
            if self.state is Published.PARTLY:
                self.state = Published.NOTHING

    def renew(self) -> None:
        """mod_hash was loaded anew, and has nothing: publish everything at once."""
        self._table.doubt()
        while self.state is Published.PARTLY:
            self._runtime.sleep(AGENTS_WAIT)
        if not self.is_done:
            self.publish_all()

    def agent_appeared(self, agent: Agent) -> None:
        """An extension has another SIP domain now, and its room there is to be published, beside
        the caller; before everything was published it is published with the rest."""
        is_begun = bool(self._appeared)
        self._appeared.add(agent)
        if not is_begun:
            self._runtime.spawn(self._publish_rooms)

    def _publish_rooms(self) -> None:
        while self.state is Published.PARTLY:
            self._runtime.sleep(AGENTS_WAIT)
        agents, self._appeared = self._appeared, set()
        are_several, self._were_several = self._were_several, self._domains.are_several
        if not self.is_done or not self._were_several:
            return
        try:
            if are_several:
                self._provisioning.publish_for(agents)
            else:
                self._provisioning.publish_all()
        except PbxError as error:
            self.state = Published.NOTHING
            log.warning("the rooms were not published to mod_hash", extra={"reason": str(error)})

    def configure(self, settings: dict[str, str], rules: dict[str, str]) -> None:
        """Make these settings and rules known to the dialplan of the kit, now and after each
        connect."""
        self._settings |= settings
        self._rules = rules
        if self._pbx.is_connected:
            try:
                self._publish_settings()
            except PbxError as error:
                log.warning(
                    "the settings were not published to mod_hash; they are after the next connect",
                    extra={"reason": str(error)},
                )

    def _publish_settings(self) -> None:
        try:
            self._pbx.publish_rules(self._rules)
        except PbxRejectedError as error:
            # The gate then knows the usual spellings, which are published with each block.
            log.error("the gates' rule was not taken", extra={"error": str(error)})
        for key, value in self._settings.items():
            self._pbx.publish_setting(key, value)

    def _is_known(self) -> bool:
        return all(map(self._pbx.has_setting, self._settings))
