"""A core on fakes, watched as the daemon's is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

from fluxcc.doors.board import Board
from fluxcc.watching.actions import Actions
from fluxcc.watching.collector import Collector, Sources
from fluxcc.watching.health import Health
from fluxcc.watching.server import routes
from tests.builders import World
from tests.fakes import NOW, FakePbx


@dataclass
class Session:
    """``daemon.session.Session`` as far as it is watched."""

    pbx: FakePbx
    connects: int = 1
    resyncs: int = 2
    connected_since: float | None = NOW
    waiting: int = 4
    dropped: int = 5
    loss: str = "reading failed"
    refusal: str = ""
    has_tables: bool = True

    @property
    def is_connected(self) -> bool:
        """As the real one."""
        return self.pbx.is_connected and self.connected_since is not None


@dataclass
class Intake:
    """``daemon.intake.Intake`` as far as it is watched."""

    handled: int = 100
    undecodable: int = 3
    lag: float = 0.25


class Watched:
    """A world, watched."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.session, self.intake = Session(world.pbx), Intake()
        self.turned = 0.0
        """When the loop that handles events last went round."""
        self.health = Health(self.session, world.journal, world.clock, lambda: self.turned)
        self.board = Board(world.executor, world.pbx, "en")
        self.registry = CollectorRegistry()
        self.registry.register(
            Collector(
                Sources(
                    "1.2.3",
                    lambda: "pbx1",
                    self.session,
                    self.intake,
                    self.health,
                    world,
                    self.board,
                )
            )
        )
        world.happenings.request_answered.connect(Actions(self.registry).ended)
        self._app = routes(self.registry, self.health)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def get(self, path: str, method: str = "GET") -> tuple[str, str]:
        """Status and page."""
        said: list[str] = []
        body = self._app(
            {"PATH_INFO": path, "REQUEST_METHOD": method},
            lambda status, headers: said.append(status),
        )
        return said[0], b"".join(body).decode()


@pytest.fixture
def watched(world: World) -> Watched:
    return Watched(world)
