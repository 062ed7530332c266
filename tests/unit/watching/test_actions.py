"""Each action is counted, timed, and leaves one line of log."""

from __future__ import annotations

import logging

import pytest

from tests.builders import NUMBER, a_request

from .conftest import Watched


def test_actions_are_counted_by_how_they_ended_and_timed(watched: Watched) -> None:
    watched.world.received_call()
    watched.world.ask(a_request())
    watched.world.ask(a_request())
    done = {"action": "prank", "status": "ok", "code": "blocked"}
    refused = {"action": "prank", "status": "refused", "code": "no-live-call"}
    assert watched.value("fluxcc_actions_total", **done) == 1
    assert watched.value("fluxcc_actions_total", **refused) == 1
    assert watched.value("fluxcc_action_seconds_count", action="prank") == 2


def test_a_request_that_comes_again_is_not_counted_again(watched: Watched) -> None:
    watched.world.received_call()
    request = a_request()
    for _ in range(2):
        watched.world.ask(request)
    assert watched.value("fluxcc_action_seconds_count", action="prank") == 1


def test_failures_are_there_before_the_first_one(watched: Watched) -> None:
    failed = {"action": "transfer", "status": "failed", "code": "pbx-rejected"}
    assert watched.value("fluxcc_actions_total", **failed) == 0


def test_an_action_leaves_one_line(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fluxcc.watching")
    watched.world.received_call()
    watched.world.ask(a_request(id="board-1"))
    (record,) = (record for record in caplog.records if record.name == "fluxcc.watching.actions")
    told = vars(record)
    assert (told["request"], told["by"], told["code"]) == ("board-1", "agent:1000", "blocked")
    assert (told["number"], told["call"]) == (NUMBER, "customer")
