"""Which blocks are over where FreeSWITCH's clock and the machine's tell different times."""

from __future__ import annotations

import pytest

from fluxcc.domain.clocks import LARGEST_DIFFERENCE, Clocks, is_over

NOON = 1_795_000_000
HALF_AN_HOUR = 1800
DAY = 86_400
FAR = 400 * DAY
"""Seconds by which a wrong clock is wrong."""


def at_pbx(ahead: float, *, after: float) -> Clocks:
    """Both clocks so many seconds after noon by the machine's; FreeSWITCH's is ahead."""
    return Clocks(NOON + after + ahead, NOON + after)


@pytest.mark.parametrize("ahead", [0, 90, -90, LARGEST_DIFFERENCE, -LARGEST_DIFFERENCE])
def test_while_the_clocks_agree_freeswitchs_decides(ahead: float) -> None:
    until = NOON + HALF_AN_HOUR
    assert not is_over(until, 0, at_pbx(ahead, after=HALF_AN_HOUR - ahead - 1))
    assert is_over(until, 0, at_pbx(ahead, after=HALF_AN_HOUR - ahead))


def test_a_clock_that_is_far_ahead_does_not_end_a_block_by_itself() -> None:
    until = NOON + HALF_AN_HOUR
    assert not is_over(until, 0, at_pbx(FAR, after=0))
    assert not is_over(until, 0, at_pbx(FAR, after=HALF_AN_HOUR - 1))
    assert is_over(until, 0, at_pbx(FAR, after=HALF_AN_HOUR))


def test_a_block_that_was_made_by_that_clock_lasts_as_long_as_it_was_meant_to() -> None:
    until = NOON + FAR + HALF_AN_HOUR
    assert not is_over(until, FAR, at_pbx(FAR, after=HALF_AN_HOUR - 1))
    assert is_over(until, FAR, at_pbx(FAR, after=HALF_AN_HOUR))


def test_it_does_so_too_where_the_clock_has_become_wrong_in_another_way() -> None:
    until = NOON + DAY + HALF_AN_HOUR
    assert not is_over(until, DAY, at_pbx(FAR, after=HALF_AN_HOUR - 1))
    assert is_over(until, DAY, at_pbx(FAR, after=HALF_AN_HOUR))


def test_a_clock_that_is_far_behind_ends_nothing_as_the_gate_refuses_by_it() -> None:
    until = NOON + HALF_AN_HOUR
    assert not is_over(until, 0, at_pbx(-FAR, after=2 * HALF_AN_HOUR))
    assert is_over(until - FAR, -FAR, at_pbx(-FAR, after=HALF_AN_HOUR))


def test_what_is_deleted_or_forgotten_is_old_by_both() -> None:
    assert Clocks(NOON + FAR, NOON).earlier == Clocks(NOON, NOON + FAR).earlier == NOON
