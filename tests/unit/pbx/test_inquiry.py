"""What is asked of FreeSWITCH about itself, against the simulator's event socket in the test's own
process; its answers are put into its mouth where the simulator has no such configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

import pytest

from fluxcc.domain.errors import LinkAbsentError, LinkLostError, LinkRefusedError, PbxRejectedError
from fluxcc.domain.provisioning import Group, Language, Scale
from fluxcc.domain.sight import Sight
from fluxcc.kit import find_kit
from fluxcc.pbx.contexts import Server
from fluxcc.pbx.inquiry import REHEARSAL_DURATION, Inquiry, Profile
from fluxcc.pbx.link import Link
from fluxcc.pbx.markup import parse
from fluxcc.pbx.switch import Address
from tests.testing.freeswitch import PASSWORD, FreeSwitch, until

NUMBER = "5511988887777"
Answer = Callable[[str, str], None]
"""Lets a command have that answer, from now on."""


@pytest.fixture
def freeswitch() -> Iterator[FreeSwitch]:
    freeswitch = FreeSwitch()
    yield freeswitch
    freeswitch.stop()


@pytest.fixture
def inquiry(freeswitch: FreeSwitch) -> Iterator[Inquiry]:
    with Inquiry(Address("127.0.0.1", freeswitch.port, PASSWORD)) as inquiry:
        yield inquiry


@pytest.fixture
def answer(freeswitch: FreeSwitch, monkeypatch: pytest.MonkeyPatch) -> Answer:
    answers: dict[str, str] = {}
    api = freeswitch.pbx.api
    monkeypatch.setattr(
        freeswitch.pbx,
        "api",
        lambda command: answers[command] if command in answers else api(command),
    )
    return answers.__setitem__


@pytest.fixture
def gate() -> Element:
    """The kit's own gate."""
    kit = parse((find_kit() / "dialplan/public/00_fluxcc.xml").read_text(encoding="utf-8"))
    gate = kit.find("extension[@name='fluxcc_gate']")
    assert gate is not None
    return gate


# The link


def test_it_is_over_when_the_with_is(freeswitch: FreeSwitch) -> None:
    with Inquiry(Address("127.0.0.1", freeswitch.port, PASSWORD)) as inquiry:
        inquiry.clock()
    with pytest.raises(LinkLostError):
        inquiry.clock()


def test_a_wrong_password_and_nobody_who_listens_are_told_apart(freeswitch: FreeSwitch) -> None:
    with (
        pytest.raises(LinkRefusedError),
        Inquiry(Address("127.0.0.1", freeswitch.port, "wrong")),
    ):
        pass
    freeswitch.stop()
    with (
        pytest.raises(LinkAbsentError),
        Inquiry(Address("127.0.0.1", freeswitch.port, PASSWORD)),
    ):
        pass


# What it is


def test_a_module_is_there_or_not(inquiry: Inquiry) -> None:
    assert inquiry.has_module("mod_hash")
    assert not inquiry.has_module("mod_nothing")


def test_a_variable_that_is_not_set_is_empty(inquiry: Inquiry) -> None:
    assert inquiry.variable("domain") == "pbx.test"
    assert inquiry.variable("nothing") == ""


def test_the_clock_is_freeswitchs(inquiry: Inquiry, answer: Answer) -> None:
    answer("strepoch", "1795000000")
    assert inquiry.clock() == 1_795_000_000


@pytest.mark.parametrize("said", ["-ERR no such command", "soon"])
def test_what_is_no_time_is_refused(inquiry: Inquiry, answer: Answer, said: str) -> None:
    answer("strepoch", said)
    with pytest.raises(PbxRejectedError):
        inquiry.clock()


def test_the_directorys_users_are_told(inquiry: Inquiry) -> None:
    assert inquiry.users() == ["1000", "1001"]


