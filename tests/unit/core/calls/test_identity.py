"""What a leg is: a station and its agent's names, a trunk, or a wire."""

from __future__ import annotations

import msgspec
import pytest

from fluxcc.config import CallSettings
from fluxcc.core.calls import contacts
from fluxcc.domain.agents import Agent, Registration
from fluxcc.domain.calls import LegKind
from tests.builders import OTHER, SETTINGS, World, an_event

STATION, TRUNK, WIRE = LegKind.STATION, LegKind.TRUNK, LegKind.WIRE
AGENT_UUID = "0f1a3f04-7a3d-4a4f-9d44-8b1e6c3f2a10"
"""As FusionPBX names an agent of mod_callcenter."""
TRUNK_USERS = ("^gsm-.*", "^29[0-9]{2}$")


@pytest.fixture
def site() -> World:
    """With trunks that are users of the directory."""
    calls = msgspec.structs.replace(CallSettings(), trunk_users=TRUNK_USERS)
    return World(msgspec.structs.replace(SETTINGS, calls=calls))


def comes_in(world: World, number: str = OTHER, **more: str) -> None:
    """A leg comes in, in a context where a caller ID counts."""
    world.caller_dials("leg", number, **{"Caller_Context": "default", **more})


def is_dialled(world: World, destination: str = OTHER, **more: str) -> None:
    """A leg is dialled."""
    world.hear(
        "CHANNEL_CREATE",
        "leg",
        Call_Direction="outbound",
        Caller_Caller_ID_Number=OTHER,
        Caller_Destination_Number=destination,
        Caller_Context="default",
        **more,
    )


def kind(world: World, leg: str = "leg") -> LegKind:
    return world.tracker.legs[leg].kind


def names(world: World, leg: str = "leg") -> tuple[str, ...]:
    return world.tracker.legs[leg].names


# A leg that was dialled


def test_who_was_dialled_as_a_user_of_the_directory_is_a_station(world: World) -> None:
    is_dialled(world, variable_dialed_user="1000")
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_a_presence_counts_where_the_dialplan_says_which_extension_was_dialled(
    world: World,
) -> None:
    """A registered contact on FusionPBX; its users may have names."""
    more = {"Channel_Presence_ID": "maria@a.example", "variable_dialed_extension": "1001"}
    is_dialled(world, "k3j4l5a", **more)
    assert (kind(world), names(world)) == (STATION, ("1001",))


def test_a_presence_counts_where_it_is_an_internal_number(world: World) -> None:
    is_dialled(world, "k3j4l5a", Channel_Presence_ID="1001@a.example")
    assert (kind(world), names(world)) == (STATION, ("1001",))


def test_a_presence_that_is_no_internal_number_is_a_trunks(world: World) -> None:
    is_dialled(world, Channel_Presence_ID=f"{OTHER}@carrier.example")
    assert kind(world) is TRUNK


def test_the_user_who_was_dialled_counts_before_the_presence(world: World) -> None:
    is_dialled(world, variable_dialed_user="1000", Channel_Presence_ID="1001@a.example")
    assert names(world) == ("1000",)


def test_an_internal_number_that_was_dialled_is_a_station(world: World) -> None:
    is_dialled(world, "1000")
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_a_number_outside_that_was_dialled_is_a_trunk(world: World) -> None:
    is_dialled(world)
    assert (kind(world), names(world)) == (TRUNK, ())


def test_what_is_dialled_over_a_gateway_is_a_trunk_however_short(world: World) -> None:
    is_dialled(world, "1901", variable_sip_gateway_name="carrier")
    assert kind(world) is TRUNK


# A leg that came in


def test_who_authenticated_is_a_station_in_any_context(world: World) -> None:
    """FusionPBX's profiles have the context ``public``. What they present as number is their
    own affair."""
    comes_in(world, "+551140001000", Caller_Context="public", variable_user_name="1000")
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_the_number_of_an_extension_counts_where_caller_ids_do(world: World) -> None:
    comes_in(world, "1000")
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_the_number_of_an_extension_is_not_believed_on_a_trunk(world: World) -> None:
    comes_in(world, "1000", Caller_Context="public")
    assert kind(world) is TRUNK


def test_a_presence_is_not_believed_on_a_trunk(world: World) -> None:
    """FreeSWITCH makes one of whatever the caller wrote into the From."""
    comes_in(world, "1000", Caller_Context="public", Channel_Presence_ID="1000@a.example")
    assert kind(world) is TRUNK


def test_a_number_outside_is_a_trunk_where_caller_ids_count_too(world: World) -> None:
    comes_in(world)
    assert kind(world) is TRUNK


# A contact of which nothing else is told


ADDRESS = "k3j4l5a@192.0.2.7:5060"


