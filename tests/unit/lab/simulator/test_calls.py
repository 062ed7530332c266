"""What commands and people do to calls."""

from __future__ import annotations

import json
from pathlib import Path

import gevent
import pytest

from fluxcc.lab.simulator.conference import NEXT_FRAME
from tests.testing.freeswitch import CALLER

from .conftest import Scene

NOBODY = "00000000-0000-0000-0000-000000000000"


def _rows(scene: Scene, what: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(scene.pbx.api(f"show {what} as json")).get("rows", [])
    return rows


def _causes(scene: Scene) -> dict[str, str]:
    """The cause of each leg's end by the number that was dialled first."""
    ends = scene.said("CHANNEL_HANGUP_COMPLETE")
    return {
        str(event.get("Call-Direction")): str(event.get("variable_hangup_cause")) for event in ends
    }


def test_nothing_going_on(scene: Scene) -> None:
    assert scene.pbx.api("show channels as json") == '{"row_count": 0}\n'
    assert scene.pbx.api("show channels") == "\n0 total.\n"
    assert scene.pbx.api("show calls count") == "\n0 total.\n"
    assert scene.pbx.api("show nonsense").startswith("-USAGE")


def test_a_bridged_call_is_two_channels_and_one_call(scene: Scene) -> None:
    customer, agent = scene.bridged_call()
    channels = {row["direction"]: row for row in _rows(scene, "channels")}
    assert channels["inbound"]["uuid"] == customer.uuid
    assert channels["inbound"]["cid_num"] == CALLER
    assert channels["outbound"]["presence_id"] == "1000@pbx.test"
    assert channels["outbound"]["call_uuid"] == customer.uuid
    (call,) = _rows(scene, "calls")
    assert (call["uuid"], call["b_uuid"]) == (customer.uuid, agent.uuid)
    assert scene.pbx.api("show channels count") == "\n2 total.\n"
    assert customer.uuid in scene.pbx.api("show channels")
    assert scene.pbx.api(f"show channels like {agent.uuid} as json").count('"uuid"') == 1


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (f"uuid_kill {NOBODY}", "-ERR No such channel!\n"),
        ("uuid_kill", "-USAGE: <uuid> [cause]\n"),
        (f"uuid_exists {NOBODY}", "false"),
        (f"uuid_getvar {NOBODY} x", "-ERR No such channel!\n"),
        ("uuid_getvar", "-USAGE: <uuid> <var>\n"),
        (f"uuid_setvar {NOBODY} x y", "-ERR No such channel!\n"),
        ("uuid_setvar", "-USAGE: <uuid> <var> [value]\n"),
        (f"uuid_transfer {NOBODY} 1", "-ERR No such channel!\n"),
        (
            "uuid_transfer",
            "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n",
        ),
        (f"uuid_dump {NOBODY}", "-ERR No such channel!\n"),
        ("uuid_dump", "-USAGE: <uuid> [format]\n"),
        (f"uuid_bridge {NOBODY} {NOBODY}", "-ERR Invalid uuid\n"),
        (f"uuid_park {NOBODY}", "-ERR No such channel!\n"),
        (f"uuid_recv_dtmf {NOBODY} 4", "-ERR Cannot locate session!\n"),
        (f"uuid_send_dtmf {NOBODY} 4", "-ERR Cannot locate session!\n"),
        ("xml_locate dialplan context name nope", "can't find anything\n"),
        ("global_getvar domain", "pbx.test"),
        ("global_getvar nope", ""),
        ("eval ${domain} ${cond(1 == 1 ? a : b)}", "pbx.test a"),
        ("module_exists mod_hash", "true"),
        ("module_exists mod_nope", "false"),
        ("conference list", "+OK No active conferences.\n"),
        ("conference 1 list", "-ERR Conference 1 not found\n"),
        ("lua nope.lua", "-ERR Cannot execute script\n"),
        ("originate user/1999 &park", "-ERR SUBSCRIBER_ABSENT\n"),
        ("url_encode a b", "a%20b"),
        ("md5 a", "0cc175b9c0f1b6a831c399e269772661"),
    ],
)
def test_answers_without_a_call(scene: Scene, command: str, answer: str) -> None:
    assert scene.pbx.api(command) == answer


