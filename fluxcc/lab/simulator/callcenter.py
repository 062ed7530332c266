"""mod_callcenter: queues, agents and their states, callcenter::info.

Its counterparts are the ``callcenter`` application and the ``callcenter_config`` command
(``api/callcenter.py``). The one strategy it knows is the lab's, ``longest-idle-agent``.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import gevent

from .bridging import Bridges
from .channel import Channel, Headers
from .configuration import Configuration
from .dialing import Dialer, UnreachableError
from .events import EventBus, Value

SUBCLASS = "callcenter::info"

STATUSES = ("Available", "Available (On Demand)", "On Break", "Logged Out")
STATES = ("Waiting", "Receiving", "In a queue call", "Idle", "Reserved")

LOOK_FOR_AGENTS = 0.02
"""Seconds between two searches for a free agent while a member waits."""

SETTLE = 0.02
"""Seconds from the end of the agent's leg until the queue notices; FreeSWITCH polls, too."""


@dataclass
class Agent:
    """One agent, with what the configuration says and what happened since."""

    name: str
    contact: str
    status: str
    max_no_answer: int
    wrap_up_time: int
    reject_delay_time: int
    busy_delay_time: int
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


@dataclass
class Tier:
    """An agent's place in a queue."""

    queue: str
    agent: Agent
    level: int
    position: int
    state: str = "Ready"


