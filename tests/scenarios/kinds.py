"""The kinds of call between a customer and agent 1000.

The same must hold for a call that was received, originated or dialled by a campaign, by
mod_callcenter or by a plain bridge (contract, section 1). All of them belong to the group
``sales``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fluxcc.lab.port import Caller, Lab

from .pbx import AGENT

GROUP = "sales"


@dataclass(frozen=True)
class Kind:
    """How a customer and agent 1000 come to talk."""

    name: str
    direction: str
    has_queue: bool
    dial: Callable[[Lab, str], Caller | None]

    def __str__(self) -> str:
        return self.name


def _receive(destination: str) -> Callable[[Lab, str], Caller]:
    def dial(lab: Lab, number: str) -> Caller:
        caller = lab.call(number, destination)
        caller.wait_answered()
        return caller

    return dial


def _originate(lab: Lab, number: str) -> None:
    whom = f"{{fluxcc_group={GROUP}}}user/{AGENT}"
    originate(lab, whom, f"&bridge({outside(lab, number)})")


def _campaign(destination: str) -> Callable[[Lab, str], None]:
    def dial(lab: Lab, number: str) -> None:
        originate(lab, f"{{fluxcc_group={GROUP}}}{outside(lab, number)}", destination)

    return dial


def outside(lab: Lab, number: str) -> str:
    """The dial string of somebody out there: the lab's telephones answer whatever is dialled."""
    port = lab.api("global_getvar lab_phones_port").strip()
    return f"sofia/external/{number}@127.0.0.1:{port}"


def originate(lab: Lab, whom: str, then: str) -> str:
    """Dial somebody, and do that with whoever answers; the UUID of the leg that was dialled."""
    answer = lab.api(f"originate {whom} {then}")
    assert answer.startswith("+OK"), f"originate {whom} {then}: {answer}"
    return answer.removeprefix("+OK").strip()


RECEIVED = Kind("received", "received", False, _receive(AGENT))
RECEIVED_BY_QUEUE = Kind("received-queue", "received", True, _receive("5000"))
ORIGINATED = Kind("originated", "originated", False, _originate)
CAMPAIGN = Kind("campaign", "campaign", False, _campaign(f"{AGENT} XML default"))
CAMPAIGN_BY_QUEUE = Kind("campaign-queue", "campaign", True, _campaign("5000 XML public"))

KINDS = (RECEIVED, RECEIVED_BY_QUEUE, ORIGINATED, CAMPAIGN, CAMPAIGN_BY_QUEUE)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
both_ways = pytest.mark.parametrize("kind", [RECEIVED, RECEIVED_BY_QUEUE], ids=str)
"""By mod_callcenter and by a plain bridge, where the rest of a call's story makes no difference."""
