"""What a plan asks FreeSWITCH about before it decides.

Counterparts: ``actions.rules``, whose look-ups these are, and ``ports.Pbx``. A question that is not
answered refuses nothing: the commands that follow will tell what is wrong with FreeSWITCH.
"""

from __future__ import annotations

from fluxcc.core.ports import Pbx
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxError
from fluxcc.domain.media import Media


class Surroundings:
    """One per daemon."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def room_members(self, room: str) -> frozenset[str]:
        """The legs in that conference."""
        try:
            return self._pbx.members_of(room)
        except PbxError:
            return frozenset()

    def agent_context(self, agent: Agent) -> str:
        """The dialplan context of the agent's telephone, as the directory has it; empty where it
        does not tell."""
        try:
            return self._pbx.user_context(agent)
        except PbxError:
            return ""

    def media_of(self, leg: str) -> Media:
        """The way of the media of the bridge whose originatee this leg is."""
        try:
            return self._pbx.media_of(leg)
        except PbxError:
            return Media.UNKNOWN