class CallCenter:
    """All queues, agents and waiting members."""

    def __init__(
        self, bus: EventBus, dialer: Dialer, bridges: Bridges, configuration: Configuration
    ) -> None:
        self._bus = bus
        self._dialer = dialer
        self._bridges = bridges
        self.queues: dict[str, dict[str, str]] = {}
        self.agents: dict[str, Agent] = {}
        self.tiers: list[Tier] = []
        self.members: list[Member] = []
        self._read(configuration)

    def queue_member(self, leg: Channel, queue: str) -> None:
        """The ``callcenter`` application: wait in ``queue`` until an agent takes the call."""
        if queue not in self.queues:
            # FreeSWITCH logs that the queue is unknown and goes on with the dialplan.
            return
        member = Member(leg, queue)
        self.members.append(member)
        leg.variables |= {
            "cc_side": "member",
            "cc_member_uuid": member.uuid,
            "cc_queue_joined_epoch": _epoch(member.joined),
            "cc_queue": queue,
        }
        self._fire(queue, "member-queue-start", member.headers(), about=leg)
        self._count(queue)
        gevent.spawn(self._serve, member)
        music: Headers = [("Playback-File-Path", self.queues[queue].get("moh-sound", ""))]
        self._bus.fire("PLAYBACK_START", [*leg.headers(), *music])
        leg.wait(lambda: leg.is_called_away)
        self._bus.fire("PLAYBACK_STOP", [*leg.headers(), *music])
        if member.state in ("Waiting", "Trying"):
            self._abandon(member)

    def set_status(self, agent: Agent, status: str) -> None:
        """Change an agent's status, as a supervisor or too many unanswered calls do."""
        agent.status = status
        agent.last_status_change = time.time()
        self._fire_about_agent(agent, "agent-status-change", ("CC-Agent-Status", status))

    def set_state(self, agent: Agent, state: str) -> None:
        """Change an agent's state."""
        agent.state = state
        for tier in self.tiers:
            if tier.agent is agent:
                tier.state = {"Receiving": "Offering", "In a queue call": "Active Inbound"}.get(
                    state, "Ready"
                )
        self._fire_about_agent(agent, "agent-state-change", ("CC-Agent-State", state))

    def fire_query(self, agent: Agent, what: str) -> None:
        """Fire the event that FreeSWITCH makes of a query of a state or a status."""
        value = agent.state if what == "state" else agent.status
        self._fire_about_agent(agent, f"agent-{what}-get", (f"CC-Agent-{what.title()}", value))

    def _read(self, configuration: Configuration) -> None:
        module = configuration.module("callcenter.conf")
        if module is None:
            return
        for queue in module.iterfind("queues/queue"):
            self.queues[queue.get("name", "")] = {
                param.get("name", ""): param.get("value", "") for param in queue.iterfind("param")
            }
        for element in module.iterfind("agents/agent"):
            agent = Agent(
                name=element.get("name", ""),
                contact=element.get("contact", ""),
                status=element.get("status", "Logged Out"),
                max_no_answer=int(element.get("max-no-answer", "0")),
                wrap_up_time=int(element.get("wrap-up-time", "0")),
                reject_delay_time=int(element.get("reject-delay-time", "0")),
                busy_delay_time=int(element.get("busy-delay-time", "0")),
            )
            self.agents[agent.name] = agent
        for element in module.iterfind("tiers/tier"):
            known = self.agents.get(element.get("agent", ""))
            if known is not None:
                self.tiers.append(
                    Tier(
                        queue=element.get("queue", ""),
                        agent=known,
                        level=int(element.get("level", "1")),
                        position=int(element.get("position", "1")),
                    )
                )

    def _serve(self, member: Member) -> None:
        """Offer the member to one free agent after the other until one takes the call."""
        while member.state == "Waiting" and not member.leg.is_called_away:
            gevent.sleep(LOOK_FOR_AGENTS)
            agent = self._longest_idle(member.queue)
            if agent is not None and not member.leg.is_called_away:
                with member.leg.held():
                    self._offer(member, agent)

    def _longest_idle(self, queue: str) -> Agent | None:
        free = [t for t in self.tiers if t.queue == queue and t.agent.can_take_a_call()]
        free.sort(key=lambda tier: (tier.level, tier.agent.last_bridge_end, tier.position))
        return free[0].agent if free else None

    def _offer(self, member: Member, agent: Agent) -> None:
        member.state = "Trying"
        member.agent = agent.name
        agent.last_offered_call = called = time.time()
        self.set_state(agent, "Receiving")
        offer: Headers = [("CC-Agent", agent.name), ("CC-Agent-Type", "callback")]
        self._fire(
            member.queue,
            "agent-offering",
            [*offer, ("CC-Agent-System", "single_box"), *member.headers()],
        )
        try:
            leg = self._dialer.dial(
                agent.contact, on_behalf_of=member.leg, extra=_agent_variables(member, agent)
            )
        except UnreachableError as failure:
            self._not_taken(member, agent, called, failure.cause)
            return
        with leg.held():
            self._connect(member, agent, leg, called)

    def _not_taken(self, member: Member, agent: Agent, called: float, cause: str) -> None:
        if member.state == "Trying":
            member.state, member.agent = "Waiting", ""
        fail: Headers = [
            ("CC-Hangup-Cause", cause),
            ("CC-Agent", agent.name),
            ("CC-Agent-System", "single_box"),
            ("CC-Agent-Called-Time", _epoch(called)),
            ("CC-Agent-Aborted-Time", _epoch(time.time())),
        ]
        joined: Headers = [("CC-Member-Joined-Time", _epoch(member.joined))]
        self._fire(member.queue, "bridge-agent-fail", [*fail, *member.headers(), *joined])
        delay = {"USER_BUSY": agent.busy_delay_time, "CALL_REJECTED": agent.reject_delay_time}
        agent.ready_time = time.time() + delay.get(cause, 0)
        if cause == "NO_ANSWER":
            agent.no_answer_count += 1
            if agent.max_no_answer and agent.no_answer_count >= agent.max_no_answer:
                agent.no_answer_count = 0
                self.set_status(agent, "On Break")
        self.set_state(agent, "Waiting")

    def _connect(self, member: Member, agent: Agent, leg: Channel, called: float) -> None:
        answered = time.time()
        times: Headers = [
            ("CC-Agent-Called-Time", _epoch(called)),
            ("CC-Agent-Answered-Time", _epoch(answered)),
        ]
        who: Headers = [
            ("CC-Agent", agent.name),
            ("CC-Agent-System", "single_box"),
            ("CC-Agent-UUID", leg.uuid),
        ]
        joined: Headers = [("CC-Member-Joined-Time", _epoch(member.joined))]
        self._fire(
            member.queue,
            "bridge-agent-start",
            [*who, *times, *joined, *member.headers()],
            about=leg,
        )
        member.state, member.bridged = "Answered", answered
        agent.session, agent.last_bridge_start = leg.uuid, answered
        agent.no_answer_count = 0
        agent.calls_answered += 1
        member.leg.variables |= {"cc_agent_uuid": leg.uuid, "cc_cause": "answered"}
        self._count(member.queue)
        self._bridges.bridge_now(member.leg, leg)
        leg.wait(lambda: leg.is_ended or leg.bridged_to is not None)
        member.leg.variables |= {
            "cc_agent_bridged": "true",
            "cc_agent": agent.name,
            "cc_queue_answered_epoch": _epoch(answered),
        }
        leg.variables["cc_agent_bridged"] = "true"
        self.set_state(agent, "In a queue call")

        # An agent who is moved to a room stays in the call until their own leg ends.
        leg.wait(lambda: leg.is_ended)
        gevent.sleep(SETTLE)
        ended = time.time()
        success: Headers = [("CC-Hangup-Cause", "SUCCESS")]
        bridged: Headers = [("CC-Agent-Bridged", "true")]
        terminated: Headers = [("CC-Bridge-Terminated-Time", _epoch(ended))]
        self._fire(
            member.queue,
            "bridge-agent-end",
            [*success, *who, *bridged, *times, *joined, *terminated, *member.headers()],
            about=leg,
        )
        member.leg.variables["cc_queue_terminated_epoch"] = _epoch(ended)
        left: Headers = [("CC-Member-Leaving-Time", _epoch(ended))]
        self._fire(
            member.queue,
            "member-queue-end",
            [*success, ("CC-Cause", "Terminated"), *who, *times, *left, *joined, *member.headers()],
            about=member.leg,
        )
        self.members.remove(member)
        agent.session, agent.last_bridge_end = "", ended
        self.set_state(agent, "Waiting")

    def _abandon(self, member: Member) -> None:
        member.state = "Abandoned"
        self.members.remove(member)
        now = _epoch(time.time())
        member.leg.variables |= {
            "cc_queue_canceled_epoch": now,
            "cc_cause": "cancel",
            "cc_cancel_reason": "BREAK_OUT",
        }
        left: Headers = [
            ("CC-Member-Leaving-Time", now),
            ("CC-Member-Joined-Time", _epoch(member.joined)),
            ("CC-Cause", "Cancel"),
            ("CC-Cancel-Reason", "BREAK_OUT"),
        ]
        self._fire(member.queue, "member-queue-end", [*left, *member.headers()], about=member.leg)
        self._count(member.queue)

    def _count(self, queue: str) -> None:
        count = sum(1 for member in self.members if member.queue == queue)
        headers: Headers = [("CC-Count", str(count)), ("CC-Selection", "Single-Queue")]
        self._fire(queue, "members-count", headers)

    def _fire(
        self, queue: str, action: str, headers: Headers, *, about: Channel | None = None
    ) -> None:
        first: Headers = about.headers() if about is not None else []
        named: Headers = [("CC-Queue", queue), ("CC-Action", action)]
        self._bus.fire("CUSTOM", [*first, *named, *headers], subclass=SUBCLASS)

    def _fire_about_agent(self, agent: Agent, action: str, said: tuple[str, Value]) -> None:
        headers: Headers = [("CC-Agent", agent.name), ("CC-Action", action), said]
        self._bus.fire("CUSTOM", headers, subclass=SUBCLASS)


def _agent_variables(member: Member, agent: Agent) -> dict[str, Value]:
    profile = member.leg.profile
    return {
        "cc_queue": member.queue,
        "cc_queue_joined_epoch": _epoch(member.joined),
        "cc_member_uuid": member.uuid,
        "cc_member_session_uuid": member.leg.uuid,
        "cc_member_pre_answer_uuid": member.uuid,
        "cc_agent": agent.name,
        "cc_agent_type": "callback",
        "cc_side": "agent",
        "ignore_early_media": "true",
        "origination_caller_id_name": profile.caller_name,
        "origination_caller_id_number": profile.caller_number,
    }


def _epoch(moment: float) -> str:
    return str(int(moment))
