"""Rooms, surveys and services: whether the dialplan has what supervisors set."""

from __future__ import annotations

import pytest

from fluxcc.config import Settings
from fluxcc.config.block_settings import BlockSettings
from fluxcc.config.settings import ConferenceSettings, SurveySettings
from fluxcc.doctor import destinations
from fluxcc.doctor.finding import Finding, State
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from fluxcc.pbx.contexts import FUSIONPBX, Server

from .builders import CATCH_ALL, GATE, ROOM, SURVEY, FakeInquiry, codes, installation

SERVICE = (
    '<extension name="invoices"><condition field="destination_number" expression="^7001$">'
    '<action application="bridge"/></condition></extension>'
)
UNREADABLE = (
    '<extension name="odd"><condition field="destination_number" expression="/^\\d+$/">'
    '<action application="bridge"/></condition></extension>'
)
"""Whether it takes a number cannot be told from its XML."""
HANGS_UP = (
    '<extension name="closed"><condition><action application="hangup"/></condition></extension>'
)
"""A preamble that ends every call."""
OWN_ROOM = (
    '<extension name="our_rooms"><condition field="destination_number" expression="^[*]1">'
    '<action application="conference"/></condition></extension>'
)


@pytest.mark.parametrize(
    ("dialplan", "room", "expected"),
    [
        (ROOM, "1000", []),
        (ROOM, "", ["room-not-told"]),
        (ROOM, "1001", ["room-not-told"]),
        (CATCH_ALL + ROOM, "1000", ["room-taken"]),
        (HANGS_UP + ROOM, "1000", ["room-ended"]),
        ("", "1000", ["room-without-dialplan"]),
    ],
    ids=["right", "not-told", "another", "taken", "ended", "nothing"],
)
def test_a_room_of_the_kits(dialplan: str, room: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"default": dialplan}, room=room)
    assert (
        codes(destinations.check_rooms(installation(inquiry, entries=[Room("1000")]))) == expected
    )


@pytest.mark.parametrize(
    ("dialplan", "expected"),
    [
        (OWN_ROOM, []),
        (ROOM + OWN_ROOM, []),
        # The kit's extension takes only what mod_hash has, and it has none of these.
        (ROOM, ["room-without-dialplan"]),
        ("", ["room-without-dialplan"]),
    ],
    ids=["own", "beside-the-kits", "only-the-kits", "nothing"],
)
def test_a_room_of_the_pbxs_own(dialplan: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"default": dialplan})
    entries: list[Entry] = [Room("1000", is_served_by_pbx=True)]
    assert codes(destinations.check_rooms(installation(inquiry, entries=entries))) == expected


@pytest.mark.parametrize(
    ("dialplan", "expected"),
    [
        (SURVEY, []),
        (UNREADABLE, []),
        (CATCH_ALL, ["survey-caught"]),
        (HANGS_UP + SURVEY, ["survey-ended"]),
        (SERVICE, ["survey-without-dialplan"]),
        ("", ["survey-without-dialplan"]),
    ],
    ids=["right", "unreadable", "catch-all", "ended", "another", "nothing"],
)
def test_a_groups_survey(dialplan: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"default": dialplan})
    entries: list[Entry] = [Group("sales", has_survey=True)]
    assert codes(destinations.check_surveys(installation(inquiry, entries=entries))) == expected


def test_a_group_without_a_survey_is_not_looked_at() -> None:
    assert codes(destinations.check_surveys(installation(entries=[Group("sales")]))) == []


def test_a_groups_own_destination_is_looked_at() -> None:
    inquiry = FakeInquiry(contexts={"default": SURVEY})
    entries: list[Entry] = [Group("sales", has_survey=True, destination="*29")]
    (finding,) = destinations.check_surveys(installation(inquiry, entries=entries))
    assert (finding.code, finding.facts["destination"]) == ("survey-without-dialplan", "*29")


