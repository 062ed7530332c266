"""A simulated PBX in the test's own process, and everything it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.lab.simulator.assembly import build
from fluxcc.lab.simulator.channel import Channel
from fluxcc.lab.simulator.dialplan import Action
from fluxcc.lab.simulator.events import Event
from fluxcc.lab.simulator.pbx import Pbx
from tests.testing.freeswitch import CALLER, CONFIGURATION, end_all, until


class Scene:
    """A PBX, its events so far, and a few words for what people do."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.events: list[Event] = []
        pbx.bus.listen(self.events.append)

    def call(
        self, destination: str, *, number: str = CALLER, name: str = "", profile: str = "external"
    ) -> Channel:
        return self.pbx.outside.call(number, name, destination, profile, self.pbx.router.route)

    until = staticmethod(until)
    """Let the PBX run until something holds."""

    def until_event(self, name: str, count: int = 1, **headers: str) -> Event:
        """Let the PBX run until it has said ``name`` ``count`` times; return the last of them."""
        self.until(lambda: len(self.said(name, **headers)) >= count)
        return self.said(name, **headers)[-1]

    def said(self, name: str, **headers: str) -> list[Event]:
        """The events called ``name`` whose ``Header_Name`` has the value."""
        wanted = {header.replace("_", "-"): value for header, value in headers.items()}
        return [
            event
            for event in self.events
            if event.name == name
            and all(event.get(header) == value for header, value in wanted.items())
        ]

    def bridged_call(self, destination: str = "1000") -> tuple[Channel, Channel]:
        """A customer's leg and the agent's, who talk."""
        customer = self.call(destination)
        self.until(lambda: customer.bridged_to is not None)
        assert customer.bridged_to is not None
        return customer, customer.bridged_to

    def run(self, leg: Channel, *actions: tuple[str, str]) -> None:
        """Have a leg run applications in place of what it does."""
        wanted = [Action(*action) for action in actions]
        self.pbx.switchboard.redirect(leg, lambda: self.pbx.router.execute(leg, wanted))

    def end(self, leg: Channel, cause: str = "") -> None:
        """Kill a leg and wait until every leg is gone."""
        assert self.pbx.api(f"uuid_kill {leg.uuid} {cause}") == "+OK\n"
        self.until_quiet()

    def until_quiet(self) -> None:
        """Let the PBX run until it has no legs."""
        self.until(lambda: len(self.pbx.switchboard) == 0)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A configuration folder of the test's own, like the lab's."""
    folder = tmp_path / "conf"
    for file in CONFIGURATION.rglob("*.xml"):
        copy = folder / file.relative_to(CONFIGURATION)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def scene(configuration: Path) -> Iterator[Scene]:
    scene = Scene(build(configuration))
    yield scene
    end_all(scene.pbx)
