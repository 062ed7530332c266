"""The rows of ``make site``, small: that they run and find nothing wrong. Bars in time are for a
quiet machine."""

from __future__ import annotations

import argparse

import pytest

from tests.site import elsewhere, faults, hints_off, joining, latency, spreading

SMALL = argparse.Namespace(nodes=2, rate=10.0, seconds=1.0, call_rate=2.0)
IN_TIME = 1_000.0
"""No bar."""


@pytest.mark.slow
def test_what_is_blocked_on_one_of_several_nodes_is_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spreading, "MEDIAN", IN_TIME)
    monkeypatch.setattr(spreading, "WORST", IN_TIME)
    monkeypatch.setattr(spreading, "REAL", 0)
    assert spreading.measure(SMALL)


@pytest.mark.slow
def test_nodes_that_hear_no_notification_agree_within_the_polling_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hints_off, "SLACK", 5.0)
    monkeypatch.setattr(hints_off, "BLOCKS", 15)
    assert hints_off.measure(SMALL)


@pytest.mark.slow
@pytest.mark.parametrize("fault", faults.FAULTS)
def test_nothing_acknowledged_is_lost_or_done_twice_whatever_happens_to_the_database(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "SLOWER", IN_TIME)
    for name in ("SOUND", "DURING", "PAUSED", "CATCH_UP"):
        monkeypatch.setattr(faults, name, 3.0)
    assert faults.measure(argparse.Namespace(fault=[fault]))


@pytest.mark.slow
def test_nodes_that_come_and_go_have_every_block_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "SOON", joining.BACK)
    assert joining.measure(argparse.Namespace(known=20))


@pytest.mark.slow
def test_requests_at_the_wrong_node_are_each_answered_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elsewhere, "RATE", 20.0)
    monkeypatch.setattr(elsewhere, "SECONDS", 2.0)
    monkeypatch.setattr(elsewhere, "MORE", IN_TIME)
    assert elsewhere.measure(SMALL)


@pytest.mark.slow
def test_an_actions_latency_is_measured_with_a_site_and_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(latency, "TURNS", 1)
    monkeypatch.setattr(latency, "SECONDS", 4)
    monkeypatch.setattr(latency, "BAR", IN_TIME)
    assert latency.measure(SMALL)
