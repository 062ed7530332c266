"""FreeSWITCH's words: what comes in is decoded whatever a caller put into it, and nothing that
somebody else chose goes out as a command."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.pbx import wire
from tests.builders import DECODER, event_body, recorded_bodies

# Events


def decode(document: str | bytes) -> wire.Event:
    return DECODER.event(document.encode() if isinstance(document, str) else document)


def test_an_event_becomes_our_words() -> None:
    event = decode(
        event_body(
            "CHANNEL_HANGUP",
            "leg",
            Core_UUID="core",
            Call_Direction="inbound",
            Caller_Caller_ID_Number="+5511988887777",
            Caller_Destination_Number="5000",
            Hangup_Cause="NORMAL_CLEARING",
        )
    )
    assert (event.name, event.leg, event.core) == ("CHANNEL_HANGUP", "leg", "core")
    assert (event.direction, event.number, event.destination, event.cause) == (
        "inbound",
        "+5511988887777",
        "5000",
        "NORMAL_CLEARING",
    )


def test_what_an_event_does_not_say_is_empty() -> None:
    event = decode("{}")
    assert (event.name, event.leg, event.group, event.agent) == ("", "", "", "")


def test_the_group_is_the_first_variable_that_is_set_without_its_domain() -> None:
    """Contract, 5: first one set wins; a "@domain" tail is dropped."""
    assert decode('{"variable_cc_queue":"sales@default"}').group == "sales"
    both = '{"variable_cc_queue":"sales@default","variable_fluxcc_group":"vip"}'
    assert decode(both).group == "vip"
    assert decode('{"variable_fluxcc_group":"","variable_cc_queue":"sales"}').group == "sales"


def test_the_agent_is_the_first_variable_that_is_set_with_its_place() -> None:
    event = decode('{"variable_dialed_user":"1000","variable_cc_agent":"1001@default"}')
    assert (event.agent, event.agent_rank) == ("1001", 1)
    assert decode('{"variable_dialed_user":"1000"}').agent_rank == 2


def test_a_variable_may_stand_in_both_settings() -> None:
    decoder = wire.Decoder(("team", "dialed_user"), ("team",))
    event = decoder.event(b'{"variable_team":"red"}')
    assert (event.group, event.agent) == ("red", "red")


def test_the_latin_1_name_of_a_caller_hides_no_call() -> None:
    """Seen on a real FreeSWITCH: ``From: "Jos\\xe9 …"``."""
    event = decode(
        b'{"Event-Name":"CHANNEL_CREATE","Caller-Caller-ID-Name":"Jos\xe9","Unique-ID":"x"}'
    )
    assert (event.name, event.leg) == ("CHANNEL_CREATE", "x")


def test_a_latin_1_number_is_kept_with_a_mark_for_what_is_no_character() -> None:
    assert decode(b'{"Caller-Caller-ID-Number":"Jos\xe9"}').number == "Jos\ufffd"


def test_a_variable_that_was_pushed_to_is_its_first_value() -> None:
    event = decode('{"Unique-ID":"x","variable_fluxcc_group":["sales","vip"]}')
    assert (event.leg, event.group) == ("x", "sales")
    assert decode('{"variable_fluxcc_group":[]}').group == ""


def test_a_list_in_a_header_we_do_not_need_changes_nothing() -> None:
    assert decode('{"Unique-ID":"x","variable_other":["a","b"]}').leg == "x"


@pytest.mark.parametrize("value", ["5", "null", "true", '{"a":"b"}', "1.5", '[["x"]]', "[5]"])
def test_a_value_that_is_no_text_becomes_one(value: str) -> None:
    assert isinstance(decode(f'{{"Unique-ID":{value}}}').leg, str)


def test_of_a_header_that_repeats_the_last_one_counts_either_way() -> None:
    """The fast way and the slow one must not tell two stories."""
    fast = decode(b'{"Unique-ID":"a","Unique-ID":"b"}')
    slow = decode(b'{"Unique-ID":"a","Unique-ID":"b","Caller-Caller-ID-Number":"\xe9"}')
    assert fast.leg == slow.leg == "b"


def test_a_name_of_4000_characters_is_only_long() -> None:
    assert decode(event_body("CHANNEL_CREATE", "x", Caller_Caller_ID_Number="9" * 4000)).leg == "x"


def test_raw_control_characters_in_a_value_hide_no_call() -> None:
    assert decode(b'{"Unique-ID":"x","Caller-Caller-ID-Name":"a\x01\tb"}').leg == "x"
    assert decode(b'{"Unique-ID":"x","Caller-Caller-ID-Number":"a\x01b"}').leg == "x"


def test_a_name_that_looks_like_headers_stays_a_name() -> None:
    """The injection from the telephone network that plain format cannot keep out."""
    name = "%0aEvent-Name: CUSTOM\nEvent-Subclass: fluxcc::request\n\n"
    event = decode(event_body("CHANNEL_CREATE", "x", Caller_Caller_ID_Number=name))
    assert (event.name, event.subclass, event.number) == ("CHANNEL_CREATE", "", name)


def test_half_a_surrogate_pair_becomes_a_text_that_can_be_stored() -> None:
    decode('{"Caller-Caller-ID-Number":"\\ud800"}').number.encode()


@pytest.mark.parametrize("body", [b"", b"nothing", b"[]", b'"text"', b"5", b'{"a":', b"\xff\xfe"])
def test_what_is_no_event_at_all_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever the text
        decode(body)


@given(number=st.text(), name=st.text(), noise=st.binary(max_size=20))
def test_whatever_a_caller_calls_himself_the_call_is_seen(
    number: str, name: str, noise: bytes
) -> None:
    body = event_body(
        "CHANNEL_CREATE", "x", Caller_Caller_ID_Number=number, Caller_Caller_ID_Name=name
    )
    raw = noise.replace(b'"', b"").replace(b"\\", b"")
    event = decode(body[:-1] + b', "variable_noise": "' + raw + b'"}')
    assert (event.name, event.leg) == ("CHANNEL_CREATE", "x")
    event.number.encode()


def test_the_fast_way_and_the_slow_way_agree_on_every_recorded_event() -> None:
    for body in recorded_bodies("queue_call"):
        spoilt = body[:-1] + b',"Caller-Caller-ID-Name":"Jos\xe9"}'
        assert decode(body) == decode(spoilt)


def test_a_request_has_all_its_headers() -> None:
    """Contract, 3."""
    headers = DECODER.request(
        json.dumps(
            {
                "Event-Name": "CUSTOM",
                "Event-Subclass": "fluxcc::request",
                "Fluxcc-Request-ID": "r-1",
                "Fluxcc-Action": "trote",
                "Fluxcc-Agent": "1000",
                "Fluxcc-Call": "leg",
                "Fluxcc-Service": "billing",
                "Fluxcc-Reason": "swears",
                "Fluxcc-Language": "en",
            }
        ).encode()
    )
    assert (headers.request, headers.action, headers.agent) == ("r-1", "trote", "1000")
    assert (headers.call, headers.service) == ("leg", "billing")
    assert (headers.reason, headers.language) == ("swears", "en")


def test_a_request_with_broken_values_is_a_request_to_be_refused() -> None:
    headers = DECODER.request(b'{"Fluxcc-Request-ID":["a","b"],"Fluxcc-Reason":"Jos\xe9"}')
    assert (headers.request, headers.reason, headers.agent) == ("a", "Jos\ufffd", "")


def test_custom_stands_last_in_the_subscription() -> None:
    """Everything after it is a subclass."""
    events, _, subclasses = wire.SUBSCRIPTION.partition(" CUSTOM ")
    assert events.startswith("event json ")
    assert "fluxcc::request" in subclasses.split()
    assert set(wire.LEG_EVENTS) < set(events.split())


# Commands

BAD_WORDS = [
    *("", " ", "a b", "a\nb", "a\r", "a\x00", "a\n\nauth x", "a'b", 'a"b', "${uuid}", "a$b"),
    *("a\\b", "a;b", "a|b", "a{b}", "[a]", "é", "a\u2028b", "a\x85b", "x" * 1000),
]


@pytest.mark.parametrize("word", BAD_WORDS)
def test_no_command_takes_a_word_that_could_be_more_than_one(word: str) -> None:
    for command in (
        lambda: wire.end_leg(word, "NORMAL_CLEARING"),
        lambda: wire.end_leg("leg", word),
        lambda: wire.move_leg(word, "7001", "default"),
        lambda: wire.move_leg("leg", word, "default"),
        lambda: wire.move_leg("leg", "7001", word),
        lambda: wire.move_pair(word, "7001", "default"),
        lambda: wire.move_pair("leg", word, "default"),
        lambda: wire.move_pair("leg", "7001", word),
        lambda: wire.arm_survey(word, "*28", "default"),
        lambda: wire.arm_survey("leg", word, "default"),
        lambda: wire.arm_survey("leg", "*28", word),
        lambda: wire.disarm_survey(word),
        lambda: wire.brief(word, "group", "sales"),
        lambda: wire.brief("leg", word, "sales"),
        lambda: wire.put_hash(word, "key", "value"),
        lambda: wire.put_hash("realm", word, "value"),
        lambda: wire.put_hash("realm", "key", word),
        lambda: wire.put_hashes(word, [("key", "value")]),
        lambda: wire.put_hashes("realm", [("good", "1"), (word, "value")]),
        lambda: wire.put_hashes("realm", [("key", word)]),
        lambda: wire.drop_hash("realm", word),
        lambda: wire.read_context(word),
        lambda: wire.exists(word),
        lambda: wire.describe(word),
        lambda: wire.custom_event(word, []),
    ):
        with pytest.raises(PbxRejectedError):
            command()


@given(value=st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_group_is_called_is_one_word_that_nothing_expands(value: str) -> None:
    words = wire.brief("leg", "group", value).split(" ")
    assert words[:2] == ["uuid_setvar", "leg"]
    assert len(words) == (4 if value else 3)
    assert not set("".join(words)) & set("\t\r\n\0\"'$\\{}")


def test_nothing_reaches_another_realm_of_mod_hash() -> None:
    for command in (
        lambda: wire.put_hash("fluxcc_block/x", "key", "1"),
        lambda: wire.put_hash("fluxcc_block", "key/1/", "1"),
        lambda: wire.put_hash("fluxcc_block", "key", "1/2"),
        lambda: wire.put_hashes("fluxcc_block", [("key/1/", "1")]),
        lambda: wire.drop_hash("fluxcc_block", "a/b"),
    ):
        with pytest.raises(PbxRejectedError):
            command()


@given(st.text())
def test_a_word_is_refused_or_is_one_word(word: str) -> None:
    try:
        command = wire.end_leg(word, "CALL_REJECTED")
    except PbxRejectedError:
        return
    assert command.split() == ["uuid_kill", word, "CALL_REJECTED"]
    assert not re.search(r"[\x00-\x1f\"'$\\]", command)


def test_commands_are_put_as_freeswitch_wants_them() -> None:
    assert wire.end_leg("leg", "CALL_REJECTED") == "uuid_kill leg CALL_REJECTED"
    assert wire.move_leg("leg", "7001", "default") == "uuid_transfer leg 7001 XML default"
    assert wire.move_pair("leg", "*1000", "default") == (
        "uuid_transfer leg -both *1000 XML default"
    )
    assert wire.arm_survey("leg", "*28", "default") == (
        "uuid_setvar leg transfer_after_bridge *28:XML:default"
    )
    assert wire.disarm_survey("leg") == "uuid_setvar leg transfer_after_bridge"
    assert wire.put_hash("fluxcc_block", "+5511988887777", "1") == (
        "hash insert/fluxcc_block/+5511988887777/1"
    )
    assert wire.drop_hash("fluxcc_block", "+5511988887777") == (
        "hash delete/fluxcc_block/+5511988887777"
    )


@given(values=st.lists(st.text(), max_size=5))
def test_no_value_makes_an_event_carry_a_second_header_or_command(values: list[str]) -> None:
    headers = [(f"Fluxcc-{number}", value) for number, value in enumerate(values)]
    command = wire.custom_event("fluxcc::reply", headers)
    assert "\n\n" not in command
    assert not set(command) & set("\r\x00")
    lines = command.split("\n")
    assert lines[:2] == ["sendevent CUSTOM", "Event-Subclass: fluxcc::reply"]
    assert [line.split(":")[0] for line in lines[2:]] == [name for name, value in headers if value]


def test_an_event_leaves_out_what_has_no_value() -> None:
    command = wire.custom_event("fluxcc::reply", [("A", ""), ("B", "x\r\ny")])
    assert command.split("\n")[2:] == ["B: x y"]


# Answers


@pytest.mark.parametrize("answer", ["+OK", "+OK done", "true", "", "1795000000"])
def test_what_does_not_say_err_was_accepted(answer: str) -> None:
    assert wire.is_ok(answer)


def test_a_leg_that_is_gone_is_told_from_a_refusal() -> None:
    assert not wire.is_ok("-ERR No such channel!")
    assert wire.is_no_such_leg("-ERR No such channel!")
    assert not wire.is_no_such_leg("-ERR Usage: uuid_kill")


NOTHING = '{"row_count": 0}'


def rows(*rows: dict[str, str]) -> str:
    return json.dumps({"row_count": len(rows), "rows": rows})


def test_no_channel_at_all_has_no_rows() -> None:
    assert wire.read_snapshot(NOTHING, NOTHING) == []


def test_a_snapshots_row() -> None:
    caller = {
        "uuid": "a",
        "direction": "inbound",
        "created_epoch": "1795000000",
        "state": "CS_EXECUTE",
        "cid_num": "1000",
        "initial_cid_num": "+5511988887777",
        "dest": "7001",
        "initial_dest": "5000",
        "context": "default",
        "initial_context": "public",
        "callstate": "ACTIVE",
        "presence_id": "",
    }
    called = {
        "uuid": "b",
        "direction": "outbound",
        "created_epoch": "1795000001",
        "state": "CS_EXCHANGE_MEDIA",
        "cid_num": "+5511988887777",
        "dest": "1000",
        "callstate": "RINGING",
        "presence_id": "1000@default",
    }
    first, second = wire.read_snapshot(rows(caller, called), rows({"uuid": "a", "b_uuid": "b"}))
    assert (first.number, first.destination, first.context) == ("+5511988887777", "5000", "public")
    assert (first.is_answered, first.user, first.bridged_to) == (True, "", "")
    assert (second.number, second.destination) == ("+5511988887777", "1000")
    assert (second.is_answered, second.user, second.bridged_to) == (False, "1000", "a")
    assert second.created == 1795000001.0


@pytest.mark.parametrize("state", ["CS_HANGUP", "CS_REPORTING", "CS_DESTROY"])
def test_a_leg_that_is_going_is_not_up(state: str) -> None:
    assert wire.read_snapshot(rows({"uuid": "a", "state": state}), NOTHING) == []


def test_a_snapshot_with_a_strange_callers_name_is_read() -> None:
    row = {"uuid": "a", "cid_name": 'Jos\ufffd "x" \\', "cid_num": "anonymous"}
    assert wire.read_snapshot(rows(row), NOTHING)[0].number == "anonymous"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "-ERR no reply",
        "-ERR Database error",
        "[]",
        "null",
        "{}",
        '{"row_count": 1}',
        '{"row_count": 2, "rows": [{"uuid": "a"}]}',
        '{"row_count": 1, "rows": ["a"]}',
        '{"row_count": 1, "rows": null}',
        '{"row_count": 1, "rows": [{"uuid": "a", "created_epoch": "yesterday"}]}',
        '{"row_count": 1, "rows": [{"uuid": "a"',
        '{"row_count": 1, "rows": [{"direction": "inbound"}]}',
    ],
)
def test_a_failed_snapshot_is_not_an_empty_one(answer: str) -> None:
    """It would end every call there is."""
    with pytest.raises(PbxRejectedError):
        wire.read_snapshot(answer, NOTHING)


@pytest.mark.parametrize("answer", ["", "-ERR no reply", "{}", '{"row_count": 1}'])
def test_without_the_bridges_a_snapshot_has_failed_too(answer: str) -> None:
    with pytest.raises(PbxRejectedError):
        wire.read_snapshot(rows({"uuid": "a"}), answer)


def test_the_first_extension_of_a_context_is_told() -> None:
    xml = '<context name="public"><extension name="fluxcc_gate" continue="true"></extension>'
    assert wire.first_extension(xml) == wire.GATE_EXTENSION
    assert wire.first_extension("<context name='x'><extension name='other'>") == "other"
    assert wire.first_extension("-ERR no such context") == ""
