"""A part of the matrix, on the simulator: of each stage one trial; the action and who asks change
from stage to stage. ``make shapes`` plays all of it, on a FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.testing.daemon import Daemon

from .cells import Trial, trials
from .domains import ONE, TWO, Home
from .matrix import ACTIONS, MATRIX
from .run import AT_ONCE, Run, settings
from .simulated import SimulatedSite


def _part(homes: Sequence[Home]) -> Iterator[Trial]:
    for turn, stage in enumerate(MATRIX):
        some = list(trials(stage, ACTIONS[turn % len(ACTIONS)], homes[turn % len(homes)]))
        yield some[turn // len(ACTIONS) % len(some)]


@pytest.mark.xdist_group("matrix")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("homes", [ONE, TWO], ids=["one domain", "two domains"])
def test_everybody_is_answered_as_the_matrix_says(homes: Sequence[Home], tmp_path: Path) -> None:
    with SimulatedSite(homes=homes) as site:
        daemon = Daemon(site, tmp_path, settings(homes))  # type: ignore[arg-type]
        run = Run(site, daemon, restarts=False)
        try:
            daemon.start()
            run.provision()
            part = list(_part(homes))
            run.play([trial for trial in part if not trial.stage.passing], AT_ONCE)
            # Alone, and so before the PBX bridges the two anew: not in the very moment.
            run.play([trial for trial in part if trial.stage.passing], 1)
            run.check_left_over()
        finally:
            run.close()
            daemon.close()
    assert not run.findings.wrong, "\n".join(run.findings.wrong)
    assert not run.touched