def test_a_user_in_two_groups_is_told_once(inquiry: Inquiry, answer: Answer) -> None:
    lines = ["userid|context", "1001|a", "1000|a", "1001|b", "|nobody", "", "+OK"]
    answer("list_users", "\n".join(lines))
    assert inquiry.users() == ["1001", "1000"]


def test_a_context_is_its_xml_and_nothing_where_there_is_none(inquiry: Inquiry) -> None:
    sight, xml = inquiry.context("public")
    assert sight is Sight.THERE
    assert parse(xml).get("name") == "public"
    assert inquiry.context("nowhere") == (Sight.MISSING, "")
    assert inquiry.server() == Server()


def test_the_profiles_are_told_with_their_contexts(inquiry: Inquiry) -> None:
    assert inquiry.profiles() == [
        Profile("internal", "default"),
        Profile("external", "public"),
        Profile("callids", "public"),
    ]


def test_calls_from_a_gateway_have_its_context_or_else_its_profiles(
    inquiry: Inquiry, answer: Answer
) -> None:
    answer(
        "xml_locate configuration configuration name sofia.conf",
        """<configuration name="sofia.conf"><profiles>
        <profile name="trunks"><gateways>
          <gateway name="one"><param name="realm" value="x"/><param name="context" value="in"/>
          </gateway>
          <gateway name="two"><param name="realm" value="y"/></gateway>
        </gateways><settings><param name="context" value="public"/></settings></profile>
        <profile name="bare"><gateways><gateway name="three"/></gateways></profile>
        </profiles></configuration>""",
    )
    assert inquiry.profiles() == [
        Profile("trunks", "public", ("in", "public")),
        Profile("bare", "default", ("default",)),
    ]


@pytest.mark.parametrize("said", ["can't find anything", "<configuration", "-ERR", ""])
def test_a_configuration_that_cannot_be_read_has_nothing(
    inquiry: Inquiry, answer: Answer, said: str
) -> None:
    for file in ("sofia.conf", "event_socket.conf"):
        answer(f"xml_locate configuration configuration name {file}", said)
    assert inquiry.profiles() == []
    assert inquiry.listen_ip() == ""


def test_where_the_event_socket_listens_is_told(inquiry: Inquiry, answer: Answer) -> None:
    params = '<param name="nat-map" value="false"/><param name="listen-ip" value="127.0.0.1"/>'
    answer(
        "xml_locate configuration configuration name event_socket.conf",
        f"<configuration><settings>{params}</settings></configuration>",
    )
    assert inquiry.listen_ip() == "127.0.0.1"


def test_a_room_is_told_where_it_was_published(freeswitch: FreeSwitch, inquiry: Inquiry) -> None:
    assert inquiry.room("*1000") == ""
    freeswitch.pbx.api("hash insert/fluxcc_room/*1000/1000")
    assert inquiry.room("*1000") == "1000"


def test_a_text_is_expanded_outside_of_any_call(inquiry: Inquiry) -> None:
    assert inquiry.evaluate("in ${domain}") == "in pbx.test"


def test_an_expansion_that_begins_like_an_error_is_still_one(inquiry: Inquiry) -> None:
    """A gate's condition is compared with it as FreeSWITCH would compare it."""
    assert inquiry.evaluate("-ERR") == "-ERR"


@pytest.mark.parametrize("text", ["a\nb", "a\n\napi shutdown", "a\rb", "a\x00", "a\u2028b"])
def test_what_could_be_another_command_is_not_sent(
    freeswitch: FreeSwitch, inquiry: Inquiry, text: str
) -> None:
    for ask in (inquiry.has_module, inquiry.variable, inquiry.room, inquiry.evaluate):
        with pytest.raises(PbxRejectedError):
            ask(text)
    assert freeswitch.commands == []


# What it does