@pytest.mark.parametrize(
    ("dialplan", "expected"),
    [
        (SERVICE, []),
        (UNREADABLE, []),
        (CATCH_ALL, ["service-caught"]),
        (SURVEY, ["service-without-dialplan"]),
        ("", ["service-without-dialplan"]),
    ],
    ids=["right", "unreadable", "catch-all", "another", "nothing"],
)
def test_a_service(dialplan: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"default": dialplan})
    entries: list[Entry] = [Service("invoices", "7001")]
    assert codes(destinations.check_services(installation(inquiry, entries=entries))) == expected


def test_a_service_is_looked_for_in_its_own_context() -> None:
    inquiry = FakeInquiry(contexts={"default": SERVICE})
    entries: list[Entry] = [Service("invoices", "7001", context="other")]
    (finding,) = destinations.check_services(installation(inquiry, entries=entries))
    assert (finding.code, finding.facts["context"]) == ("service-without-dialplan", "other")


def test_what_cannot_be_seen_is_skipped_and_never_called_missing() -> None:
    inquiry = FakeInquiry(unseen=("default",), server=Server("mod_xml_curl"))
    entries = [Room("1000"), Group("sales", has_survey=True), Service("invoices", "7001")]
    whole = installation(inquiry, entries=entries)
    for check in (
        destinations.check_rooms,
        destinations.check_surveys,
        destinations.check_services,
    ):
        (found,) = check(whole)
        assert (found.code, found.state) == ("context-unseen", State.SKIPPED)


def test_a_service_that_is_hung_up_before_it_is_reached() -> None:
    inquiry = FakeInquiry(contexts={"default": HANGS_UP + SERVICE})
    whole = installation(inquiry, entries=[Service("invoices", "7001")])
    assert codes(destinations.check_services(whole)) == ["service-ended"]


A, B = "a.example", "b.example"
BY_DOMAIN = Settings(
    conference=ConferenceSettings(context="{domain}"), survey=SurveySettings(context="{domain}")
)
TWO = {"registrations": [("1000", A), ("1001", B)]}


@pytest.mark.parametrize(
    ("room", "rooms", "expected"),
    [
        (Room("1000", domain=A), {"*1000@a.example": "1000@a.example"}, []),
        (Room("1000", domain=A), {"*1000": "1000"}, ["room-not-told"]),
        (Room("1000"), {"*1000": "1000"}, []),
        (Room("1000"), {"*1000@a.example": "1000@a.example", "*1000": "1000"}, []),
        (Room("1000"), {"*1000@a.example": "1000@b.example"}, ["room-not-told"] * 2),
        (Room("1000"), {}, ["room-not-told"] * 2),
    ],
)
def test_a_room_of_a_domain_is_looked_for_in_its_context(
    room: Room, rooms: dict[str, str], expected: list[str]
) -> None:
    inquiry = FakeInquiry(contexts={A: ROOM, B: ROOM}, rooms=rooms, **TWO)
    whole = installation(inquiry, settings=BY_DOMAIN, entries=[room])
    assert codes(destinations.check_rooms(whole)) == expected


def test_a_survey_and_a_service_are_looked_for_in_the_contexts_of_their_domains() -> None:
    inquiry = FakeInquiry(contexts={A: SURVEY + SERVICE, B: SURVEY}, **TWO)
    entries = [
        Group("sales", has_survey=True),
        Service("invoices", "7001", "{domain}", domain=A),
        Service("orders", "7001", "{domain}"),
    ]
    whole = installation(inquiry, settings=BY_DOMAIN, entries=entries)
    assert codes(destinations.check_surveys(whole)) == []
    (found,) = destinations.check_services(whole)
    assert (found.code, found.facts["service"], found.facts["context"]) == (
        "service-without-dialplan",
        "orders",
        B,
    )


def test_the_context_of_the_telephones_is_what_the_directory_says() -> None:
    inquiry = FakeInquiry(
        contexts={"from-a": SERVICE}, station_contexts={"1000@a.example": "from-a"}, **TWO
    )
    entries: list[Entry] = [Service("invoices", "7001", "{context}")]
    assert codes(destinations.check_services(installation(inquiry, entries=entries))) == []


