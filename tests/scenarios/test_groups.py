"""How the scenarios are spread over pytest's workers."""

from __future__ import annotations

import pytest


@pytest.mark.usefixtures("running_lab")
def test_the_scenarios_of_a_pbx_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """A pytest-xdist that takes no notice of the groups would start a PBX of each kind on every
    worker, which two cores do not carry; nothing else would say so."""
    if request.config.getoption("loadgroup", default=False):
        assert request.node.nodeid.endswith(("@RealLab-three", "@SimulatedLab-three"))
