"""FreeSWITCH on two links, against the simulator's event socket in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest
from gevent.event import Event

from fluxcc.domain.applications import Application
from fluxcc.domain.errors import LinkAbsentError, LinkLostError, LinkRefusedError, PbxRejectedError
from fluxcc.domain.media import Media
from fluxcc.domain.sight import Sight
from fluxcc.kit import find_kit
from fluxcc.lab.simulator.channel import Channel, State
from fluxcc.pbx import events
from fluxcc.pbx import switch as switch_module
from fluxcc.pbx.gate_table import COMMANDS_PER_WRITE, KEYS_PER_LUA_LINE
from fluxcc.pbx.switch import Address, Switch
from tests.testing.freeswitch import DEADLINE, PASSWORD, FreeSwitch, end_all, until

ANSWERING = (
    '<extension name="other"><condition><action application="answer"/></condition></extension>'
)
STRANGE = "my leg"
"""Whoever originates a call chooses the leg's UUID."""


@pytest.fixture
def freeswitch() -> Iterator[FreeSwitch]:
    freeswitch = FreeSwitch()
    yield freeswitch
    end_all(freeswitch.pbx)
    freeswitch.stop()


@pytest.fixture
def heard() -> list[bytes]:
    """The events that came."""
    return []


@pytest.fixture
def switch(freeswitch: FreeSwitch, heard: list[bytes]) -> Iterator[Switch]:
    switch = Switch(Address("127.0.0.1", freeswitch.port, PASSWORD))
    switch.connect(heard.append)
    yield switch
    switch.disconnect()


# Life


def test_it_is_connected_until_a_link_is_gone(freeswitch: FreeSwitch, switch: Switch) -> None:
    assert (switch.is_connected, switch.loss) == (True, "")
    freeswitch.cut()
    until(lambda: not switch.is_connected)
    assert switch.loss


def test_it_may_be_connected_again(freeswitch: FreeSwitch, switch: Switch) -> None:
    freeswitch.cut()
    until(lambda: not switch.is_connected)
    switch.connect(lambda body: None)
    assert switch.is_connected


def test_a_wrong_password_is_final(freeswitch: FreeSwitch) -> None:
    with pytest.raises(LinkRefusedError):
        Switch(Address("127.0.0.1", freeswitch.port, "wrong")).connect(lambda body: None)


def test_nobody_who_listens_is_an_absence(freeswitch: FreeSwitch) -> None:
    freeswitch.stop()
    with pytest.raises(LinkAbsentError):
        Switch(Address("127.0.0.1", freeswitch.port, PASSWORD)).connect(lambda body: None)


