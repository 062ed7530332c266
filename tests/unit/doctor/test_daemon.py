"""The daemon: whether it answers, and what it says of itself."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from msgspec.structs import replace

from fluxcc.doctor import daemon
from fluxcc.domain.errors import PbxError
from fluxcc.pbx.contexts import FUSIONPBX, Server

from .builders import STATUS, FakeInquiry, codes, installation


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"connected": False, "link_loss": "closed"}, ["daemon-not-connected"]),
        (
            {"connected": False, "link_loss": "no", "link_refusal": "the password"},
            ["daemon-refused"],
        ),
        ({"store_failure": "full", "records_pending": 3}, ["records-not-written"]),
        ({"contexts_without_gate": ["a", "b"]}, ["caller-without-gate"] * 2),
        ({"contexts_unseen": ["a"]}, ["caller-unseen"]),
        ({"lag": daemon.LARGEST_LAG}, []),
        ({"lag": 9.0}, ["events-late"]),
        ({"lag": -9.0}, ["events-late"]),
        ({"store_unreadable": {"blocks": 2}}, ["rows-unreadable"]),
        ({"clock_doubted": True}, ["retention-clock"]),
        ({"retention_held": {"calls": 0.4, "audit": 1.0}}, ["retention-held"] * 2),
        ({"version": "0.0.1"}, ["daemon-of-another-version"]),
        ({"connected": False, "lag": 9.0}, ["daemon-not-connected", "events-late"]),
    ],
)
def test_what_the_daemon_says_of_itself(change: dict[str, Any], expected: list[str]) -> None:
    assert (
        codes(daemon.check_daemon(installation(status=lambda: replace(STATUS, **change))))
        == expected
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError(), "daemon-down"),
        (ConnectionRefusedError(), "daemon-down"),
        (ValueError(), "daemon-down"),
        (PermissionError(), "daemon-not-permitted"),
    ],
)
def test_a_daemon_that_does_not_answer(error: Exception, expected: str) -> None:
    def fail() -> NoReturn:
        raise error

    assert codes(daemon.check_daemon(installation(status=fail))) == [expected]


@pytest.mark.parametrize(
    ("pbx", "command"),
    [
        (FakeInquiry(), "fluxcc kit install DIR"),
        (FakeInquiry(server=Server("mod_lua", FUSIONPBX)), "fluxcc kit install --fusionpbx"),
        # The dialplan cannot be looked at, and the daemon's word counts all the same.
        (PbxError("gone"), "fluxcc kit install DIR"),
    ],
    ids=["files", "fusionpbx", "unreachable"],
)
def test_a_caller_who_met_no_gate_leads_to_where_the_dialplan_comes_from(
    pbx: FakeInquiry | PbxError, command: str
) -> None:
    status = replace(STATUS, contexts_without_gate=["public"])
    (finding,) = daemon.check_daemon(installation(pbx, status=lambda: status))
    assert command in finding.remedy.format(**finding.facts)