def test_a_rehearsed_block_is_refused_by_the_kits_gate_while_it_lasts(
    freeswitch: FreeSwitch, inquiry: Inquiry, gate: Element
) -> None:
    assert not inquiry.refuses(gate, NUMBER)
    with inquiry.rehearsed_block(NUMBER):
        assert inquiry.refuses(gate, NUMBER)
        until = int(freeswitch.pbx.api(f"hash select/fluxcc_block/{NUMBER}"))
        assert 0 < until - inquiry.clock() <= REHEARSAL_DURATION
    assert not inquiry.refuses(gate, NUMBER)


def test_a_rehearsed_block_is_gone_although_the_rehearsal_broke_off(
    freeswitch: FreeSwitch, inquiry: Inquiry
) -> None:
    def break_off() -> None:
        assert freeswitch.knows_block(NUMBER)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), inquiry.rehearsed_block(NUMBER):
        break_off()
    assert not freeswitch.knows_block(NUMBER)


def test_a_block_that_is_over_refuses_nobody(
    freeswitch: FreeSwitch, inquiry: Inquiry, gate: Element
) -> None:
    freeswitch.pbx.api(f"hash insert/fluxcc_block/{NUMBER}/{inquiry.clock() - 1}")
    assert not inquiry.refuses(gate, NUMBER)


def test_of_a_number_that_is_none_nothing_is_expanded(
    freeswitch: FreeSwitch, inquiry: Inquiry, gate: Element
) -> None:
    """The gate's first condition is what keeps it out of the next ones."""
    assert not inquiry.refuses(gate, "anonymous")
    assert freeswitch.commands == []


@pytest.mark.parametrize(
    ("said", "end"), [("-ERR CALL_REJECTED\n", "CALL_REJECTED"), ("+OK leg", "+OK leg")]
)
def test_a_rehearsed_call_tells_how_it_ended(
    inquiry: Inquiry, answer: Answer, said: str, end: str
) -> None:
    answer(
        f"originate {{origination_caller_id_number={NUMBER},originate_timeout=5,"
        "ignore_early_media=true}loopback/fluxcc-probe/public &hangup()",
        said,
    )
    assert inquiry.call(NUMBER, "public") == end


# The survey


def test_the_surveys_script_tells_what_freeswitch_lacks(inquiry: Inquiry, answer: Answer) -> None:
    said = "unplayable /s/question_2_0-10.wav\nunplayable /s/thanks.wav\nspool /x: No space left\n"
    group = Group(
        "sales", questions=2, scale=Scale.TEN, language=Language.ENGLISH, prompts="/s/own"
    )
    answer("lua avali_e.lua check 2 0-10 en /s/own", f"{said}checked\n")
    found = inquiry.survey_faults(group)
    assert found is not None
    assert found.unplayable == ["/s/question_2_0-10.wav", "/s/thanks.wav"]
    assert found.spool == "/x: No space left"


@pytest.mark.parametrize(
    "said", ["-ERR Cannot execute script\n", "-ERR lua Command not found!\n", ""]
)
def test_a_script_that_does_not_run_tells_nothing(
    inquiry: Inquiry, answer: Answer, said: str
) -> None:
    answer("lua avali_e.lua check 1 1-5 pt_BR", said)
    assert inquiry.survey_faults(Group("")) is None


# FusionPBX


def test_memcached_is_emptied_by_freeswitch(inquiry: Inquiry, answer: Answer) -> None:
    answer("memcache flush", "+OK")
    assert inquiry.flush_memcache() == "+OK"


def test_that_the_cache_was_emptied_is_told_as_fusionpbx_tells_it(
    inquiry: Inquiry, freeswitch: FreeSwitch
) -> None:
    told: list[bytes] = []
    listener = Link("127.0.0.1", freeswitch.port, PASSWORD, told.append)
    listener.connect()
    listener.send("event json CUSTOM fusion::file")
    inquiry.announce_flush("file")
    until(lambda: told)
    listener.stop()
    event = json.loads(told[0])
    assert event["Event-Subclass"] == "fusion::file"
    assert (event["API-Command"], event["API-Command-Argument"]) == ("cache", "flush")