def test_a_subscription_that_is_refused_is_no_connection(
    freeswitch: FreeSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for events for ever."""
    monkeypatch.setattr(events, "SUBSCRIPTION", "event")
    switch = Switch(Address("127.0.0.1", freeswitch.port, PASSWORD))
    with pytest.raises(PbxRejectedError, match="subscription"):
        switch.connect(lambda body: None)
    switch.disconnect()


@pytest.mark.parametrize(
    "ask", [Switch.clock, Switch.check_events, Switch.flush_events, Switch.storage_folder]
)
def test_without_a_link_whoever_asks_hears_so(ask: object) -> None:
    switch = Switch(Address("127.0.0.1", 1, PASSWORD))
    assert (switch.is_connected, switch.loss) == (False, "")
    with pytest.raises(LinkLostError):
        ask(switch)  # type: ignore[operator]


def test_no_password_is_shown() -> None:
    assert "secret" not in repr(Address("127.0.0.1", 8021, "secret"))


# Legs


def test_a_snapshot_has_the_legs_and_who_talks_to_whom(
    freeswitch: FreeSwitch, switch: Switch
) -> None:
    customer, telephone = freeswitch.call()
    snapshot = switch.snapshot(())
    assert snapshot.up == {customer.uuid, telephone.uuid}
    rows = {row.uuid: row for row in snapshot.rows}
    assert rows[telephone.uuid].bridged_to == customer.uuid


def test_what_was_known_and_has_gone_is_not_up(freeswitch: FreeSwitch, switch: Switch) -> None:
    customer, telephone = freeswitch.call()
    assert switch.snapshot({"gone", customer.uuid}).up == {customer.uuid, telephone.uuid}


@pytest.mark.parametrize("known_too", [False, True])
def test_of_many_legs_that_nobody_knows_none_is_asked_for(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch, known_too: bool
) -> None:
    """After a start beside 20,000 legs; beside known ones every other leg is asked for."""
    monkeypatch.setattr(switch_module, "ASKED_ONE_BY_ONE", 1)
    customer, telephone = freeswitch.call()
    known = [customer.uuid] if known_too else []
    assert switch.snapshot(known).up == {customer.uuid, telephone.uuid}
    asked = [command for command in freeswitch.commands if command.startswith("uuid_exists")]
    assert asked == ([f"uuid_exists {telephone.uuid}"] if known_too else [])


@pytest.mark.parametrize("known", [(), ("other",)])
def test_a_leg_whose_name_is_no_word_of_a_command_spoils_no_snapshot(
    freeswitch: FreeSwitch, switch: Switch, known: tuple[str, ...]
) -> None:
    """A daemon that cannot take one would not be connected while that leg lives."""
    freeswitch.pbx.api(f"originate {{origination_uuid='{STRANGE}'}}user/1001@pbx.test &park()")
    assert switch.snapshot(known).up == {STRANGE}
    assert switch.are_gone(["other"])


def test_a_leg_that_is_ended_is_gone(freeswitch: FreeSwitch, switch: Switch) -> None:
    customer, telephone = freeswitch.call()
    assert not switch.are_gone([customer.uuid])
    assert switch.end_leg(customer.uuid, "CALL_REJECTED")
    until(lambda: not len(freeswitch.pbx.switchboard))
    assert switch.are_gone([customer.uuid, telephone.uuid])
    assert not switch.end_leg(customer.uuid, "CALL_REJECTED")


def test_a_leg_is_moved_and_seen_where_it_is(freeswitch: FreeSwitch, switch: Switch) -> None:
    customer, _ = freeswitch.call()
    switch.move_leg(customer.uuid, "7001", "default")
    seen: list[Application | None] = []

    def has_come() -> bool:
        seen.append(switch.application_of(customer.uuid, "7001"))
        return seen[-1] is not None and seen[-1].name == "playback"

    until(has_come)
    # The bridge that it left is none of them.
    assert {each.name for each in seen if each} <= {"", "answer", "set", "playback"}
    assert switch.application_of(customer.uuid, "7002") is None
    assert switch.application_of("gone", "7001") is None
    with pytest.raises(PbxRejectedError):
        switch.move_pair("gone", "7001", "default")


def asked_about(freeswitch: FreeSwitch) -> list[str]:
    """The legs that FreeSWITCH was asked to describe, in this order."""
    return [
        command.split()[1] for command in freeswitch.commands if command.startswith("uuid_dump ")
    ]


def test_legs_are_described_as_an_event_would(freeswitch: FreeSwitch, switch: Switch) -> None:
    customer, telephone = freeswitch.call()
    found = dict(switch.describe_all([customer.uuid, telephone.uuid]))
    assert list(found) == [customer.uuid, telephone.uuid]
    decoder = events.Decoder((), ())
    for leg, body in found.items():
        assert decoder.event(body).leg == leg
    assert decoder.event(found[telephone.uuid]).dialed_user == "1000"


def test_a_leg_that_has_gone_is_described_by_nothing(
    freeswitch: FreeSwitch, switch: Switch
) -> None:
    customer, telephone = freeswitch.call()
    legs = ["gone", customer.uuid, "also-gone", telephone.uuid]
    assert [leg for leg, _ in switch.describe_all(legs)] == [customer.uuid, telephone.uuid]


def test_a_leg_that_goes_while_others_are_described_is_left_out(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_module, "DESCRIBED_TOGETHER", 1)
    first, second = freeswitch.call(), freeswitch.call()
    legs = [first[0].uuid, second[0].uuid]
    found: list[str] = []
    for leg, _ in switch.describe_all(legs):
        found.append(leg)
        if len(found) == 1:
            assert switch.end_leg(legs[1], "NORMAL_CLEARING")
            until(lambda: switch.are_gone(legs[1:]))
    assert found == legs[:1]


def test_a_leg_that_cannot_be_asked_about_keeps_no_other_from_it(
    freeswitch: FreeSwitch, switch: Switch
) -> None:
    customer, _ = freeswitch.call()
    found = list(switch.describe_all([STRANGE, customer.uuid, ""]))
    assert [leg for leg, _ in found] == [customer.uuid]
    assert asked_about(freeswitch) == [customer.uuid]


@pytest.mark.parametrize("together", [1, 2, 3, 7, 8])
def test_many_legs_are_described_in_portions_between_which_others_have_their_turn(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Thousands of answers at once would be hundreds of megabytes."""
    monkeypatch.setattr(switch_module, "DESCRIBED_TOGETHER", together)
    turns: list[int] = []
    monkeypatch.setattr(
        switch_module, "yield_to_others", lambda: turns.append(len(asked_about(freeswitch)))
    )
    legs = [leg.uuid for _ in range(2) for leg in freeswitch.call()]
    asked = [*legs[:2], "gone", *legs[2:], "gone-too", "and-gone"]
    assert [leg for leg, _ in switch.describe_all(asked)] == legs
    assert asked_about(freeswitch) == asked
    assert turns == [*range(together, len(asked), together), len(asked)]


def test_no_more_is_asked_than_is_taken(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_module, "DESCRIBED_TOGETHER", 1)
    customer, telephone = freeswitch.call()
    next(switch.describe_all([customer.uuid, telephone.uuid]))
    assert asked_about(freeswitch) == [customer.uuid]


def test_of_no_leg_nothing_is_asked(freeswitch: FreeSwitch, switch: Switch) -> None:
    assert list(switch.describe_all([])) == []
    assert asked_about(freeswitch) == []


def test_whoever_wants_legs_described_without_a_link_hears_so(
    freeswitch: FreeSwitch, switch: Switch
) -> None:
    customer, _ = freeswitch.call()
    freeswitch.cut()
    until(lambda: not switch.is_connected)
    with pytest.raises(LinkLostError):
        list(switch.describe_all([customer.uuid]))


def call_past_the_pbx(freeswitch: FreeSwitch) -> tuple[Channel, Channel]:
    """Two whose media does not run through FreeSWITCH: the customer's leg and the telephone's."""
    variables = "{bypass_media=true}"
    freeswitch.pbx.api(f"originate {variables}user/1001 &bridge(user/1000@pbx.test)")
    until(lambda: any(leg.state is State.CS_HIBERNATE for leg in freeswitch.pbx.switchboard))
    first, second = freeswitch.pbx.switchboard
    return first, second


def test_media_is_brought_back(freeswitch: FreeSwitch, switch: Switch) -> None:
    customer, telephone = freeswitch.call()
    assert switch.media_of(telephone.uuid) is Media.HERE
    assert switch.media_of("gone") is Media.UNKNOWN
    freeswitch.end(customer)
    _, telephone = call_past_the_pbx(freeswitch)
    assert switch.media_of(telephone.uuid) is Media.PAST
    switch.bring_media_back(telephone.uuid)
    assert switch.media_of(telephone.uuid) is Media.HERE


def test_a_telephone_that_does_not_send_its_media_here(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other commands are answered meanwhile."""
    monkeypatch.setattr(switch_module, "MEDIA_TIMEOUT", 0.1)
    _, telephone = call_past_the_pbx(freeswitch)
    monkeypatch.setattr(freeswitch.pbx.signalling, "bring_back", lambda a, b: gevent.sleep(60))
    with pytest.raises(PbxRejectedError, match="does not come back"):
        switch.bring_media_back(telephone.uuid)
    assert switch.clock()


def test_the_members_of_a_room_are_its_legs(freeswitch: FreeSwitch, switch: Switch) -> None:
    assert switch.members_of("1000") == frozenset()
    leg = freeswitch.pbx.outside.call("1001", "", "9999", "internal", freeswitch.pbx.router.route)
    freeswitch.pbx.switchboard.redirect(leg, lambda: freeswitch.pbx.conferences.join(leg, "1000"))
    until(lambda: switch.members_of("1000") == {leg.uuid})


def test_a_survey_is_armed_and_disarmed_and_nothing_where_the_leg_is_gone(
    freeswitch: FreeSwitch, switch: Switch
) -> None:
    customer, _ = freeswitch.call()
    switch.brief_leg(customer.uuid, [("group", "sales & more")])
    switch.arm_survey(customer.uuid, "*28", "default")
    assert customer.variables["transfer_after_bridge"] == "*28:XML:default"
    assert customer.variables["fluxcc_survey_group"] == "sales%20%26%20more"
    switch.disarm_survey(customer.uuid)
    assert not customer.variables.get("transfer_after_bridge")
    switch.disarm_survey("gone")
    with pytest.raises(PbxRejectedError):
        switch.arm_survey("gone", "*28", "default")


# mod_hash


def publish(switch: Switch, entries: list[tuple[str, int]]) -> None:
    """Let the gate have these keys with their ends."""
    ends = dict(entries)
    switch.write_blocks(ends, ends.get)


def test_blocks_are_published_and_withdrawn(switch: Switch) -> None:
    few = [(f"+55119{number:08d}", 1_900_000_000 + number) for number in range(3)]
    publish(switch, few)
    assert switch.gate_entries() == dict(few)
    switch.write_blocks([few[0][0], "+1unknown"], lambda key: None)
    assert switch.gate_entries() == dict(few[1:])


MANY = [(f"+55119{n:08d}", 1_900_000_000 + n) for n in range(2 * KEYS_PER_LUA_LINE + 5)]
"""Two lines of Lua's, and a few besides."""


def by_lua(freeswitch: FreeSwitch) -> int:
    """How many lines of Lua it was sent."""
    return sum(command.startswith("lua ") for command in freeswitch.commands)


def test_many_blocks_are_published_by_lines_of_lua(freeswitch: FreeSwitch, switch: Switch) -> None:
    publish(switch, MANY)
    assert switch.gate_entries() == dict(MANY)
    assert by_lua(freeswitch) == 2


@pytest.mark.parametrize(
    "said", ["-ERR lua Command not found!\n", f"+OK {KEYS_PER_LUA_LINE - 1}", "+OK 0", ""]
)
def test_where_lua_does_not_write_them_all_they_are_published_one_by_one(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    api = freeswitch.pbx.api

    def without_lua(command: str) -> str:
        if not command.startswith("lua "):
            return api(command)
        freeswitch.commands.append(command)
        return said

    monkeypatch.setattr(freeswitch.pbx, "api", without_lua)
    publish(switch, MANY)
    assert switch.gate_entries() == dict(MANY)
    assert by_lua(freeswitch) == 1, "it is not tried again"
    assert len(MANY) > 2 * COMMANDS_PER_WRITE


def test_a_key_that_mod_hash_does_not_take_is_told(freeswitch: FreeSwitch, switch: Switch) -> None:
    freeswitch.pbx.api("unload mod_hash")
    with pytest.raises(PbxRejectedError):
        publish(switch, MANY[:1])


def test_what_is_no_key_is_refused(switch: Switch) -> None:
    with pytest.raises(PbxRejectedError):
        publish(switch, [("a b", 1)])


def test_rooms_and_settings_are_published(freeswitch: FreeSwitch, switch: Switch) -> None:
    switch.publish_rooms([("*1000", "1000")])
    switch.publish_setting("reject_cause", "USER_BUSY")
    assert freeswitch.pbx.api("hash select/fluxcc_room/*1000") == "1000"
    assert switch.has_setting("reject_cause")
    freeswitch.load_hash_anew()
    assert not switch.has_setting("reject_cause")
    switch.withdraw_rooms(["*1000", "*1001"])


def test_rules_are_told_and_those_of_earlier_settings_taken_back(
    freeswitch: FreeSwitch, switch: Switch
) -> None:
    switch.publish_rules({"fluxcc_person": "^(?|a(b))", "fluxcc_home": "", "fluxcc_home_rio": "21"})
    assert freeswitch.pbx.api("global_getvar fluxcc_person") == "^(?|a(b))"
    assert freeswitch.pbx.api("global_getvar fluxcc_home_rio") == "21"
    switch.publish_rules({"fluxcc_person": "^(?|a(b))", "fluxcc_home": "11"})
    assert freeswitch.pbx.api("global_getvar fluxcc_home") == "11"
    assert freeswitch.pbx.api("global_getvar fluxcc_home_rio") == ""


# The rest


def test_the_clock_is_freeswitchs(freeswitch: FreeSwitch, switch: Switch) -> None:
    assert abs(switch.clock() - int(freeswitch.pbx.api("strepoch"))) <= 1
    switch.check_events()
    assert switch.storage_folder().startswith("/")


def test_what_is_no_time_is_refused(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeswitch.pbx, "api", lambda command: "soon")
    with pytest.raises(PbxRejectedError, match="clock"):
        switch.clock()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", Sight.THERE),
        (ANSWERING, Sight.MISSING),
        ("<extension>not XML", Sight.UNSEEN),
    ],
)
def test_the_kits_gate_is_one_only_where_it_is_first(
    freeswitch: FreeSwitch,
    switch: Switch,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    expected: Sight,
) -> None:
    kit = (find_kit() / "dialplan/public/00_fluxcc.xml").read_text(encoding="utf-8")
    body = kit.partition("<include>")[2].replace("</include>", "</context>")
    context = f'<context name="public">{before}{body}'
    api = freeswitch.pbx.api
    monkeypatch.setattr(
        freeswitch.pbx,
        "api",
        lambda command: context if command.startswith("xml_locate dialplan") else api(command),
    )
    assert switch.gate_in("public") is expected


def test_a_context_without_the_kit_has_no_gate(switch: Switch) -> None:
    assert switch.gate_in("public") is Sight.MISSING
    assert switch.gate_in("nowhere") is Sight.MISSING


def test_a_dialplan_that_takes_its_time_keeps_no_command_waiting(
    freeswitch: FreeSwitch, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A back end of mod_xml_curl that does not answer holds the connection that asks it."""
    asked, answered = Event(), Event()
    api = freeswitch.pbx.api

    def slow(command: str) -> str:
        if command.startswith("xml_locate dialplan"):
            asked.set()
            answered.wait()
        return api(command)

    monkeypatch.setattr(freeswitch.pbx, "api", slow)
    looking = gevent.spawn(switch.gate_in, "public")
    assert asked.wait(DEADLINE)
    switch.clock()
    assert not looking.ready()
    answered.set()
    assert looking.get(timeout=DEADLINE) is Sight.MISSING


def test_whoever_listens_hears_what_is_announced(switch: Switch, heard: list[bytes]) -> None:
    switch.announce("fluxcc::reply", [("Fluxcc-Code", "ended"), ("Fluxcc-Empty", "")])
    switch.flush_events()
    until(lambda: any(b"fluxcc::reply" in body for body in heard))
    (body,) = [body for body in heard if b"fluxcc::reply" in body]
    assert b"Fluxcc-Code" in body
    assert b"Fluxcc-Empty" not in body


def test_a_text_is_asked_for_when_its_turn_to_be_sent_has_come(switch: Switch) -> None:
    """While many keys are written one by one, blocks are renewed and released."""
    ends: dict[str, int] = dict(MANY)
    asked: list[str] = []

    def end_of(key: str) -> int | None:
        asked.append(key)
        if len(asked) == 1:
            # What comes later is asked for later.
            ends.pop(MANY[-1][0])
            ends[MANY[-2][0]] += 5
        return ends.get(key)

    switch.write_blocks([key for key, _ in MANY], end_of)
    assert switch.gate_entries() == ends


def test_several_are_announced_at_once_and_in_order(switch: Switch, heard: list[bytes]) -> None:
    switch.announce("fluxcc::reply", *([("Fluxcc-Request-ID", str(n))] for n in range(100)))
    switch.flush_events()
    until(lambda: sum(b"fluxcc::reply" in body for body in heard) == 100)
    ids = [events.Decoder.request(body).request for body in heard if b"fluxcc::reply" in body]
    assert ids == [str(number) for number in range(100)]
