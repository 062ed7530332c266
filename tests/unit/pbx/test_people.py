"""FreeSWITCH's lists of people, as it prints them (1.10.12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.pbx.people import (
    QueueAgent,
    read_contact,
    read_names,
    read_queue_agents,
    read_registrations,
    read_stations,
)

UUID = "f7d80643-20ed-5ab4-8100-8c17c4caaf11"
HEAD = "name|instance_id|uuid|type|contact|status"


def test_a_user_in_two_groups_is_one_and_in_two_domains_two() -> None:
    lines = ["userid|context|domain|group", "1000||a|x", "1000||a|y", "1000||b|x", "|", "", "+OK"]
    assert read_stations("\n".join(lines)) == [("1000", "a"), ("1000", "b")]


def test_who_is_registered_is_told_with_the_domain() -> None:
    shown = '{"row_count":1,"rows":[{"reg_user":"1001","realm":"a.example","token":"x"}]}'
    assert read_registrations(shown) == [("1001", "a.example")]
    for nothing in ('{"row_count": 0}', "", "-ERR SQL disabled", "[]", '{"rows":[{}]}'):
        assert read_registrations(nothing) == []


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ('"" <sip:k3j4l5a@192.0.2.7:5060>', "k3j4l5a@192.0.2.7:5060"),
        ('"A" <sips:k@df7jal.invalid;transport=wss;fs_path=sip%3A1>', "k@df7jal.invalid"),
        ("sofia/internal/sip:k@10.0.0.2:5060;fs_nat=yes", "k@10.0.0.2:5060"),
        ("sofia/internal/sip:k@[2001:db8::7]:5060", "k@[2001:db8::7]:5060"),
        ('"sip:other@192.0.2.8" <sip:k@192.0.2.7>', "k@192.0.2.7"),
        ("", ""),
        ("error/user_not_registered", ""),
    ],
)
def test_a_contact_is_read_as_the_name_of_a_channel_has_it(contact: str, expected: str) -> None:
    assert read_contact(contact) == expected


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("{call_timeout=20,domain_name=a.example}user/1000@a.example", ("1000", "a.example")),
        ("[leg_timeout=10]user/1000@a.example:_:user/1001@a.example", ("1000", "a.example")),
        ("{a=b}loopback/1000/a.example", ("1000", "a.example")),
        ("loopback/1000/a.example/XML", ("1000", "a.example")),
        ("user/1000@a.example|user/1001@a.example", ("1000", "a.example")),
        ("sofia/gateway/carrier/11988887777", ("", "")),
    ],
)
def test_an_agents_telephone_is_that_of_the_contact(
    contact: str, expected: tuple[str, str]
) -> None:
    listed = f"{HEAD}\n{UUID}|single_box||callback|{contact}|Available\n+OK\n"
    assert read_queue_agents(listed) == [QueueAgent(UUID, *expected)]


def test_queues_are_read_by_their_names() -> None:
    assert read_names("name|strategy\n8000@a.example|x\n8000@b.example|x\n+OK\n") == [
        "8000@a.example",
        "8000@b.example",
    ]
    assert read_names("-ERR no such command") == []


@given(st.text())
def test_no_text_breaks_them(text: str) -> None:
    for read in (read_stations, read_registrations, read_queue_agents, read_names):
        read(text)
