"""mod_callcenter: queues, agents and their states, callcenter::info.

Its counterparts are the ``callcenter`` application and the ``callcenter_config`` command
(``api/callcenter.py``). The one strategy it knows is the lab's, ``longest-idle-agent``.
"""

from __future__ import annotations

import time

import gevent

from .agents import STANDBY, Agent, Member, Tier
from .bridging import Bridges
from .channel import Channel, Headers
from .configuration import Configuration
from .dialing import Dialer, UnreachableError
from .events import EventBus, Value
from .switchboard import Switchboard

SUBCLASS = "callcenter::info"

LOOK_FOR_AGENTS = 0.02
"""Seconds between two searches for a free agent while a member waits."""

BRIDGES_WITHIN = 3.0
"""Seconds after which an agent's leg that was not bridged to the caller is given up."""

SETTLE = 0.02
"""Seconds from the end of the agent's leg until the queue notices; FreeSWITCH polls, too."""


class CallCenter:
    """All queues, agents and waiting members."""

    def __init__(
        self,
        bus: EventBus,
        switchboard: Switchboard,
        dialer: Dialer,
        bridges: Bridges,
        configuration: Configuration,
    ) -> None:
        self._bus = bus
        self._switchboard = switchboard
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
        if member.is_taken:
            self._count(queue)
        else:
            self._abandon(member)

    def add(self, agent: Agent) -> None:
        """One more agent, who is logged out."""
        self.agents[agent.name] = agent
        what: Headers = [
            ("CC-Agent", agent.name),
            ("CC-Agent-Type", agent.kind),
            ("CC-Action", "agent-add"),
        ]
        self._bus.fire("CUSTOM", what, subclass=SUBCLASS)

    def remove(self, agent: Agent) -> None:
        """The agent serves no queue any more."""
        del self.agents[agent.name]
        self.tiers = [tier for tier in self.tiers if tier.agent is not agent]

    def set_contact(self, agent: Agent, contact: str) -> None:
        """Change where an agent is called."""
        agent.contact = contact
        self._fire_about_agent(agent, "agent-contact-change", ("CC-Agent-Contact", contact))

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
        """Fire the event that FreeSWITCH makes of a query of a state, a status or a leg."""
        known = {"state": agent.state, "status": agent.status, "uuid": agent.session}
        name = "UUID" if what == "uuid" else what.title()
        self._fire_about_agent(agent, f"agent-{what}-get", (f"CC-Agent-{name}", known[what]))

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
        agent.last_offered_call = time.time()
        called = 0.0 if agent.kind == STANDBY else agent.last_offered_call
        self.set_state(agent, "Receiving")
        offer: Headers = [("CC-Agent", agent.name), ("CC-Agent-Type", agent.kind)]
        self._fire(
            member.queue,
            "agent-offering",
            [*offer, ("CC-Agent-System", "single_box"), *member.headers(), member.dialled()],
        )
        try:
            leg = self._reach(member, agent)
        except UnreachableError as failure:
            self._not_taken(member, agent, called, failure.cause)
            return
        with leg.held():
            self._connect(member, agent, leg, called)

    def _reach(self, member: Member, agent: Agent) -> Channel:
        """The agent's leg: the one that stands, or one that is called now."""
        known = _agent_variables(member, agent)
        if agent.kind == STANDBY:
            found = self._switchboard.find(agent.session)
            if found is None:
                agent.session = ""
                self.set_status(agent, "Logged Out")
                raise UnreachableError("NONE")
            found.variables |= known
            return found
        profile = member.leg.profile
        wishes: dict[str, Value] = {
            "cc_queue_joined_epoch": _epoch(member.joined),
            "cc_member_pre_answer_uuid": member.uuid,
            "loopback_bowout": "false",
            "loopback_bowout_on_execute": "false",
            "ignore_early_media": "true",
            "origination_caller_id_name": profile.caller_name,
            "origination_caller_id_number": profile.caller_number,
        }
        leg = self._dialer.dial(agent.contact, on_behalf_of=member.leg, extra={**known, **wishes})
        leg.set_variable("cc_member_pre_answer_uuid", "")
        dials = leg.twin
        if dials is None:
            return leg
        # Behind a loopback the leg that it talks to is the agent's.
        dials.wait(lambda: dials.is_ended or dials.bridged_to is not None)
        if dials.bridged_to is None:
            raise UnreachableError("DESTINATION_OUT_OF_ORDER")
        dials.bridged_to.variables |= known
        return dials.bridged_to

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
            [*who, *times, *joined, *member.headers(), member.dialled()],
            about=leg,
        )
        member.is_taken, member.bridged = True, answered
        agent.session, agent.last_bridge_start = leg.uuid, answered
        agent.no_answer_count = 0
        agent.calls_answered += 1
        member.leg.variables |= {"cc_agent_uuid": leg.uuid, "cc_cause": "answered"}
        self._bridges.bridge_now(member.leg, leg)
        leg.wait(lambda: leg.is_ended or leg.bridged_to is not None, timeout=BRIDGES_WITHIN)
        if leg.bridged_to is None and agent.kind != STANDBY:
            self._switchboard.hang_up(leg, "ORIGINATOR_CANCEL")
        member.state = "Answered"
        member.leg.variables |= {
            "cc_agent_bridged": "true",
            "cc_agent": agent.name,
            "cc_queue_answered_epoch": _epoch(answered),
        }
        leg.variables["cc_agent_bridged"] = "true"
        self.set_state(agent, "In a queue call")

        # An agent who is moved to a room stays in the call until their own leg ends; one who stands
        # by is free once the customer is elsewhere.
        is_standing = agent.kind == STANDBY
        leg.wait(lambda: leg.is_ended or (is_standing and leg.bridged_to is None))
        gevent.sleep(SETTLE)
        self._end(member, agent, leg, (who, times, joined))

    def _end(
        self,
        member: Member,
        agent: Agent,
        leg: Channel,
        known: tuple[Headers, Headers, Headers],
    ) -> None:
        """The agent has left the call; ``known`` are the headers about whom, when and since."""
        is_standing = agent.kind == STANDBY
        who, times, joined = known
        ended = time.time()
        success: Headers = [("CC-Hangup-Cause", "NONE" if is_standing else "SUCCESS")]
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
        agent.session, agent.last_bridge_end = agent.session if is_standing else "", ended
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
        waiting = [member for member in self.members if member.state != "Answered"]
        count = sum(1 for member in waiting if member.queue == queue)
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
    return {
        "cc_side": "agent",
        "cc_queue": member.queue,
        "cc_agent": agent.name,
        "cc_agent_type": agent.kind,
        "cc_member_uuid": member.uuid,
        "cc_member_session_uuid": member.leg.uuid,
    }


def _epoch(moment: float) -> str:
    return str(int(moment))