def test_variables_of_a_leg(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    api, uuid = scene.pbx.api, customer.uuid
    assert api(f"uuid_getvar {uuid} fluxcc_group") == "sales"
    assert api(f"uuid_getvar {uuid} caller_id_number") == CALLER
    assert api(f"uuid_getvar {uuid} nope") == "_undef_"
    assert api(f"uuid_setvar {uuid} x a b") == "+OK\n"
    assert api(f"uuid_getvar {uuid} x") == "a b"
    assert api(f"uuid_setvar {uuid} x") == "+OK\n"
    assert api(f"uuid_getvar {uuid} x") == "_undef_"
    assert api(f"uuid_setvar_multi {uuid} a=1;b=2") == "+OK\n"
    assert api(f"eval uuid:{uuid} ${{a}}${{b}}") == "12"
    dump = json.loads(api(f"uuid_dump {uuid} json"))
    assert (dump["Event-Name"], dump["variable_b"]) == ("CHANNEL_DATA", "2")
    assert "variable_b: [2]\n" in api(f"uuid_dump {uuid} plain")
    assert "variable_b: 2\n" in api(f"uuid_dump {uuid}")


def test_a_killed_leg_is_denied_at_once(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    assert scene.pbx.api(f"uuid_kill {customer.uuid}") == "+OK\n"
    assert scene.pbx.api(f"uuid_kill {customer.uuid}") == "-ERR No such channel!\n"
    assert scene.pbx.api(f"uuid_exists {customer.uuid}") == "false"


def test_killing_the_customers_leg_ends_both_even_with_a_survey_armed(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    customer.set_variable("transfer_after_bridge", "7001:XML:default")
    scene.end(customer, "CALL_REJECTED")
    assert _causes(scene) == {"inbound": "CALL_REJECTED", "outbound": "NORMAL_CLEARING"}
    assert not scene.said("CHANNEL_EXECUTE", Application="playback")


def test_an_armed_survey_takes_the_customer_when_the_telephone_hangs_up(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    customer.set_variable("transfer_after_bridge", "7001:XML:default")
    assert scene.pbx.api("sim_phone_hang_up 1000") == "+OK\n"
    scene.until_event("PLAYBACK_START")
    assert customer.variable("lab_service_reached") == "true"
    assert customer.variable("transfer_after_bridge") == ""


def test_an_armed_survey_takes_a_customer_whom_the_agent_called(scene: Scene) -> None:
    caller = scene.call("1001", number="1000", profile="internal")
    scene.until_event("CHANNEL_BRIDGE")
    called = caller.bridged_to
    assert called is not None
    called.set_variable("transfer_after_bridge", "7001:XML:default")
    scene.pbx.api(f"sim_hang_up {caller.uuid}")
    assert scene.until_event("PLAYBACK_START").get("Unique-ID") == called.uuid


@pytest.mark.parametrize(
    ("variable", "value", "is_alive"),
    [
        ("park_after_bridge", "true", True),
        ("hangup_after_bridge", "explicit", False),
        ("hangup_after_bridge", "true", False),
    ],
)
def test_what_comes_before_and_after_an_armed_survey(
    scene: Scene, variable: str, value: str, is_alive: bool
) -> None:
    customer, agent = scene.bridged_call()
    customer.set_variable(variable, value)
    if value != "true" or variable == "park_after_bridge":
        customer.set_variable("transfer_after_bridge", "7001:XML:default")
    scene.pbx.api(f"uuid_kill {agent.uuid}")
    scene.until(lambda: agent.is_destroyed)
    assert customer.is_ended is not is_alive
    assert bool(scene.said("CHANNEL_PARK")) is is_alive


@pytest.mark.parametrize(
    ("destination", "cause"), [("7002", "USER_BUSY"), ("4444", "NO_ROUTE_DESTINATION")]
)
def test_a_transfer_is_accepted_and_then_fails(scene: Scene, destination: str, cause: str) -> None:
    customer, _ = scene.bridged_call()
    command = f"uuid_transfer {customer.uuid} {destination} XML default"
    assert scene.pbx.api(command) == "+OK\n"
    scene.until_quiet()
    assert _causes(scene) == {"inbound": cause, "outbound": "NORMAL_CLEARING"}
    assert scene.pbx.outside.final_status(customer) == 200


def test_a_transfer_gives_a_leg_a_new_profile(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} 7001 XML default")
    told = scene.until_event("CHANNEL_EXECUTE", Application="playback")
    assert told.get("Caller-Destination-Number") == "7001"
    assert told.get("Caller-RDNIS") == "1000"
    assert told.get("Caller-Profile-Index") == "2"
    assert told.get("Other-Leg-Unique-ID") is None


def test_moving_the_agents_leg_alone_ends_the_customers(scene: Scene) -> None:
    customer, agent = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} -bleg 7001 XML default")
    told = scene.until_event("CHANNEL_EXECUTE", Application="playback")
    scene.until(lambda: customer.is_destroyed)
    assert told.get("Unique-ID") == agent.uuid
    assert told.get("Caller-Caller-ID-Number") == "1000"


@pytest.fixture
def with_rooms(configuration: Path, scene: Scene) -> Scene:
    (configuration / "dialplan" / "default" / "00_rooms.xml").write_text(
        '<include>\n<extension name="room">'
        '<condition field="destination_number" expression="^\\*(\\d+)$">'
        '<action application="answer"/>'
        '<action application="conference" data="$1@default"/>'
        '</condition></extension>\n<extension name="small_room">'
        '<condition field="destination_number" expression="^\\*\\*(\\d+)$">'
        '<action application="answer"/>'
        '<action application="conference" data="$1@default+flags{mintwo}"/>'
        '<action application="hangup" data="CALL_REJECTED"/>'
        "</condition></extension>\n</include>"
    )
    scene.pbx.api("reloadxml")
    return scene


def test_both_legs_move_to_one_room(with_rooms: Scene) -> None:
    scene = with_rooms
    customer, agent = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} -both *1000 XML default")
    scene.until_event("CUSTOM", 2, Action="add-member", Conference_Name="1000")
    members = scene.said("CUSTOM", Action="add-member")
    assert {event.get("Unique-ID") for event in members} == {customer.uuid, agent.uuid}
    assert not scene.said("CHANNEL_HANGUP")
    assert scene.pbx.api("conference 1000 get count") == "2"
    assert scene.pbx.api("conference list").startswith("+OK Conference 1000 (2 members")
    scene.pbx.api(f"uuid_kill {agent.uuid}")
    scene.until_event("CUSTOM", Action="del-member")
    assert not customer.is_ended
    scene.pbx.api(f"uuid_kill {customer.uuid}")
    scene.until_event("CUSTOM", Action="conference-destroy")


def test_each_leg_moved_by_itself_right_after_the_other(with_rooms: Scene) -> None:
    customer, agent = with_rooms.bridged_call()
    for leg in (customer, agent):
        with_rooms.pbx.api(f"uuid_transfer {leg.uuid} *1000 XML default")
    with_rooms.until_event("CUSTOM", 2, Action="add-member")
    assert not with_rooms.said("CHANNEL_HANGUP")


def members_by_number(scene: Scene, room: str) -> list[str]:
    return [
        line.partition(";")[0] for line in scene.pbx.api(f"conference {room} list").splitlines()
    ]


def test_a_room_for_two_ends_with_the_first_who_leaves(with_rooms: Scene) -> None:
    scene = with_rooms
    customer, agent = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {agent.uuid} -both **1000 XML default")
    scene.until_event("CUSTOM", 2, Action="add-member")
    third = scene.call("**1000", profile="internal")
    scene.until_event("CUSTOM", 3, Action="add-member")
    scene.pbx.api(f"uuid_kill {agent.uuid}")
    scene.until_event("CUSTOM", 1, Action="del-member")
    gevent.sleep(3 * NEXT_FRAME)
    assert scene.pbx.api("conference 1000 list count") == "2"
    scene.pbx.api(f"uuid_kill {customer.uuid}")
    scene.until(lambda: third.is_ended)
    assert third.cause == "NORMAL_CLEARING"
    scene.until_event("CUSTOM", Action="conference-destroy")


def test_one_who_may_go_on_after_the_room_does(with_rooms: Scene) -> None:
    """``hangup_after_conference=false``: the dialplan goes on."""
    scene = with_rooms
    customer, agent = scene.bridged_call()
    scene.pbx.api(f"uuid_setvar {agent.uuid} hangup_after_conference false")
    scene.pbx.api(f"uuid_transfer {agent.uuid} -both **1000 XML default")
    scene.until_event("CUSTOM", 2, Action="add-member")
    scene.pbx.api(f"uuid_kill {customer.uuid}")
    scene.until(lambda: agent.is_ended)
    assert agent.cause == "CALL_REJECTED"


@pytest.mark.parametrize(("way", "told"), [("kick", "kicked"), ("hup", "hup")])
def test_a_member_can_be_put_out(with_rooms: Scene, way: str, told: str) -> None:
    scene = with_rooms
    leg = scene.call("**1000", profile="internal")
    scene.until_event("CUSTOM", Action="add-member")
    [number] = members_by_number(scene, "1000")
    assert scene.pbx.api(f"conference 1000 {way} 77") == "-ERR Non-Existant ID 77\n"
    assert scene.pbx.api(f"conference 1000 {way} {number}") == f"+OK {told} {number}\n"
    scene.until(lambda: leg.is_ended)
    assert leg.cause == "CALL_REJECTED"


@pytest.fixture
def with_media(configuration: Path, with_rooms: Scene) -> Scene:
    """What is dialled is the media's way."""
    (configuration / "dialplan" / "public" / "00_media.xml").write_text(
        '<include>\n<extension name="media">'
        '<condition field="destination_number" expression="^(bypass_media|proxy_media)$">'
        '<action application="set" data="$1=true"/>'
        '<action application="bridge" data="user/1000@pbx.test"/>'
        "</condition></extension>\n</include>"
    )
    with_rooms.pbx.api("reloadxml")
    return with_rooms


def test_media_past_the_pbx_and_back(with_media: Scene) -> None:
    scene = with_media
    customer, agent = scene.bridged_call("bypass_media")
    assert agent.variable("signal_bridge_to") == customer.uuid
    assert customer.variable("signal_bridge_to") == agent.uuid
    assert json.loads(scene.pbx.api(f"uuid_dump {agent.uuid} json"))["Channel-State"] == (
        "CS_HIBERNATE"
    )
    assert scene.pbx.api(f"uuid_media {agent.uuid}") == "+OK Success\n"
    assert scene.pbx.api(f"uuid_media {agent.uuid}") == "-ERR Operation failed\n"
    assert scene.pbx.api(f"uuid_media {NOBODY}") == "-ERR Operation failed\n"
    assert len(scene.said("CHANNEL_UNBRIDGE")) == 1
    assert len(scene.said("CHANNEL_BRIDGE")) == 2
    assert not agent.variable("signal_bridge_to")
    scene.pbx.api(f"uuid_transfer {agent.uuid} -both *1000 XML default")
    scene.until_event("CUSTOM", 2, Action="add-member")
    assert not scene.said("CHANNEL_HANGUP")


def test_moved_without_their_media_one_is_lost(with_media: Scene) -> None:
    scene = with_media
    customer, agent = scene.bridged_call("bypass_media")
    scene.pbx.api(f"uuid_transfer {agent.uuid} -both *1000 XML default")
    scene.until(lambda: agent.is_ended)
    assert not customer.is_ended


def test_media_that_is_passed_on_unseen_stays_in_no_room(with_media: Scene) -> None:
    scene = with_media
    _, agent = scene.bridged_call("proxy_media")
    dump = json.loads(scene.pbx.api(f"uuid_dump {agent.uuid} json"))
    assert dump["Channel-Read-Codec-Name"] == "PROXY"
    assert scene.pbx.api(f"uuid_media {agent.uuid}") == "-ERR Operation failed\n"
    scene.pbx.api(f"uuid_transfer {agent.uuid} -both *1000 XML default")
    scene.until_event("CUSTOM", 2, Action="add-member")
    scene.until(lambda: agent.is_ended)


def test_a_room_is_listed_as_json(with_rooms: Scene) -> None:
    leg = with_rooms.call("*1000", name='J;"', profile="internal")
    with_rooms.until_event("CUSTOM", Action="add-member")
    [room] = json.loads(with_rooms.pbx.api("conference 1000 json_list"))
    assert (room["conference_name"], room["member_count"]) == ("1000", 1)
    assert [member["uuid"] for member in room["members"]] == [leg.uuid]


def test_a_command_can_be_scheduled(scene: Scene) -> None:
    assert scene.pbx.api("sched_api 5 none echo").startswith("-ERR Invalid syntax")
    assert scene.pbx.api("sched_api +1 none").startswith("-ERR Invalid syntax")
    answer = scene.pbx.api("sched_api +1 none global_setvar late=yes&")
    assert answer.startswith("+OK Added: ")
    assert scene.pbx.api("global_getvar late") == ""
    scene.until(lambda: scene.pbx.api("global_getvar late") == "yes")


def test_an_agent_in_a_room_stays_busy_until_the_own_leg_ends(with_rooms: Scene) -> None:
    scene = with_rooms
    customer = scene.call("5000")
    scene.until_event("CUSTOM", CC_Agent_State="In a queue call")
    agent = customer.bridged_to
    assert agent is not None
    scene.pbx.api(f"uuid_transfer {customer.uuid} -both *1000 XML default")
    scene.until_event("CUSTOM", 2, Action="add-member")
    scene.pbx.api(f"uuid_kill {customer.uuid}")
    scene.until(lambda: customer.is_ended)
    state = "callcenter_config agent get state 1000@default"
    assert scene.pbx.api(state) == "In a queue call"
    scene.pbx.api(f"uuid_kill {agent.uuid}")
    scene.until(lambda: scene.pbx.api(state) == "Waiting")


def test_parked_legs_are_bridged_by_command(scene: Scene) -> None:
    a, b = scene.call("9999"), scene.call("9999", number="222")
    scene.until_event("CHANNEL_PARK", 2)
    assert scene.pbx.api(f"uuid_bridge {a.uuid} {b.uuid}") == f"+OK {b.uuid}\n"
    told = scene.until_event("CHANNEL_BRIDGE")
    assert told.get("Bridge-A-Unique-ID") == a.uuid
    assert told.get("Caller-Callee-ID-Number") == "222"
    assert scene.pbx.api(f"uuid_park {a.uuid}") == "+OK\n"
    scene.until(lambda: b.is_destroyed)
    assert not a.is_ended


def test_keys_pressed_are_told_and_kept(scene: Scene) -> None:
    caller = scene.call("9999")
    scene.until_event("CHANNEL_PARK")
    assert (
        scene.pbx.api(f"uuid_recv_dtmf {caller.uuid} 4#")
        == f"+OK {caller.uuid} received DTMF 4#.\n"
    )
    assert [event.get("DTMF-Digit") for event in scene.said("DTMF")] == ["4", "#"]
    assert caller.digits == ["4", "#"]
    assert scene.pbx.api(f"uuid_send_dtmf {caller.uuid} 4") == f"+OK {caller.uuid} sent DTMF 4.\n"


@pytest.mark.parametrize(
    ("destination", "profile", "status"),
    [("9876", "external", 404), ("7002", "internal", 486), ("9999", "external", 200)],
)
def test_a_callers_final_status(scene: Scene, destination: str, profile: str, status: int) -> None:
    caller = scene.call(destination, profile=profile)
    scene.until(lambda: caller.is_answered or caller.is_ended)
    if caller.is_answered:
        scene.pbx.api(f"sim_hang_up {caller.uuid}")
    assert scene.pbx.api(f"sim_wait {caller.uuid} ended 5") == f"+OK {status}\n"


def test_a_caller_who_gives_up_cancels_the_ringing_telephone(scene: Scene) -> None:
    scene.pbx.api("sim_phone 1000 ring")
    caller = scene.call("1000")
    scene.until_event("CHANNEL_PROGRESS", 2)
    assert scene.pbx.api(f"sim_wait {caller.uuid} answered 0.01") == "-ERR timeout\n"
    scene.pbx.api(f"sim_hang_up {caller.uuid}")
    scene.until_quiet()
    assert _causes(scene) == {"inbound": "ORIGINATOR_CANCEL", "outbound": "ORIGINATOR_CANCEL"}
    assert scene.pbx.api(f"sim_wait {caller.uuid} answered 1") == "-ERR ended 487\n"


def test_a_busy_telephone_ends_the_call(scene: Scene) -> None:
    scene.pbx.api("sim_phone 1000 busy")
    caller = scene.call("1000")
    scene.until_quiet()
    assert scene.pbx.outside.final_status(caller) == 486


@pytest.mark.parametrize(
    ("number", "shown", "name"),
    [
        ("%0aEvent-Name%3a%20CUSTOM::x", "\nEvent-Name: CUSTOM", "\nEvent-Name: CUSTOM"),
        ("anonymous", "anonymous", "anonymous"),
        ("", None, "unknown"),
        ("+", "+", "+"),
        ("55;x=y", "55", "55"),
    ],
)
def test_a_from_user_as_freeswitch_shows_it(
    scene: Scene, number: str, shown: str | None, name: str
) -> None:
    scene.call("9999", number=number)
    told = scene.said("CHANNEL_CREATE")[0]
    assert told.get("Caller-Caller-ID-Number") == shown
    assert told.get("Caller-Caller-ID-Name") == name
    assert told.get("Event-Name") == "CHANNEL_CREATE"


def test_a_display_name_keeps_its_backslashes_and_loses_control_characters(scene: Scene) -> None:
    scene.call("9999", name='%0aA\t\\"B')
    assert scene.said("CHANNEL_CREATE")[0].get("Caller-Caller-ID-Name") == '\nA \\"B'


def test_originate_lets_the_called_one_call_another(scene: Scene) -> None:
    answer = scene.pbx.api(
        "originate {origination_caller_id_number=123,fluxcc_group=camp}[x=a]user/1000 "
        "&bridge(sofia/external/5521977776666@127.0.0.1:5090)"
    )
    first = answer.removeprefix("+OK ").strip()
    told = scene.until_event("CHANNEL_BRIDGE")
    assert told.get("Unique-ID") == first
    assert told.get("Call-Direction") == "outbound"
    assert told.get("variable_fluxcc_group") == "camp"
    assert told.get("variable_x") == "a"
    assert told.get("Caller-Caller-ID-Number") == "1000"
    assert told.get("Caller-Callee-ID-Number") == "5521977776666"
    assert {row["direction"] for row in _rows(scene, "channels")} == {"outbound"}


def test_originate_to_a_number_of_the_dialplan(scene: Scene) -> None:
    scene.pbx.api("originate sofia/external/5521977776666@127.0.0.1:5090 1000 XML default")
    told = scene.until_event("CHANNEL_BRIDGE")
    assert told.get("Caller-Caller-ID-Number") == "5521977776666"
    assert told.get("Other-Leg-Destination-Number") == "1000"


@pytest.mark.parametrize(
    ("mode", "variables", "cause"),
    [("busy", "", "USER_BUSY"), ("ring", "[leg_timeout=0]", "NO_ANSWER")],
)
def test_originate_tells_why_nobody_was_reached(
    scene: Scene, mode: str, variables: str, cause: str
) -> None:
    scene.pbx.api(f"sim_phone 1000 {mode}")
    assert scene.pbx.api(f"originate {variables}user/1000 &park") == f"-ERR {cause}\n"


@pytest.mark.parametrize("arguments", ["", "user/1000"])
def test_originate_usage(scene: Scene, arguments: str) -> None:
    assert scene.pbx.api(f"originate {arguments}").startswith("-USAGE")


def test_an_inline_destination_is_a_list_of_applications(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} set:x=1,park inline")
    assert scene.until_event("CHANNEL_PARK").get("variable_x") == "1"


def test_an_unknown_application_ends_the_leg(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} nonsense:1 inline")
    scene.until_quiet()
    assert _causes(scene)["inbound"] == "DESTINATION_OUT_OF_ORDER"


@pytest.mark.parametrize(
    ("actions", "variable", "value"),
    [
        ("set:x=1,unset:x,park", "x", ""),
        ("export:x=1,park", "x", "1"),
        ("sleep:1,set:x=1,park", "x", "1"),
        ("pre_answer:,log:INFO hello,set:x=1,park", "x", "1"),
        ("hash:insert/a/b/c,set:x=${hash(select/a/b)},park", "x", "c"),
        ("playback:silence_stream://1,playback:some.wav,set:x=1,park", "x", "1"),
    ],
)
def test_small_applications(scene: Scene, actions: str, variable: str, value: str) -> None:
    customer, _ = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} {actions.replace(' ', '_')} inline")
    scene.until_event("CHANNEL_PARK")
    assert customer.variable(variable) == value


@pytest.mark.parametrize(
    ("action", "cause"),
    [
        ("respond:603", "CALL_REJECTED"),
        ("respond:200", "NORMAL_CLEARING"),
        ("hangup:bogus", "NORMAL_CLEARING"),
        ("callcenter:nope@default", "NORMAL_CLEARING"),
        ("bridge:user/1999", "SUBSCRIBER_ABSENT"),
        ("bridge:nonsense/1", "DESTINATION_OUT_OF_ORDER"),
    ],
)
def test_applications_that_end_a_leg(scene: Scene, action: str, cause: str) -> None:
    customer, _ = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} {action} inline")
    scene.until_quiet()
    assert _causes(scene)["inbound"] == cause


def test_the_dialplan_fires_events_and_transfers(configuration: Path, scene: Scene) -> None:
    (configuration / "dialplan" / "public" / "00_more.xml").write_text(
        '<include>\n<extension name="more">'
        '<condition field="destination_number" expression="^8000$">'
        '<action application="event" data="Event-Subclass=a::b,Foo=bar"/>'
        '<action application="transfer" data="7001 XML default"/>'
        "</condition></extension>\n</include>"
    )
    scene.pbx.api("reloadxml")
    caller = scene.call("8000")
    scene.until_event("PLAYBACK_START", Unique_ID=caller.uuid)
    told = scene.said("CUSTOM", Event_Subclass="a::b")[0]
    assert (told.get("Unique-ID"), told.get("Foo")) == (caller.uuid, "bar")


def test_every_transfer_is_remembered(scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    for number, destination in enumerate(["9999", "7001", "9999"], 1):
        scene.pbx.api(f"uuid_transfer {customer.uuid} {destination} XML default")
        history = customer.variables["transfer_history"]
        told = history if isinstance(history, list) else [history]
        assert len(told) == number
        assert told[-1].endswith(f":bl_xfer:{destination}/default/XML")
        assert customer.variable("transfer_source") == told[-1]
