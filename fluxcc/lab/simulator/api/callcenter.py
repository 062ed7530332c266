"""``callcenter_config``: agents, queues, members and tiers, asked for and set."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from fluxcc.lab.simulator.agents import STATES, STATUSES, TYPES, Agent, Tier

if TYPE_CHECKING:
    from fluxcc.lab.simulator.agents import Member
    from fluxcc.lab.simulator.callcenter import CallCenter
    from fluxcc.lab.simulator.pbx import Pbx

USAGE = "-USAGE: \ncallcenter_config <target> <args>\n"
INVALID = "-ERR Invalid!\n"
AGENT_NOT_FOUND = "-ERR Agent not found!\n"

_CHOICES = {"status": STATUSES, "state": STATES, "type": TYPES}
_NUMBERS = ("max_no_answer", "wrap_up_time", "reject_delay_time", "busy_delay_time")

AGENT_COLUMNS = (
    "name|instance_id|uuid|type|contact|status|state|max_no_answer|wrap_up_time|reject_delay_time"
    "|busy_delay_time|no_answer_delay_time|last_bridge_start|last_bridge_end|last_offered_call"
    "|last_status_change|no_answer_count|calls_answered|talk_time|ready_time|external_calls_count"
)
MEMBER_COLUMNS = (
    "queue|instance_id|uuid|session_uuid|cid_number|cid_name|system_epoch|joined_epoch"
    "|rejoined_epoch|bridge_epoch|abandoned_epoch|base_score|skill_score|serving_agent"
    "|serving_system|state|score"
)


def _config(pbx: Pbx, arguments: str) -> str:
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = arguments.split()
    if not words:
        return USAGE
    target = {"agent": _agent, "queue": _queue, "tier": _tier}.get(words[0])
    return INVALID if target is None else target(pbx.callcenter, words[1:])


def _agent(center: CallCenter, words: list[str]) -> str:
    match words:
        case ["list"]:
            return _table(AGENT_COLUMNS, map(_agent_row, center.agents.values()))
        case ["list", name]:
            return _table(AGENT_COLUMNS, (_agent_row(a) for a in _named(center, name)))
        case ["get", "state" | "status" | "uuid" as what, name]:
            for agent in _named(center, name):
                center.fire_query(agent, what)
                return {"state": agent.state, "status": agent.status, "uuid": agent.session}[what]
            return AGENT_NOT_FOUND
        case ["set", what, name, value]:
            return _set(center, what, name, value)
        case ["add", name, kind]:
            return _add(center, name, kind)
        case ["del", name]:
            for agent in _named(center, name):
                center.remove(agent)
            return "+OK\n"
    return INVALID


def _add(center: CallCenter, name: str, kind: str) -> str:
    if name in center.agents:
        return "-ERR Agent already exist!\n"
    if kind not in TYPES:
        return "-ERR Agent type invalid!\n"
    center.add(Agent(name, kind))
    return "+OK\n"


def _set(center: CallCenter, what: str, name: str, value: str) -> str:
    for agent in _named(center, name):
        if what in _CHOICES and value not in _CHOICES[what]:
            return f"-ERR Invalid Agent {what.title()}!\n"
        match what:
            case "status":
                center.set_status(agent, value)
            case "state":
                center.set_state(agent, value)
            case "contact":
                center.set_contact(agent, value)
            case "type":
                agent.kind = value
            case "uuid":
                agent.session = value
            case _ if what in _NUMBERS and value.isdigit():
                setattr(agent, what, int(value))
            case _:
                return "-ERR Invalid Agent Update KEY!\n"
        return "+OK\n"
    return AGENT_NOT_FOUND


def _queue(center: CallCenter, words: list[str]) -> str:
    match words:
        case ["list"]:
            rows = (f"{name}|{one.get('strategy', '')}" for name, one in center.queues.items())
            return _table("name|strategy", rows)
        case ["list", "agents", queue]:
            rows = (_agent_row(tier.agent) for tier in center.tiers if tier.queue == queue)
            return _table(AGENT_COLUMNS, rows)
        case ["list", "members", queue]:
            return _table(MEMBER_COLUMNS, map(_member_row, _members(center, queue)))
        case ["list", "tiers", queue]:
            return _tier_table(center, queue)
        case ["count"]:
            return f"{len(center.queues)}\n"
        case ["count", "agents" | "tiers", queue]:
            return f"{sum(1 for tier in center.tiers if tier.queue == queue)}\n"
        case ["count", "members", queue]:
            return f"{len(_members(center, queue))}\n"
    return INVALID


def _tier(center: CallCenter, words: list[str]) -> str:
    match words:
        case ["list"]:
            return _tier_table(center, "")
        case ["add", queue, name, *place]:
            return _add_tier(center, queue, name, place)
        case ["del", queue, name]:
            center.tiers = [
                one for one in center.tiers if (one.queue, one.agent.name) != (queue, name)
            ]
            return "+OK\n"
    return INVALID


def _add_tier(center: CallCenter, queue: str, name: str, place: list[str]) -> str:
    if queue not in center.queues:
        return "-ERR Queue not found!\n"
    for agent in _named(center, name):
        if any(tier.queue == queue and tier.agent is agent for tier in center.tiers):
            return "-ERR Tier already exist!\n"
        level, position = [*map(int, place), 1, 1][:2]
        center.tiers.append(Tier(queue, agent, level, position))
        return "+OK\n"
    return AGENT_NOT_FOUND


def _tier_table(center: CallCenter, queue: str) -> str:
    rows = (
        f"{tier.queue}|{tier.agent.name}|{tier.state}|{tier.level}|{tier.position}"
        for tier in center.tiers
        if queue in ("", tier.queue)
    )
    return _table("queue|agent|state|level|position", rows)


def _named(center: CallCenter, name: str) -> list[Agent]:
    return [center.agents[name]] if name in center.agents else []


def _members(center: CallCenter, queue: str) -> list[Member]:
    return [member for member in center.members if member.queue == queue]


def _agent_row(agent: Agent) -> str:
    return "|".join(
        str(value)
        for value in (
            agent.name,
            "single_box",
            agent.session,
            agent.kind,
            agent.contact,
            agent.status,
            agent.state,
            agent.max_no_answer,
            agent.wrap_up_time,
            agent.reject_delay_time,
            agent.busy_delay_time,
            0,
            int(agent.last_bridge_start),
            int(agent.last_bridge_end),
            int(agent.last_offered_call),
            int(agent.last_status_change),
            agent.no_answer_count,
            agent.calls_answered,
            0,
            int(agent.ready_time),
            0,
        )
    )


def _member_row(member: Member) -> str:
    profile, joined = member.leg.profile, int(member.joined)
    return "|".join(
        str(value)
        for value in (
            member.queue,
            "single_box",
            member.uuid,
            member.leg.uuid,
            profile.caller_number,
            profile.caller_name,
            joined,
            joined,
            0,
            int(member.bridged),
            0,
            0,
            0,
            member.agent,
            "single_box" if member.agent else "",
            member.state,
            0,
        )
    )


def _table(columns: str, rows: Iterable[str]) -> str:
    lines = list(rows)
    # FreeSWITCH leaves the heading out where nothing stands under it.
    return "".join(f"{line}\n" for line in ([columns, *lines] if lines else [])) + "+OK\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {"callcenter_config": _config}