def is_reached(world: World, **more: str) -> None:
    """A leg is dialled as FusionPBX's ring groups do where an extension has several contacts."""
    is_dialled(world, "k3j4l5a", Channel_Name=f"sofia/internal/{ADDRESS}", **more)


def registers(world: World, user: str, domain: str, contact: str = ADDRESS) -> None:
    world.telephone_registered(Registration(Agent(user, domain), contact))


def agent(world: World) -> Agent:
    return world.tracker.legs["leg"].agent


@pytest.mark.parametrize("more", [{}, {"variable_domain_name": "a.example"}])
def test_a_contact_is_the_telephone_of_who_registered_it(
    world: World, more: dict[str, str]
) -> None:
    registers(world, "1001", "a.example")
    is_reached(world, **more)
    assert (kind(world), agent(world)) == (STATION, Agent("1001", "a.example"))


def test_a_contact_that_nobody_registered_is_a_trunks(world: World) -> None:
    registers(world, "1001", "a.example", "other@192.0.2.7:5060")
    is_reached(world)
    assert kind(world) is TRUNK


def test_a_contact_of_two_domains_is_that_of_the_legs_domain(world: World) -> None:
    """Behind two routers two telephones may have one address."""
    registers(world, "1001", "a.example")
    registers(world, "1002", "b.example")
    is_reached(world, variable_domain_name="a.example")
    assert agent(world) == Agent("1001", "a.example")


def test_a_contact_of_two_domains_is_nobodys_where_the_leg_names_none(world: World) -> None:
    registers(world, "1001", "a.example")
    registers(world, "1001", "b.example")
    is_reached(world)
    assert kind(world) is TRUNK


def test_a_contact_is_that_of_who_registered_it_last(world: World) -> None:
    registers(world, "1001", "a.example")
    registers(world, "1002", "a.example")
    is_reached(world)
    assert agent(world) == Agent("1002", "a.example")


def test_what_the_leg_says_counts_before_its_contact(world: World) -> None:
    registers(world, "1001", "a.example")
    is_reached(world, variable_dialed_user="1003", variable_dialed_domain="a.example")
    assert agent(world) == Agent("1003", "a.example")


def test_a_contact_is_not_believed_of_a_caller(world: World) -> None:
    """An inbound channel is named after the caller's From."""
    registers(world, "1001", "a.example")
    comes_in(world, Caller_Context="public", Channel_Name=f"sofia/external/{ADDRESS}")
    assert kind(world) is TRUNK


def test_a_trunk_that_registers_is_a_trunk(site: World) -> None:
    registers(site, "gsm-1", "a.example")
    is_reached(site)
    assert kind(site) is TRUNK


def test_contacts_that_are_too_many_are_forgotten_from_the_oldest_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "MOST", 2)
    registers(world, "1001", "a.example")
    registers(world, "1002", "a.example", "x1@192.0.2.7:5060")
    registers(world, "1001", "a.example")
    registers(world, "1003", "a.example", "x2@192.0.2.7:5060")
    is_reached(world)
    assert agent(world) == Agent("1001", "a.example")
    world.handle(
        an_event("CHANNEL_CREATE", "other", Channel_Name="sofia/internal/x1@192.0.2.7:5060")
    )
    assert kind(world, "other") is TRUNK


# Trunks that are users of the directory


@pytest.mark.parametrize("user", ["gsm-1", "2980"])
def test_a_trunk_that_authenticates_is_a_trunk(site: World, user: str) -> None:
    comes_in(site, variable_user_name=user)
    assert (kind(site), names(site)) == (TRUNK, ())


def test_a_trunk_that_authenticates_is_not_believed_about_its_caller(site: World) -> None:
    comes_in(site, "1000", variable_user_name="gsm-1")
    assert kind(site) is TRUNK


def test_a_trunk_that_is_dialled_as_a_user_is_a_trunk(site: World) -> None:
    is_dialled(site, variable_dialed_user="gsm-1", Channel_Presence_ID="2980@a.example")
    assert (kind(site), names(site)) == (TRUNK, ())


def test_a_user_who_is_no_trunk_is_a_station_beside_them(site: World) -> None:
    comes_in(site, variable_user_name="1000")
    assert kind(site) is STATION


# Wires


def test_a_half_of_a_loopback_pair_is_a_wire_and_nobody(world: World) -> None:
    more = {"Channel_Name": "loopback/1000-a", "variable_dialed_user": "1000"}
    is_dialled(world, "1000", **more)
    assert (kind(world), names(world)) == (WIRE, ())


def test_the_half_that_comes_in_is_a_wire_too(world: World) -> None:
    comes_in(world, "1000", Channel_Name="loopback/1000-b", variable_user_name="1000")
    assert (kind(world), names(world)) == (WIRE, ())


# What mod_callcenter and the dialplan call an agent