ON_FUSIONPBX = Server("mod_lua", FUSIONPBX)
BY_FILES, BY_CURL = Server(), Server("mod_xml_curl")


@pytest.mark.parametrize("entry", [Room("1000"), Group("sales", has_survey=True)])
@pytest.mark.parametrize(
    ("server", "command"),
    [
        (BY_FILES, "fluxcc kit install DIR"),
        (BY_CURL, "What mod_xml_curl serves"),
        (ON_FUSIONPBX, "fluxcc kit install --fusionpbx"),
    ],
    ids=["files", "mod_xml_curl", "fusionpbx"],
)
def test_a_missing_room_or_survey_leads_to_where_the_dialplan_comes_from(
    server: Server, command: str, entry: Entry
) -> None:
    inquiry = FakeInquiry(contexts={A: SERVICE, "default": SERVICE}, server=server, **TWO)
    settings = BY_DOMAIN if server is ON_FUSIONPBX else Settings()
    whole = installation(inquiry, settings=settings, entries=[entry])
    found = [*destinations.check_rooms(whole), *destinations.check_surveys(whole)]
    assert found
    assert {each.code.partition("-")[2] for each in found} == {"without-dialplan"}
    assert all(command in told(each) for each in found)


def test_what_the_kit_does_not_take_is_no_reason_to_install_it_again() -> None:
    """It is in the context already, and so the setting or the destination is what has to change."""
    settings = Settings(conference=ConferenceSettings(room="88{agent}"))
    inquiry = FakeInquiry(contexts={"default": ROOM + SURVEY})
    entries = [Room("1000"), Group("sales", has_survey=True, destination="*29")]
    whole = installation(inquiry, settings=settings, entries=entries)
    (room,) = destinations.check_rooms(whole)
    (survey,) = destinations.check_surveys(whole)
    assert "set conference.room" in told(room)
    assert "fluxcc group set sales --destination EXT" in told(survey)


def test_a_room_of_the_pbxs_own_is_no_reason_to_install_the_kit() -> None:
    whole = installation(entries=[Room("1000", is_served_by_pbx=True)])
    (found,) = destinations.check_rooms(whole)
    assert "fluxcc room remove 1000" in told(found)
    assert "kit" not in told(found)


def test_on_fusionpbx_a_context_of_no_domain_has_to_be_set_otherwise() -> None:
    """As delivered, ``default`` is set. FusionPBX serves it with the rows for all domains, the
    kit's among them, and with no domain's own: its rooms, queues and ring groups."""
    inquiry = FakeInquiry(contexts={"default": ROOM + SURVEY}, server=ON_FUSIONPBX, **TWO)
    entries = [
        Room("1000", is_served_by_pbx=True),
        Group("sales", has_survey=True, destination="8000"),
        Service("invoices", "7001"),
    ]
    whole = installation(inquiry, entries=entries)
    (room,) = destinations.check_rooms(whole)
    (survey,) = destinations.check_surveys(whole)
    (service,) = destinations.check_services(whole)
    for each in (room, survey):
        assert 'conference.context and survey.context to "{domain}"' in told(each)
        assert 'conference.room to "*29{agent}"' in told(each)
    assert (service.code, service.state) == ("context-of-no-domain", State.WARNING)
    assert "service add invoices --destination 7001 --context '{domain}'" in told(service)


def told(finding: Finding) -> str:
    """The remedy, as it is shown."""
    return finding.remedy.format(**finding.facts)


@pytest.mark.parametrize(
    ("dialplan", "divert", "expected"),
    [
        (GATE + SERVICE, "7001", []),
        (GATE + SERVICE, "", []),
        (GATE + SURVEY, "7001", ["divert-without-dialplan"]),
        (GATE + HANGS_UP + SERVICE, "7001", ["divert-ended"]),
    ],
    ids=["right", "off", "nothing", "ended"],
)
def test_where_blocked_callers_go(dialplan: str, divert: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"public": dialplan})
    settings = Settings(blocks=BlockSettings(divert=divert))
    assert codes(destinations.check_divert(installation(inquiry, settings=settings))) == expected
