"""The number of who asks for privacy: blocked, and told to nobody (contract, section 2a)."""

from __future__ import annotations

import json
import logging

import msgspec
import pytest

from fluxcc.actions import survey
from fluxcc.config import BlockSettings, NumberSettings, Settings
from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Group
from fluxcc.domain.requests import Actor, Role
from fluxcc.protocol.board import reply_headers
from tests.builders import NUMBER, SPELLINGS, World, a_request, an_operators

DIGITS = "88887777"


@pytest.fixture
def private(world: World) -> World:
    """A world in which a private caller talks to agent 1000."""
    world.caller_dials(Caller_Privacy_Hide_Number="true")
    world.telephone_rings(Caller_Privacy_Hide_Number="true")
    world.bridged("customer", "telephone")
    return world


@pytest.mark.parametrize("language", ["en", "pt_BR"])
def test_neither_reply_nor_notice_nor_log_has_the_digits(
    private: World, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    caplog.set_level(logging.DEBUG)
    reply = private.ask(a_request(language=language))
    assert (reply.code, reply.number) == ("blocked", "withheld")
    (block,) = private.blocklist.blocks()
    assert (block.number, reply.block) == (NUMBER, block.name)
    private.caller_dials("again", SPELLINGS[2])
    private.caller_dials("hidden", SPELLINGS[3], Caller_Privacy_Hide_Number="true")
    freed = private.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert (freed.code, freed.number) == ("released", "withheld")
    told = [
        *(json.dumps(reply_headers(each, language)) for each in (reply, freed)),
        json.dumps(private.pbx.announced),
        *(str(vars(record)) for record in caplog.records),
    ]
    assert len(caplog.records) >= 4
    assert not [each for each in told if DIGITS in each]
    assert ("omitido" in told[0]) == (language == "pt_BR")
    assert reply.block in told[0]


def test_the_audit_and_the_history_have_it_and_say_that_it_is_hidden(private: World) -> None:
    """Search and erasure find the person."""
    private.ask(a_request())
    private.journal.flush()
    (row,) = private.store.audit.values()
    assert (row.number, row.is_private) == (NUMBER, True)
    (call,) = private.store.calls.values()
    assert (call.number, call.is_private) == (NUMBER, True)


def test_the_survey_does_not_tell_it_to_boards(private: World) -> None:
    """Its answer is an event that any board hears."""
    call = private.views.outline(private.call_of("customer"))
    facts = dict(survey.brief(call, Group("sales")).facts)
    assert facts["number"] == "withheld"


def test_the_block_of_a_private_caller_stays_hidden_when_it_is_renewed(private: World) -> None:
    """Otherwise the notice would tell whose the first one was."""
    private.ask(a_request())
    reply = private.ask(an_operators(Action.BLOCK, number=NUMBER))
    assert (reply.code, reply.number) == ("renewed", "withheld")


def test_a_block_is_released_by_its_name(private: World) -> None:
    name = private.ask(a_request()).block
    assert private.ask(an_operators(Action.UNBLOCK, number=f"{name[:-1]}z")).code == "not-blocked"
    reply = private.ask(an_operators(Action.UNBLOCK, number=name))
    assert (reply.code, reply.number) == ("released", "withheld")
    assert not private.blocklist.blocks()


def test_privacy_of_a_leg_that_was_called_is_about_another_number(world: World) -> None:
    """``origination_privacy`` hides the number that the PBX presents."""
    world.telephone_rings("agent", origin="")
    world.hear("CHANNEL_ANSWER", "agent")
    world.hear(
        "CHANNEL_CREATE",
        "customer",
        Call_Direction="outbound",
        Caller_Destination_Number=NUMBER,
        Other_Type="originator",
        Other_Leg_Unique_ID="agent",
        Caller_Privacy_Hide_Number="true",
    )
    world.bridged("agent", "customer")
    assert not world.call_of("customer").is_private


def test_each_operator_who_is_shown_it_is_noted_once(private: World) -> None:
    private.ask(a_request())
    blocks = private.blocklist.blocks()
    for who in ("maria", "maria", "joana"):
        private.disclosure.note(blocks, Actor(Role.OPERATOR, who), blocks)
    private.journal.flush()
    shown = [row for row in private.store.audit.values() if row.action == "show"]
    assert sorted(row.by for row in shown) == ["operator:joana", "operator:maria"]
    assert {(row.number, row.is_private, row.subject) for row in shown} == {
        (NUMBER, True, blocks[0].name)
    }


def test_a_call_that_is_private_is_so_after_a_restart(private: World) -> None:
    private.journal.flush()
    again = World()
    again.store.calls = private.store.calls
    assert again.recover()
    (call,) = again.tracker.calls.values()
    assert call.is_private


@pytest.mark.parametrize(
    ("blocks", "numbers"),
    [
        ({"never": (SPELLINGS[2],)}, {}),
        ({"never": (r"\+5511\d+",)}, {}),
        ({}, {"withheld": ("11988887777",)}),
    ],
)
def test_a_block_that_nobody_can_make_any_more_ends_with_the_reload(
    world: World, blocks: dict[str, tuple[str, ...]], numbers: dict[str, tuple[str, ...]]
) -> None:
    world.blocks()
    world.configure(
        Settings(blocks=BlockSettings(**blocks), numbers=NumberSettings(area_code="11", **numbers))
    )
    assert not world.blocklist.blocks()
    assert not world.pbx.gate
    assert world.pbx.heard("fluxcc::block")[0]["Fluxcc-By"] == "settings"
    assert msgspec.json.encode(world.ask(an_operators(Action.BLOCK, number=NUMBER)).code) in (
        b'"number-protected"',
        b'"number-unusable"',
    )
