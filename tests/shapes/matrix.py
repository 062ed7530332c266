"""The matrix: at each stage of each shape, who has the customer, and what everybody's request does.

One line a stage. Of its people the line names, by their roles in the shape's script:

``has``        who has the customer: all four actions succeed, without ``Fluxcc-Call`` and with it
``holds``      the same, but the telephone is not connected any more (the customer is parked)
``former``     had the customer once: ``no-live-call``
``rings``      whose telephone only rings: ``no-live-call``
``asked``      the colleague whom the agent consults inside the bridge: ends the consultation by
               ``prank`` and ``hangup``, and may move nobody (``not-your-call``)
``rings_beside``  the colleague whose telephone rings on the agent's second line
``beside``     the colleague whom the agent calls on a second line; that call is an internal one
``watches``    a supervisor's telephone that listens, whispers, or sits in the room
``others``     legs that nobody's action may touch

Everybody else (``idle``) gets ``no-live-call``, and ``not-your-call`` where they name the call. An
operator who names the call may do all four; ``conference`` needs an agent.

``group`` is false where no group is told: then ``hangup`` ends the call, and starts no survey.
``dials`` is who dialled a customer who has not taken the call yet.
``internal`` is a call between extensions, ``alone`` a telephone that nobody talks to.
``passing`` is a stage in which the PBX itself bridges the two anew in a moment.
``stands`` says that the agent's telephone stays connected. ``not_`` overrides single codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stage:
    """One line of the table."""

    shape: str
    name: str
    has: str = ""
    customer: str = "customer"
    holds: str = ""
    former: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()
    asked: str = ""
    beside: str = ""
    rings_beside: str = ""
    watches: str = ""
    others: tuple[str, ...] = ()
    group: bool = True
    stands: bool = False
    dials: str = ""
    internal: bool = False
    alone: bool = False
    passing: bool = False
    not_: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.shape} / {self.name}"

    @property
    def agent(self) -> str:
        """The role that has, or holds, the customer."""
        return self.has or self.holds


PROXIED = {"conference": "conference-not-joined", "transfer": "pbx-rejected"}
NOBODY_THERE = {"transfer": "no-live-call"}
MATRIX = (
    # One customer, one agent
    Stage("extension", "ringing", rings=("agent",)),
    Stage("extension", "talking", has="agent"),
    Stage("never_taken", "ringing", rings=("agent",)),
    Stage("early_unanswered", "early media", rings=("agent",)),
    Stage("early_answered", "early media", rings=("agent",)),
    Stage("early_answered", "talking", has="agent"),
    Stage("second_call_rings", "talking and ringing", has="agent", others=("second",)),
    Stage("hold", "on hold", has="agent"),
    Stage("hold", "talking again", has="agent"),
    Stage("hold_and_second_call", "on hold", has="agent"),
    Stage("hold_and_second_call", "calling a colleague", has="agent", rings_beside="colleague"),
    Stage("hold_and_second_call", "consulting", has="agent", beside="colleague"),
    Stage("hold_and_second_call", "talking again", has="agent"),
    Stage(
        "two_customers",
        "one on hold",
        has="agent 2",
        customer="second",
        others=("customer", "agent"),
    ),
    Stage("dialled_out", "talking", has="agent", group=False),
    Stage("click_to_call_bridge", "talking", has="agent", group=False),
    Stage("click_to_call_transfer", "talking", has="agent", group=False),
    Stage("campaign", "ringing", rings=("agent",)),
    Stage("campaign", "talking", has="agent"),
    Stage("dialler_bridges", "talking", has="agent", group=False),
    Stage("recorded", "talking", has="agent"),
    Stage("two_devices", "both ring", rings=("agent", "device")),
    Stage("two_devices", "talking", has="agent"),
    Stage("service", "listening"),
    # FreeSWITCH ends a leg that is moved while ``record`` has it (DESTINATION_OUT_OF_ORDER).
    Stage("voicemail", "recording", not_={"transfer": "destination-rejected"}),
    # Handed over, consulted, parked, fetched
    Stage("refer_blind", "ringing at the colleague", former=("agent",), rings=("colleague",)),
    Stage("refer_blind", "handed over", has="colleague", former=("agent",)),
    Stage("refer_to_outside", "handed over", former=("agent",)),
    Stage("refer_replacing", "consulting", has="agent", beside="colleague"),
    Stage("refer_replacing", "handed over", has="colleague", former=("agent",)),
    Stage("dialled_out_then_refer", "handed over", has="colleague", former=("agent",), group=False),
    Stage("dialled_out_to_partner", "with the partner", former=("agent",), group=False),
    Stage("campaign_to_partner", "with the partner", former=("agent",), group=False),
    Stage("received_to_partner", "with the partner", former=("agent",)),
    Stage("transferred_to_agent", "handed over", has="colleague", former=("agent",)),
    Stage("att_xfer_cancelled", "consulting", has="agent", asked="colleague"),
    Stage("att_xfer_cancelled", "talking again", has="agent"),
    Stage("att_xfer_completed", "handed over", has="colleague", former=("agent",)),
    Stage("att_xfer_ringing", "calling a colleague", has="agent", rings=("colleague",)),
    Stage("att_xfer_ringing", "talking again", has="agent"),
    Stage("blind_by_keys", "handed over", has="colleague", former=("agent",)),
    Stage("valet", "parked", holds="agent"),
    Stage("valet", "fetched", has="colleague", former=("agent",)),
    Stage("parked", "parked", holds="agent"),
    Stage("parked", "fetched", has="colleague", former=("agent",)),
    Stage("intercept_ringing", "ringing", rings=("agent",)),
    Stage("intercept_ringing", "picked up", has="colleague"),
    Stage("intercept_talking", "taken over", has="colleague", former=("agent",)),
    Stage("pickup", "ringing", rings=("agent",)),
    Stage("pickup", "picked up", has="colleague"),
    # Queues, and agents who stay connected
    Stage("queue", "ringing", rings=("agent",)),
    Stage("queue", "talking", has="agent"),
    Stage("queue_waiting", "waiting"),
    Stage("standby", "talking", has="agent", stands=True),
    Stage("standby", "talking to the second", has="agent", customer="second", stands=True),
    Stage(
        "standby_handed_over", "handed over", has="colleague", former=("agent",), others=("agent",)
    ),
    Stage("park_after_bridge", "talking", has="agent"),
    Stage("park_after_bridge", "handed over", has="colleague", former=("agent",)),
    Stage("fifo_standing", "talking", has="agent", stands=True),
    Stage("fifo_standing", "talking to the second", has="agent", customer="second", stands=True),
    Stage("fifo_once", "waiting"),
    Stage("fifo_once", "talking", has="agent"),
    # Groups, wires, identities, media
    Stage("ring_all", "ringing", rings=("agent", "colleague")),
    Stage("ring_all", "talking", has="agent"),
    Stage("ring_in_turn", "ringing at the first", rings=("agent",)),
    Stage("ring_in_turn", "talking", has="colleague"),
    Stage("ring_enterprise", "ringing", rings=("agent", "colleague")),
    Stage("ring_enterprise", "talking", has="agent"),
    Stage("ring_confirm", "to be confirmed", rings=("agent", "colleague")),
    Stage("ring_confirm", "talking", has="agent"),
    Stage("loopback_bow_out", "ringing", rings=("agent", "colleague")),
    Stage("loopback_bow_out", "talking", has="agent"),
    Stage("loopback_stays", "ringing", rings=("agent", "colleague")),
    Stage("loopback_stays", "talking", has="agent"),
    Stage("loopback_company", "talking", has="agent"),
    Stage("loopback_behind", "talking", has="agent"),
    Stage("loopback_behind_bow_out", "talking", has="agent"),
    Stage("agent_on_callers_leg", "talking", has="agent"),
    Stage("agent_on_callers_leg", "handed over", has="colleague", former=("agent",)),
    Stage("hot_desk", "talking", has="agent"),
    Stage("agent_on_a_mobile", "talking", has="agent"),
    Stage("behind_a_proxy", "talking", has="agent"),
    Stage("carrier", "talking", has="agent"),
    Stage("gsm_gateway", "talking", has="agent"),
    Stage("call_id_as_uuid", "talking", has="agent"),
    Stage("bypass_media", "talking", has="agent"),
    Stage("proxy_media", "talking", has="agent", group=False, not_=PROXIED),
    Stage("uuid_media_off", "talking", has="agent"),
    Stage("eavesdrop", "listening", has="agent", watches="supervisor"),
    Stage("whisper", "listening", has="agent", watches="supervisor"),
    Stage("three_way", "listening", has="agent", watches="supervisor"),
    Stage("room", "together", has="agent"),
    Stage("moved_to_room", "together", has="agent"),
    Stage("moved_to_room", "customer alone", former=("agent",)),
    Stage("behind_a_proxy_out", "talking", has="agent", group=False),
    Stage("contact", "talking", has="agent"),
    # Between extensions, and telephones alone
    Stage("internal", "talking", has="agent", customer="colleague", internal=True),
    Stage("click_to_colleague", "talking", has="agent", customer="colleague", internal=True),
    Stage("standby", "logged in", customer="agent", rings=("agent",), alone=True),
    Stage("standby", "between two calls", customer="agent", rings=("agent",), alone=True),
    Stage("fifo_standing", "waiting agent", customer="agent", rings=("agent",), alone=True),
    Stage("fifo_standing", "between two calls", customer="agent", rings=("agent",), alone=True),
    # Further ways to each other
    Stage("dialled_out", "ringing", rings=("agent",), not_=NOBODY_THERE, dials="agent"),
    Stage("click_to_call_bridge", "ringing", rings=("agent",), not_=NOBODY_THERE, dials="agent"),
    Stage("not_taken_by_customer", "ringing", rings=("agent",), not_=NOBODY_THERE, dials="agent"),
    Stage("dialled_out_held", "on hold", has="agent", group=False),
    Stage("dialled_out_att_xfer", "consulting", has="agent", asked="colleague", group=False),
    Stage("dialled_out_att_xfer", "handed over", has="colleague", former=("agent",), group=False),
    Stage("att_xfer_completed", "consulting", has="agent", asked="colleague"),
    Stage("refer_replacing_ringing", "calling a colleague", has="agent", rings_beside="colleague"),
    Stage("refer_replacing_ringing", "handed over", has="colleague 2", former=("agent",)),
    Stage("campaign_handed_over", "handed over", has="colleague", former=("agent",), group=False),
    Stage(
        "click_to_call_handed_over", "handed over", has="colleague", former=("agent",), group=False
    ),
    Stage("queue_handed_over", "handed over", has="colleague", former=("agent",)),
    Stage("campaign_queue", "talking", has="agent"),
    Stage("fifo_handed_over", "handed over", has="colleague", former=("agent",), others=("agent",)),
    Stage("queue_loopback", "talking", has="agent"),
    Stage("loopback_bow_out", "taken", has="agent", passing=True),
    Stage("loopback_behind_bow_out", "taken", has="agent", passing=True),
    Stage("standby_to_room", "in the room", former=("agent",), others=("agent",)),
    Stage("park_after_bridge", "customer parked", former=("agent",)),
    Stage("after_a_machine", "talking", has="agent"),
    Stage("campaign_machine", "listening"),
    Stage("to_a_service", "at the service", former=("agent",)),
    Stage("to_music", "listening", former=("agent",)),
    Stage("own_room", "in the room", has="agent"),
    Stage(
        "own_room",
        "three in the room",
        has="agent",
        watches="colleague",
        not_={"conference": "room-occupied"},
    ),
    Stage("own_room_customer_moved", "handed over", has="colleague", former=("agent",)),
)
ACTIONS = ("prank", "conference", "transfer", "hangup")
