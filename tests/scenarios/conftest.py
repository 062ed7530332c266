"""The PBX, the daemon and the people that every scenario begins with.

A PBX of each kind is started once; between two tests nobody is on the telephone, and every test has
numbers of its own, so that none sees what another one blocked. The same goes for the daemon, unless
a test asks for one with settings of its own: two at once would answer every request twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .ear import Ear
from .pbx import empty_gate, legs
from .people import STRANGERS, Person
from .scene import Scene
from .tap import Tap

_WHY_NOT = why_unavailable()
_KINDS = [
    pytest.param(SimulatedLab, id="simulator"),
    pytest.param(
        RealLab,
        id="freeswitch",
        marks=[pytest.mark.live, pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))],
    ),
]
_PARTS = {
    "one": {
        "test_a_blocks_life",
        "test_doctor",
        "test_refused_requests",
        "test_survey",
        "test_survey_that_nobody_hears",
        "test_transfer",
    },
    "two": {
        "test_conference",
        "test_far_clock",
        "test_late_requests",
        "test_nothing_blocks_the_loop",
        "test_one_reply",
        "test_rooms",
        "test_store_that_hangs",
    },
}
"""Modules, in parts that take as long as all others together."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Three PBXs of each kind run side by side, one a worker: much of a scenario is waiting."""
    for item in items:
        if kind := _kind(item):
            module = item.path.stem
            part = next((part for part, some in _PARTS.items() if module in some), "three")
            item.add_marker(pytest.mark.xdist_group(f"{kind}-{part}"))


def _kind(item: pytest.Item) -> str | None:
    """Which PBX it runs on, if it is a scenario."""
    call = getattr(item, "callspec", None)
    lab = call.params.get("running_lab") if call else None
    return lab.__name__ if lab else None


@pytest.fixture(scope="session", params=_KINDS)
def running_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with request.param() as lab:
        lab.install_kit(find_kit())
        yield lab


@pytest.fixture
def lab(running_lab: Lab) -> Iterator[Lab]:
    """A PBX with the kit, on which nobody is in a call."""
    yield running_lab
    try:
        running_lab.api("hupall")
    except LabError:
        running_lab.kill()
        running_lab.start()
    until(lambda: legs(running_lab) == 0, "no leg is left over")


def _people(lab: Lab, daemon: Daemon) -> str:
    calls, channels = daemon.calls(), lab.api("show channels")
    return f"{calls}\n{channels}\n{lab.api('status')}\n{daemon.log[-2000:]}"


@pytest.fixture(scope="session")
def shared_daemon(running_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(running_lab, tmp_path_factory.mktemp("daemon"))
    yield daemon
    daemon.close()


@pytest.fixture
def daemon(lab: Lab, shared_daemon: Daemon) -> Daemon:
    """The daemon, connected; a test may stop or kill it."""
    if not shared_daemon.is_running:
        shared_daemon.start()
    until(lambda: shared_daemon.status()["connected_since"], "the daemon is connected")
    until(
        lambda: not shared_daemon.calls(),
        lambda: f"the daemon knows of nobody, as the PBX does: {_people(lab, shared_daemon)}",
    )
    return shared_daemon


@pytest.fixture
def make_daemon(lab: Lab, shared_daemon: Daemon, tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Makes one with settings and a store of its own, which is not started yet."""
    made: list[Daemon] = []

    def make(**settings: str) -> Daemon:
        if shared_daemon.is_running:
            shared_daemon.stop()
        empty_gate(lab)
        folder = tmp_path / f"daemon-{len(made)}"
        folder.mkdir()
        made.append(Daemon(lab, folder, settings))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def scene(lab: Lab, daemon: Daemon) -> Iterator[Scene]:
    """The PBX, the daemon beside it, and the people of this test."""
    scene = Scene(lab, daemon)
    yield scene
    scene.close()


@pytest.fixture
def person() -> Person:
    """Somebody who never called before, for a test with a daemon of its own."""
    return next(STRANGERS)


@pytest.fixture
def tap(lab: Lab) -> Iterator[Tap]:
    """Hears what the program tells and is asked over the event socket."""
    with Tap(lab, "CUSTOM fluxcc::request fluxcc::reply fluxcc::block fluxcc::attempt") as tap:
        yield tap


@pytest.fixture
def ear(lab: Lab) -> Iterator[Ear]:
    """Hears what customers hear, where scripts can run."""
    if isinstance(lab, SimulatedLab):
        pytest.importorskip("lupa", reason="the simulator runs scripts with lupa only")
    ear = Ear(lab)
    with ear.tap:
        yield ear
