"""Nothing that somebody else chose goes out as a command; an answer is read for what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fluxcc.domain.applications import Application
from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.media import Media
from fluxcc.lab.simulator.api.words import words
from fluxcc.pbx import answers, commands

BAD_WORDS = [
    *("", " ", "a b", "a\nb", "a\r", "a\x00", "a\n\nauth x", "a'b", 'a"b', "${uuid}", "a$b"),
    *("a\\b", "a;b", "a|b", "a{b}", "[a]", "é", "a\u2028b", "a\x85b", "x" * 1000),
]


@pytest.mark.parametrize("word", BAD_WORDS)
def test_no_command_takes_a_word_that_could_be_more_than_one(word: str) -> None:
    for command in (
        lambda: commands.end_leg("leg", word),
        lambda: commands.move_leg("leg", word, "default"),
        lambda: commands.move_leg("leg", "7001", word),
        lambda: commands.move_pair("leg", word, "default"),
        lambda: commands.move_pair("leg", "7001", word),
        lambda: commands.arm_survey("leg", word, "default"),
        lambda: commands.arm_survey("leg", "*28", word),
        lambda: commands.brief("leg", word, "sales"),
        lambda: commands.put_hash(word, "key", "value"),
        lambda: commands.put_hash("realm", word, "value"),
        lambda: commands.put_hash("realm", "key", word),
        lambda: commands.write_hashes(word, [("key", 1)]),
        lambda: commands.write_hashes("realm", [("good", 1), (word, None)]),
        lambda: commands.drop_hash("realm", word),
        lambda: commands.read_context(word),
        lambda: commands.custom_event(word, []),
    ):
        with pytest.raises(PbxRejectedError):
            command()


@given(value=st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_group_is_called_is_one_word_that_nothing_expands(value: str) -> None:
    words = commands.brief("leg", "group", value).split(" ")
    assert words[:2] == ["uuid_setvar", "leg"]
    assert len(words) == (4 if value else 3)
    assert not set("".join(words)) & set("\t\r\n\0\"'$\\{}")


def test_nothing_reaches_another_realm_of_mod_hash() -> None:
    for command in (
        lambda: commands.put_hash("fluxcc_block/x", "key", "1"),
        lambda: commands.put_hash("fluxcc_block", "key/1/", "1"),
        lambda: commands.put_hash("fluxcc_block", "key", "1/2"),
        lambda: commands.write_hashes("fluxcc_block", [("key/1/", 1)]),
        lambda: commands.drop_hash("fluxcc_block", "a/b"),
    ):
        with pytest.raises(PbxRejectedError):
            command()


@given(st.text())
def test_a_word_is_refused_or_is_one_word(word: str) -> None:
    try:
        command = commands.move_leg("leg", word, "default")
    except PbxRejectedError:
        return
    assert command.split() == ["uuid_transfer", "leg", word, "XML", "default"]
    assert not re.search(r"[\x00-\x1f\"'$\\]", command)


BAD_LEGS = ["", " ", "a b", "a\nb", "a\r", "a\x00", "a\n\nauth x", "a\tb", "\x7f", "é", "x" * 257]
ON_LEGS: list[tuple[Callable[[str], str], list[str]]] = [
    (lambda leg: commands.move_leg(leg, "7001", "default"), ["7001", "XML", "default"]),
    (lambda leg: commands.move_pair(leg, "7001", "a"), ["-both", "7001", "XML", "a"]),
    (lambda leg: commands.arm_survey(leg, "*28", "a"), ["transfer_after_bridge", "*28:XML:a"]),
    (commands.disarm_survey, ["transfer_after_bridge"]),
    (commands.forget_application, ["current_application"]),
    (lambda leg: commands.brief(leg, "group", "sales"), ["fluxcc_survey_group", "sales"]),
    (commands.describe, ["json"]),
]
"""Commands that FreeSWITCH takes apart by ``switch_separate_string``, and what follows the leg."""
CALL_IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=256)
"""Also of signs that mean something to FreeSWITCH, in any order."""
SIGNS = st.text(st.sampled_from("'\\^:\"ns -${}a;,|"), min_size=1, max_size=12)


@pytest.mark.parametrize("leg", BAD_LEGS)
def test_a_leg_that_cannot_be_addressed_is_refused(leg: str) -> None:
    assert not commands.is_leg(leg)
    for build in (
        lambda: commands.end_leg(leg, "NORMAL_CLEARING"),
        lambda: commands.exists(leg),
        *(partial(build, leg) for build, _ in ON_LEGS),
    ):
        with pytest.raises(PbxRejectedError, match="cannot be addressed"):
            build()


@given(leg=CALL_IDS | SIGNS)
@example(leg='a-1!*_+`~()<>:"/[]?{}@host')
@example(leg="^^:a:b")
@example(leg="'")
@example(leg="\\")
@example(leg="\\'' -both")
def test_whatever_a_call_id_is_made_of_is_the_name_of_one_leg(leg: str) -> None:
    """Contract of ``inbound-use-callid-as-uuid``: each command names this leg and no other, and has
    the arguments that it is meant to have."""
    if not commands.is_leg(leg):
        assert " " in leg
        return
    assert commands.end_leg(leg, "CALL_REJECTED") == f"uuid_kill {leg} CALL_REJECTED"
    assert commands.exists(leg) == f"uuid_exists {leg}"
    for build, rest in ON_LEGS:
        _, _, arguments = build(leg).partition(" ")
        assert words(arguments, 9) == [leg, *rest]
        assert arguments.isprintable()


def test_commands_are_put_as_freeswitch_wants_them() -> None:
    assert commands.end_leg("leg", "CALL_REJECTED") == "uuid_kill leg CALL_REJECTED"
    assert commands.move_leg("leg", "7001", "default") == "uuid_transfer leg 7001 XML default"
    assert commands.move_pair("leg", "*1000", "default") == (
        "uuid_transfer leg -both *1000 XML default"
    )
    assert commands.arm_survey("leg", "*28", "default") == (
        "uuid_setvar leg transfer_after_bridge *28:XML:default"
    )
    assert commands.disarm_survey("leg") == "uuid_setvar leg transfer_after_bridge"
    assert commands.put_hash("fluxcc_block", "+5511988887777", "1") == (
        "hash insert/fluxcc_block/+5511988887777/1"
    )
    assert commands.drop_hash("fluxcc_block", "+5511988887777") == (
        "hash delete/fluxcc_block/+5511988887777"
    )


@given(values=st.lists(st.text(), max_size=5))
def test_no_value_makes_an_event_carry_a_second_header_or_command(values: list[str]) -> None:
    headers = [(f"Fluxcc-{number}", value) for number, value in enumerate(values)]
    command = commands.custom_event("fluxcc::reply", headers)
    assert "\n\n" not in command
    assert not set(command) & set("\r\x00")
    lines = command.split("\n")
    assert lines[:2] == ["sendevent CUSTOM", "Event-Subclass: fluxcc::reply"]
    assert [line.split(":")[0] for line in lines[2:]] == [name for name, value in headers if value]


def test_an_event_leaves_out_what_has_no_value() -> None:
    command = commands.custom_event("fluxcc::reply", [("A", ""), ("B", "x\r\ny")])
    assert command.split("\n")[2:] == ["B: x y"]


# Answers


@pytest.mark.parametrize("answer", ["+OK", "+OK done", "true", "", "1795000000"])
def test_what_does_not_say_err_was_accepted(answer: str) -> None:
    assert answers.is_ok(answer)


def test_a_leg_that_is_gone_is_told_from_a_refusal() -> None:
    assert not answers.is_ok("-ERR No such channel!")
    assert answers.is_no_such_leg("-ERR No such channel!")
    assert not answers.is_no_such_leg("-ERR Usage: uuid_kill")


@pytest.mark.parametrize("description", ["-ERR No such channel!", "", "[]", "5", "{", "{}"])
def test_what_describes_no_leg_shows_none_that_has_come_anywhere(description: str) -> None:
    assert answers.application_of(description, "7001") is None


@pytest.mark.parametrize(
    ("leg", "has_come"),
    [
        ({"Caller-Destination-Number": "7001", "Channel-State": "CS_EXECUTE"}, True),
        ({"Caller-Destination-Number": "7001", "Channel-State": "CS_ROUTING"}, False),
        ({"Caller-Destination-Number": "7001", "Channel-State": "CS_HANGUP"}, False),
        ({"Caller-Destination-Number": "7002", "Channel-State": "CS_EXECUTE"}, False),
        # Its dialplan sent it on already.
        (
            {
                "Caller-Destination-Number": "9",
                "Channel-State": "CS_PARK",
                "variable_transfer_history": "1795000000:u:bl_xfer:7001/default/XML",
            },
            True,
        ),
        (
            {
                "Caller-Destination-Number": "9",
                "Channel-State": "CS_PARK",
                "variable_transfer_history": ["x:u:bl_xfer:5/a/XML", "y:u:bl_xfer:7001/a/XML"],
            },
            True,
        ),
        (
            {
                "Caller-Destination-Number": "9",
                "Channel-State": "CS_PARK",
                "variable_transfer_history": "1795000000:u:bl_xfer:17001/default/XML",
            },
            False,
        ),
    ],
)
def test_a_leg_has_come_where_the_dialplan_has_it_at_the_destination(
    leg: dict[str, object], has_come: bool
) -> None:
    found = answers.application_of(json.dumps(leg), "7001")
    assert found == (Application("") if has_come else None)


def test_the_application_is_what_the_leg_executes() -> None:
    leg = {"Caller-Destination-Number": "7001", "Channel-State": "CS_EXECUTE"}
    variables = {"current_application": "sleep", "current_application_data": "500"}
    leg |= {f"variable_{name}": value for name, value in variables.items()}
    assert answers.application_of(json.dumps(leg), "7001") == Application("sleep", "500")


def test_of_a_dump_only_the_realms_own_keys_are_read() -> None:
    dump = "D/fluxcc_block_+5511/1795000000\nD/fluxcc_room_*1000/1000\nL/x/y\n+OK"
    entries = answers.read_hash(dump.splitlines(), "fluxcc_block")
    assert dict(entries) == {"+5511": "1795000000"}


@pytest.mark.parametrize(
    ("leg", "media"),
    [
        ({"Channel-State": "CS_EXCHANGE_MEDIA", "Channel-Read-Codec-Name": "PCMU"}, Media.HERE),
        ({"Channel-State": "CS_HIBERNATE", "Channel-Read-Codec-Name": "PCMU"}, Media.PAST),
        ({"Channel-State": "CS_HIBERNATE"}, Media.PAST),
        ({"Channel-State": "CS_EXCHANGE_MEDIA", "Channel-Read-Codec-Name": "PROXY"}, Media.PROXIED),
        ({"Channel-State": "CS_SOFT_EXECUTE"}, Media.UNKNOWN),
        ({"Channel-State": ["CS_HIBERNATE", "x"]}, Media.PAST),
        ({}, Media.UNKNOWN),
    ],
)
def test_an_originatee_shows_its_medias_way(leg: dict[str, object], media: Media) -> None:
    assert answers.read_media(json.dumps(leg)) is media


@pytest.mark.parametrize("description", ["-ERR No such channel!", "", "[]", "{"])
def test_what_describes_no_leg_shows_no_medias_way(description: str) -> None:
    assert answers.read_media(description) is Media.UNKNOWN


def test_the_members_of_a_conference_are_its_legs() -> None:
    """A recording is a member too; a caller's name may have anything in it."""
    members = [{"uuid": "a", "caller_id_name": '1;x;b;"\x01'}, {"uuid": "b"}, {"type": "recording"}]
    answer = json.dumps([{"conference_name": "1000", "members": members}])
    assert answers.read_members(answer) == {"a", "b"}
    assert answers.read_members("-ERR Conference 1000 not found") == frozenset()


