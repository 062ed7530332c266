"""mod_callcenter's people: agents, the queues they serve, and the callers who wait there.

Their counterpart is ``callcenter.py``, which brings them together.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from .channel import Channel, Headers

CALLBACK, STANDBY = TYPES = ("callback", "uuid-standby")
"""An agent is called for each call, or stays connected between calls."""
STATUSES = ("Available", "Available (On Demand)", "On Break", "Logged Out")
STATES = ("Waiting", "Receiving", "In a queue call", "Idle", "Reserved")


@dataclass
class Agent:
    """One agent, with what the configuration says and what happened since."""

    name: str
    kind: str = CALLBACK
    contact: str = ""
    status: str = "Logged Out"
    max_no_answer: int = 0
    wrap_up_time: int = 0
    reject_delay_time: int = 0
    busy_delay_time: int = 0
    state: str = field(default="Waiting", init=False)
    session: str = field(default="", init=False)
    last_bridge_start: float = field(default=0, init=False)
    last_bridge_end: float = field(default=0, init=False)
    last_offered_call: float = field(default=0, init=False)
    last_status_change: float = field(default_factory=time.time, init=False)
    ready_time: float = field(default=0, init=False)
    no_answer_count: int = field(default=0, init=False)
    calls_answered: int = field(default=0, init=False)

    def can_take_a_call(self) -> bool:
        """Free, and the time after the last call is over."""
        is_rested = self.last_bridge_end + self.wrap_up_time <= time.time()
        is_ready = self.ready_time <= time.time()
        return self.status == "Available" and self.state == "Waiting" and is_rested and is_ready


@dataclass
class Member:
    """One caller in a queue."""

    leg: Channel
    queue: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    joined: float = field(default_factory=time.time)
    state: str = "Waiting"
    agent: str = ""
    is_taken: bool = False
    """An agent has answered."""
    bridged: float = 0

    def headers(self) -> Headers:
        """The member in a callcenter::info event."""
        profile = self.leg.profile
        return [
            ("CC-Member-UUID", self.uuid),
            ("CC-Member-Session-UUID", self.leg.uuid),
            ("CC-Member-CID-Name", profile.caller_name),
            ("CC-Member-CID-Number", profile.caller_number),
        ]

    def dialled(self) -> tuple[str, str]:
        """The header that tells what the caller had dialled."""
        return "CC-Member-DNIS", self.leg.profile.rdnis


@dataclass
class Tier:
    """An agent's place in a queue."""

    queue: str
    agent: Agent
    level: int
    position: int
    state: str = "Ready"
