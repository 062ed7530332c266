"""FreeSWITCH's clock beside ours."""

from __future__ import annotations

import pytest

from fluxcc.doctor.clock import check_clock
from fluxcc.doctor.finding import State
from tests.fakes import NOW

from .builders import FakeInquiry, installation

HALF_PAST = NOW + 0.5
"""What FreeSWITCH cuts off is taken to be half a second."""


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_clocks_that_nearly_agree_are_right(offset: int) -> None:
    inquiry = FakeInquiry(clock=int(NOW) + offset)
    assert not list(check_clock(installation(inquiry, now=HALF_PAST)))


@pytest.mark.parametrize(
    ("offset", "state"),
    [
        (2, State.WARNING),
        (-59, State.WARNING),
        (59, State.WARNING),
        (60, State.GRAVE),
        (-60, State.GRAVE),
        (-3600, State.GRAVE),
    ],
)
def test_a_clock_that_is_off_is_reported_with_its_seconds(offset: int, state: State) -> None:
    inquiry = FakeInquiry(clock=int(NOW) + offset)
    (finding,) = check_clock(installation(inquiry, now=HALF_PAST))
    assert (finding.code, finding.state) == ("clock-off", state)
    assert finding.facts == {"seconds": offset}