@pytest.mark.parametrize("answer", ["", "{}", "[5]", "[{}]", '[{"members": 5}]', "5", "+OK"])
def test_what_lists_no_conference_is_refused(answer: str) -> None:
    """Nobody in it would look the same."""
    with pytest.raises(PbxRejectedError):
        answers.read_members(answer)


@pytest.mark.parametrize("value", ["a=b", "a'b", 'a"b', "a\\b", "${x}", "a b", "a\nb", "é"])
def test_a_variable_has_no_value_that_freeswitch_would_read_otherwise(value: str) -> None:
    with pytest.raises(PbxRejectedError):
        commands.set_variable("fluxcc_person", value)


def test_a_variable_is_set_or_unset() -> None:
    assert commands.set_variable("fluxcc_home", "11") == "global_setvar fluxcc_home=11"
    assert commands.set_variable("fluxcc_home", "") == "global_setvar fluxcc_home="
    assert commands.set_variable("fluxcc_home", "", "11") == "global_setvar fluxcc_home==11"


LIVE = {"Channel-State": "CS_EXECUTE", "variable_current_application": "bridge"}
TOLD = "blocked.wav"


@pytest.mark.parametrize(
    ("changes", "is_past"),
    [
        ({}, True),
        ({"Channel-State": "CS_HANGUP"}, False),
        ({"variable_fluxcc_diverted": "true"}, False),
        ({"variable_current_application": "pre_answer"}, False),
        (
            {
                "variable_current_application": "playback",
                "variable_current_application_data": TOLD,
            },
            False,
        ),
        (
            {
                "variable_current_application": "playback",
                "variable_current_application_data": "greeting.wav",
            },
            True,
        ),
    ],
)
def test_a_leg_is_past_the_gate_unless_the_gate_has_it(
    changes: dict[str, str], is_past: bool
) -> None:
    assert answers.is_past_gate(json.dumps(LIVE | changes), TOLD) is is_past


def test_a_leg_that_is_gone_is_not_past_the_gate() -> None:
    assert not answers.is_past_gate("-ERR No such channel!", TOLD)


def test_where_nothing_is_announced_no_playback_is_the_gates() -> None:
    leg = LIVE | {"variable_current_application": "pre_answer"}
    assert answers.is_past_gate(json.dumps(leg), "")