def queue_calls(world: World, agent: str, **more: str) -> None:
    """mod_callcenter dials the telephone of user 1000."""
    more = {"variable_cc_side": "agent", "variable_cc_agent": agent, **more}
    is_dialled(world, "1000", variable_dialed_user="1000", **more)


def test_an_agent_named_by_uuid_is_an_alias_of_the_extension(world: World) -> None:
    queue_calls(world, AGENT_UUID)
    assert names(world) == ("1000", AGENT_UUID)
    assert list(world.tracker.by_agent[AGENT_UUID]) == list(world.tracker.by_agent["1000"])


def test_the_part_of_an_agents_name_before_the_at_counts(world: World) -> None:
    """``default`` is no SIP domain."""
    queue_calls(world, "1000@default")
    assert names(world) == ("1000",)


def test_an_agent_who_sits_at_another_extensions_telephone_is_known_by_the_own_name(
    world: World,
) -> None:
    """Hot desk."""
    queue_calls(world, "2000@default")
    assert names(world) == ("2000",)


def test_the_agent_that_the_dialplan_names_on_the_leg_wins(world: World) -> None:
    is_dialled(world, "1000", variable_dialed_user="1000", variable_fluxcc_agent="2000")
    assert names(world) == ("2000",)


def test_a_telephone_without_a_user_is_the_agents_whom_the_dialplan_names(world: World) -> None:
    """A mobile."""
    is_dialled(world, variable_fluxcc_agent="2000")
    assert (kind(world), names(world)) == (STATION, ("2000",))


def test_a_variable_exported_from_the_leg_that_dialled_says_nothing_of_this_one(
    world: World,
) -> None:
    world.caller_dials(variable_fluxcc_agent="2000")
    world.telephone_rings("leg", "1000", variable_fluxcc_agent="2000")
    assert names(world) == ("1000",)


def test_an_agents_own_name_exported_onto_whom_they_dial_makes_no_agent_of_them(
    world: World,
) -> None:
    world.caller_dials("telephone", "1000", OTHER, variable_user_name="1000")
    more = {"Other_Type": "originator", "Other_Leg_Unique_ID": "telephone"}
    is_dialled(world, variable_fluxcc_agent="1000", **more)
    assert kind(world) is TRUNK


def test_the_agent_named_on_a_callers_leg_is_not_the_caller(world: World) -> None:
    comes_in(world, variable_fluxcc_agent="2000")
    assert (kind(world), names(world)) == (TRUNK, ())
    assert world.tracker.legs["leg"].hint.extension == "2000"


# Behind a SIP proxy, with one context for both sides


def test_behind_a_sip_proxy_a_telephone_is_one_whose_number_the_dialplan_names(
    world: World,
) -> None:
    comes_in(world, "1000", Caller_Context="public", variable_fluxcc_agent="1000")
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_behind_a_sip_proxy_the_dialplan_may_say_it_after_the_leg_was_created(
    world: World,
) -> None:
    comes_in(world, "1000", Caller_Context="public")
    world.hear("CHANNEL_ANSWER", "leg", variable_fluxcc_agent="1000")
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_behind_a_sip_proxy_the_dialplan_may_name_the_domain_after_the_leg_was_created(
    world: World,
) -> None:
    """Contract, section 8: a number that is presented says nothing of it."""
    comes_in(world, "1000", Caller_Context="proxy")
    assert world.tracker.legs["leg"].agent == Agent("1000")
    world.hear("CHANNEL_ANSWER", "leg", variable_fluxcc_agent="1000@a.example")
    assert world.tracker.legs["leg"].agent == Agent("1000", "a.example")
    world.hear("CHANNEL_BRIDGE", "leg", variable_fluxcc_agent="1001@b.example")
    assert world.tracker.legs["leg"].agent == Agent("1000", "a.example")


# Said later


@pytest.mark.parametrize(
    "said",
    [
        {"variable_dialed_user": "1001"},
        {"variable_cc_agent": "1001@default", "variable_cc_side": "agent"},
        {"variable_user_name": "1001"},
        {"Channel_Presence_ID": "1001@a.example"},
        {"Caller_Caller_ID_Number": "1001", "Caller_Destination_Number": "1001"},
    ],
)
def test_what_is_said_later_changes_no_station(world: World, said: dict[str, str]) -> None:
    """After ``att_xfer`` the agent's leg has ``dialed_user`` of the colleague."""
    is_dialled(world, "1000", variable_dialed_user="1000")
    world.hear("CHANNEL_ANSWER", "leg", **said)
    assert (kind(world), names(world)) == (STATION, ("1000",))


def test_what_is_said_later_makes_no_station_of_a_customer(world: World) -> None:
    """Whom the PBX dialled, and who then calls an agent out of a dialplan."""
    is_dialled(world)
    world.hear("CHANNEL_ANSWER", "leg", variable_dialed_user="1000", variable_user_name="1000")
    assert (kind(world), names(world)) == (TRUNK, ())
