"""Rooms, surveys and services: whether the dialplan has what supervisors set."""

from __future__ import annotations

import pytest

from fluxcc.doctor import destinations
from fluxcc.doctor.finding import State
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from fluxcc.pbx.contexts import Server

from .builders import CATCH_ALL, ROOM, SURVEY, FakeInquiry, codes, installation

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
