"""The shapes on the simulator: each comes to its end there and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing.waiting import until

from . import scripts
from .cast import Pool
from .shape import SHAPES
from .simulated import SimulatedSite

assert scripts
NOT_YET = {
    *("att_xfer_cancelled", "att_xfer_completed", "att_xfer_ringing", "dialled_out_att_xfer"),
    *("valet", "parked", "intercept_ringing", "intercept_talking", "pickup"),
    *("click_to_call_bridge", "click_to_call_transfer"),
    *("queue", "queue_handed_over", "campaign_queue", "queue_loopback"),
    *("standby", "standby_handed_over", "standby_to_room"),
    *("fifo_standing", "fifo_once", "fifo_handed_over"),
    *("eavesdrop", "whisper", "three_way"),
}
"""Shapes that the simulator cannot play."""


@pytest.fixture(scope="module")
def site() -> Iterator[SimulatedSite]:
    with SimulatedSite() as site:
        yield site


@pytest.fixture(scope="module")
def pool(site: SimulatedSite) -> Pool:
    return Pool(site)


@pytest.mark.parametrize("name", sorted(SHAPES.keys() - NOT_YET))
def test_a_shape_comes_to_its_end(name: str, pool: Pool) -> None:
    cast = pool.cast()
    try:
        for _ in SHAPES[name].play(cast):
            pass
    finally:
        cast.close()
    until(lambda: pool.site.api("show channels count").strip() == "0 total.", "all legs are gone")
