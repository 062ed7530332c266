"""Connections to an event socket are kept, and none is used after an answer was missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from fluxcc.lab.esl import Links
from fluxcc.lab.port import LabError
from fluxcc.lab.simulated import SimulatedLab


@pytest.fixture(scope="module")
def lab() -> Iterator[SimulatedLab]:
    with SimulatedLab() as lab:
        yield lab


@pytest.fixture
def links(lab: SimulatedLab) -> Iterator[Links]:
    with closing(Links(lab.port, lab.password)) as links:
        yield links


def test_one_connection_serves_one_command_after_the_other(links: Links) -> None:
    answers = [links.api("strepoch") for _ in range(3)]
    assert all(answer.isdigit() for answer in answers)
    assert len(links._idle) == 1


def test_an_answer_that_comes_too_late_is_not_the_next_commands(
    lab: SimulatedLab, links: Links
) -> None:
    caller = lab.call("+5511988887777", "9999")
    caller.wait_answered()
    with pytest.raises(LabError, match="no answer"):
        links.api(f"sim_wait {caller._uuid} ended 0.4", timeout=0.1)
    assert all(links.api("strepoch").isdigit() for _ in range(20))
    caller.hang_up()


def test_a_command_is_one_line(links: Links) -> None:
    with pytest.raises(LabError, match="one line"):
        links.api("status\n\nexit")


def test_a_wrong_password_is_told(lab: SimulatedLab) -> None:
    with closing(Links(lab.port, "wrong")) as links, pytest.raises(LabError, match="password"):
        links.api("status")
