"""What is known of the installation that is looked at."""

from __future__ import annotations

import pytest

from fluxcc.config import PbxSettings, Settings
from fluxcc.domain.errors import LinkLostError
from fluxcc.domain.provisioning import Group, Room
from fluxcc.domain.sight import Sight
from fluxcc.pbx.inquiry import Profile

from .builders import GATE, FakeInquiry, installation


def test_the_contexts_of_trunks_are_those_of_the_profiles() -> None:
    inquiry = FakeInquiry(
        profiles=[
            Profile("internal", "default"),
            Profile("external", "public"),
            Profile("carrier", "default", gateway_contexts=("from_carrier",)),
        ]
    )
    assert installation(inquiry).trunk_contexts == ["from_carrier", "public"]


def test_where_no_profile_can_be_read_the_stock_context_is_that_of_trunks() -> None:
    assert installation(FakeInquiry()).trunk_contexts == ["public"]


def test_a_context_is_asked_for_once() -> None:
    inquiry = FakeInquiry(contexts={"public": GATE})
    whole = installation(inquiry)
    assert whole.context("public").xml == whole.context("public").xml != ""
    assert whole.context("none") == whole.context("none") == (Sight.MISSING, "")
    assert inquiry.asked_for == ["public", "none"]


@pytest.mark.parametrize(
    ("host", "is_beside"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.5", False),
        ("pbx.example.com", False),
    ],
)
def test_whether_freeswitch_runs_on_this_machine(host: str, is_beside: bool) -> None:
    settings = Settings(pbx=PbxSettings(host=host))
    assert installation(settings=settings).is_beside_pbx is is_beside


def test_a_freeswitch_that_does_not_answer_raises_its_error() -> None:
    error = LinkLostError("gone")
    absent = installation(error)
    assert absent.link_error is error
    with pytest.raises(LinkLostError, match="gone"):
        absent.context("public")
    assert installation().link_error is None


def test_what_supervisors_set_is_given_by_kind() -> None:
    whole = installation(entries=[Group("sales"), Room("1000")])
    assert whole.set_entries(Room) == [Room("1000")]
