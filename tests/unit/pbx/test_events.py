"""An event is decoded whatever a caller put into it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.pbx import events
from tests.builders import DECODER, event_body, recorded_bodies


def decode(document: str | bytes) -> events.Event:
    return DECODER.event(document.encode() if isinstance(document, str) else document)


def test_an_event_becomes_our_words() -> None:
    event = decode(
        event_body(
            "CHANNEL_HANGUP",
            "leg",
            Call_Direction="inbound",
            Caller_Caller_ID_Number="+5511988887777",
            Caller_Destination_Number="5000",
            Hangup_Cause="NORMAL_CLEARING",
        )
    )
    assert (event.name, event.leg) == ("CHANNEL_HANGUP", "leg")
    assert (event.direction, event.number, event.destination, event.cause) == (
        "inbound",
        "+5511988887777",
        "5000",
        "NORMAL_CLEARING",
    )


def test_who_registered_is_told_with_the_contact() -> None:
    told = {"from-user": "1001", "from-host": "A.example", "contact": '"" <sip:k3@192.0.2.7:5060>'}
    assert DECODER.registered(json.dumps(told).encode()) == (
        ("1001", "a.example"),
        "k3@192.0.2.7:5060",
    )


def test_a_legs_name_keeps_every_character() -> None:
    """FreeSWITCH takes what begins with ``ARRAY::`` for a list, a caller's Call-ID too."""
    document = (
        '{"Unique-ID":["a","b"],"Bridge-A-Unique-ID":["a","b"],"Other-Leg-Unique-ID":["c"],'
        '"Caller-Caller-ID-Number":["1","2"],"Fluxcc-Call":["a","b"]}'
    )
    event = decode(document)
    assert (event.leg, event.bridge_a) == ("ARRAY::a|:b", "ARRAY::a|:b")
    assert (event.other_leg, event.number) == ("ARRAY::c", "1")
    assert DECODER.request(document.encode()).call == "ARRAY::a|:b"


def test_what_an_event_does_not_say_is_empty() -> None:
    event = decode("{}")
    assert (event.name, event.leg, event.group, event.agent) == ("", "", "", "")


@pytest.mark.parametrize(
    ("disposition", "is_by_person"),
    [("recv_bye", True), ("recv_cancel", True), ("send_bye", False), ("", False)],
)
def test_who_hung_up_is_told_by_which_side_sent_the_bye(
    disposition: str, is_by_person: bool
) -> None:
    body = event_body("CHANNEL_DESTROY", "leg", variable_sip_hangup_disposition=disposition)
    assert decode(body).is_by_person is is_by_person


def test_the_group_is_the_first_variable_that_is_set_with_its_domain() -> None:
    """Contract, section 5: first one set wins."""
    assert decode('{"variable_cc_queue":"sales@default"}').group == "sales@default"
    both = '{"variable_cc_queue":"sales@default","variable_fluxcc_group":"vip"}'
    assert decode(both).group == "vip"
    assert decode('{"variable_fluxcc_group":"","variable_cc_queue":"sales"}').group == "sales"


def test_the_agent_is_the_first_variable_that_is_set() -> None:
    event = decode('{"variable_dialed_user":"1000","variable_cc_agent":"1001@default"}')
    assert event.agent == "1001@default"


def test_a_variable_may_stand_in_both_settings() -> None:
    decoder = events.Decoder(("team", "dialed_user"), ("team",))
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
    """Contract, section 3."""
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
                "Fluxcc-Zone": "America/Manaus",
            }
        ).encode()
    )
    assert (headers.request, headers.action, headers.agent) == ("r-1", "trote", "1000")
    assert (headers.call, headers.service) == ("leg", "billing")
    assert (headers.reason, headers.language) == ("swears", "en")
    assert headers.zone == "America/Manaus"


def test_a_request_with_broken_values_is_a_request_to_be_refused() -> None:
    headers = DECODER.request(b'{"Fluxcc-Request-ID":["a","b"],"Fluxcc-Reason":"Jos\xe9"}')
    assert (headers.request, headers.reason, headers.agent) == ("a", "Jos\ufffd", "")


def test_custom_stands_last_in_the_subscription() -> None:
    """Everything after it is a subclass."""
    names, _, subclasses = events.SUBSCRIPTION.partition(" CUSTOM ")
    assert names.startswith("event json ")
    assert "fluxcc::request" in subclasses.split()
    assert set(events.LEG_EVENTS) < set(names.split())


def test_the_end_of_a_known_leg_is_read_without_what_the_leg_is() -> None:
    """That was settled when it was created; each field read costs time."""
    body = next(
        body
        for body in recorded_bodies("direct_agent_hangs_up")
        if body.startswith(b'{"Event-Name":"CHANNEL_HANGUP"')
    )
    whole = DECODER.event(body)
    brief = DECODER.event(body, {whole.leg})
    assert (whole.channel, brief.channel) == ("sofia/external/1000@127.0.0.1:5090", "")
    for field in ("name", "leg", "at", "cause", "dialed_user", "application", "agent", "group"):
        assert getattr(brief, field) == getattr(whole, field)
    assert DECODER.event(body, {"another leg"}).channel == whole.channel
