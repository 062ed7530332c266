"""The PBX, the daemon and the people that every scenario begins with.

A PBX of each kind is started once; between two tests nobody is on the telephone, and every test has
numbers of its own, so that none sees what another one blocked. The same goes for the daemon, unless
a test asks for one with settings of its own: two at once would answer every request twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fluxcc.client import Board
from fluxcc.kit import find_kit
from fluxcc.lab.port import Caller, Lab, LabError
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .kinds import Calls, Ear, Supervisor
from .people import Person, strangers
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
_STRANGERS = strangers()
SALES = ("1000", "1001")
"""The agents of the queue."""


_ONE_HALF = frozenset(
    {"test_a_blocks_life", "test_doctor", "test_refused_requests", "test_survey", "test_transfer"}
)
"""Modules that take as long as all others together."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two PBXs of each kind run side by side, one a worker: much of a scenario is waiting."""
    for item in items:
        if kind := _kind(item):
            half = "one" if item.path.stem in _ONE_HALF else "other"
            item.add_marker(pytest.mark.xdist_group(f"{kind}-{half}"))


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


def empty_gate(lab: Lab) -> None:
    """Let the gate know of no block: a daemon takes over those that its store does not have."""
    for line in lab.api("hash_dump db fluxcc_block").splitlines():
        if found := re.fullmatch(r"D/fluxcc_block_([^/]+)/\d+", line):
            lab.api(f"hash delete/fluxcc_block/{found[1]}")


def legs(lab: Lab) -> int:
    """How many legs there are; unlike ``show channels count`` this does not lag."""
    found = re.search(r"^(\d+) session\(s\) - peak", lab.api("status"), re.MULTILINE)
    assert found
    return int(found[1])


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


@dataclass(frozen=True)
class Talk:
    """A customer and an agent who talk."""

    caller: Caller
    call: dict[str, Any]
    """As ``fluxcc calls --json`` shows it."""

    @property
    def customer(self) -> str:
        """The UUID of the customer's leg."""
        return str(self.call["call"])

    @property
    def agent_leg(self) -> str:
        """The UUID of the agent's leg."""
        return next(leg for leg in self.call["legs"] if leg != self.customer)


@pytest.fixture
def talk(lab: Lab, daemon: Daemon) -> Callable[..., Talk]:
    """Lets somebody call an agent, and returns when the two talk and the daemon has seen it."""

    def call(number: str, agent: str = "1000", *, name: str = "") -> Talk:
        earlier = {call["call"] for call in daemon.calls()}
        caller = lab.call(number, agent, name=name)
        caller.wait_answered()
        return Talk(caller, daemon.wait_talking(besides=earlier))

    return call


def is_talking(lab: Lab, talk: Talk) -> bool:
    """Whether the two are still bridged to each other, as the PBX itself says."""
    return lab.api(f"uuid_getvar {talk.customer} bridge_to").strip() == talk.agent_leg


def are_gone(lab: Lab, *uuids: str) -> bool:
    """Whether these legs have hung up, at this very moment."""
    return all(lab.api(f"uuid_exists {uuid}") == "false" for uuid in uuids)


def is_refused(lab: Lab, number: str, destination: str = "1000") -> bool:
    """Whether this caller is refused before any answer, as a blocked one is."""
    caller = lab.call(number, destination)
    try:
        caller.wait_answered()
    except LabError:
        return caller.wait_ended() == 603
    caller.hang_up()
    return False


def clock(lab: Lab) -> int:
    """The time by which a block ends (``docs/decisions/0011``); it may lag behind the system's."""
    return int(lab.api("strepoch"))


@pytest.fixture
def board(daemon: Daemon) -> Iterator[Board]:
    """A board of which only replies are asked."""
    with daemon.board() as board:
        yield board


@pytest.fixture
def tap(lab: Lab) -> Iterator[Tap]:
    """Hears what the program tells and is asked over the event socket."""
    with Tap(lab, "CUSTOM fluxcc::request fluxcc::reply fluxcc::block fluxcc::attempt") as tap:
        yield tap


@pytest.fixture
def person() -> Person:
    """Somebody who never called before."""
    return next(_STRANGERS)


@pytest.fixture
def number(person: Person) -> str:
    """That somebody's number, as most trunks present it."""
    return person.number


@pytest.fixture
def people() -> Iterator[Person]:
    """As many who never called before as a test needs."""
    return _STRANGERS


@pytest.fixture
def somebody_else() -> Person:
    """Somebody else who never called before."""
    return next(_STRANGERS)


@pytest.fixture
def waiting_agent(lab: Lab) -> Iterator[str]:
    """The queue's one agent, 1000, free to take a call; 1001 has logged out."""
    until(lambda: {agent_state(lab, agent) for agent in SALES} == {"Waiting"}, "both are free")
    assert "+OK" in lab.api("callcenter_config agent set status 1001@default 'Logged Out'")
    yield "1000"
    assert "+OK" in lab.api("callcenter_config agent set status 1001@default Available")


def agent_state(lab: Lab, agent: str) -> str:
    """What mod_callcenter says of an agent: ``Waiting``, ``In a queue call``, …"""
    return lab.api(f"callcenter_config agent get state {agent}@default").strip()


@pytest.fixture
def calls(lab: Lab, daemon: Daemon, waiting_agent: str) -> Iterator[Calls]:
    """Connects customers with agent 1000, whom no test may leave in a call, nor anybody else.

    The agent has no time to rest after a call, to save the tests a second each.
    """
    rest = f"callcenter_config agent set wrap_up_time {waiting_agent}@default"
    assert "+OK" in lab.api(f"{rest} 0")
    yield Calls(lab, daemon)
    assert "+OK" in lab.api(f"{rest} 1")
    until(lambda: lab.api("show channels count").strip() == "0 total.", "nobody is left over")
    until(lambda: agent_state(lab, waiting_agent) == "Waiting", "the agent is free", timeout=1)


@pytest.fixture
def supervisor(daemon: Daemon) -> Iterator[Supervisor]:
    """Somebody who sets groups, rooms and services, for this test alone."""
    supervisor = Supervisor(daemon)
    yield supervisor
    supervisor.undoes()


@pytest.fixture
def ear(lab: Lab) -> Iterator[Ear]:
    """Hears what customers hear, where scripts can run."""
    if isinstance(lab, SimulatedLab):
        pytest.importorskip("lupa", reason="the simulator runs scripts with lupa only")
    ear = Ear(lab)
    with ear.tap:
        yield ear
