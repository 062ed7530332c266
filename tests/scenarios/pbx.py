"""What the PBX itself says, asked beside the daemon."""

from __future__ import annotations

import re

from fluxcc.lab.port import Lab
from tests.testing.waiting import until

AGENT, COLLEAGUE = "1000", "1001"
AGENTS = (AGENT, COLLEAGUE)
"""The agents of the queue."""
TALKING, FREE = "In a queue call", "Waiting"
"""What mod_callcenter says of an agent."""
FREED = 1.0
"""Seconds within which an agent is free again."""


def legs(lab: Lab) -> int:
    """How many legs there are; unlike ``show channels count`` this does not lag."""
    found = re.search(r"^(\d+) session\(s\) - peak", lab.api("status"), re.MULTILINE)
    assert found
    return int(found[1])


def exists(lab: Lab, leg: str) -> bool:
    """Whether the leg has not hung up."""
    return lab.api(f"uuid_exists {leg}") == "true"


def are_gone(lab: Lab, *uuids: str) -> bool:
    """Whether these legs have hung up, at this very moment."""
    return all(lab.api(f"uuid_exists {uuid}") == "false" for uuid in uuids)


def bridge_of(lab: Lab, leg: str) -> str:
    """Whom the leg talks to."""
    return lab.api(f"uuid_getvar {leg} bridge_to").strip()


def members(lab: Lab, room: str) -> list[str]:
    """The legs in a room, by the room's own list."""
    answer = lab.api(f"conference {room} list")
    return [line.split(";")[2] for line in answer.splitlines() if line.count(";") > 3]


def agent_state(lab: Lab, agent: str = AGENT) -> str:
    """What mod_callcenter says of an agent: ``Waiting``, ``In a queue call``, …"""
    return lab.api(f"callcenter_config agent get state {agent}@default").strip()


def clock(lab: Lab) -> int:
    """The time by which a block ends (``docs/decisions/0011``); it may lag behind the system's."""
    return int(lab.api("strepoch"))


def gate_ends(lab: Lab) -> dict[str, int]:
    """The gate's keys, and the epoch seconds at which they end."""
    lines = lab.api("hash_dump db fluxcc_block").splitlines()
    found = (re.fullmatch(r"D/fluxcc_block_([^/]+)/(\d+)", line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def empty_gate(lab: Lab) -> None:
    """Let the gate know of no block: a daemon takes over those that its store does not have."""
    for key in gate_ends(lab):
        lab.api(f"hash delete/fluxcc_block/{key}")


def set_agent(lab: Lab, what: str, agent: str, value: str) -> None:
    """Tell mod_callcenter something about an agent."""
    assert "+OK" in lab.api(f"callcenter_config agent set {what} {agent}@default {value}")


def wait_free(lab: Lab) -> None:
    """Return once agent 1000 may take the next call; fails where that takes too long."""
    until(lambda: agent_state(lab) == FREE, "the agent is free", FREED)
