"""A session on fakes, that never really waits."""

from __future__ import annotations

import random

import pytest

from fluxcc.daemon import session as session_module
from fluxcc.daemon.intake import Intake
from fluxcc.daemon.session import Session
from fluxcc.doors.board import Board
from fluxcc.pbx.claim import Claim
from fluxcc.runtime import PbxClock
from tests.builders import DECODER, World

from .fakes import FakeLife, FakeManager, FakeSwitch, Waiting


@pytest.fixture
def switch(world: World) -> FakeSwitch:
    """FreeSWITCH, not connected yet."""
    return FakeSwitch(world)


@pytest.fixture
def manager(world: World) -> FakeManager:
    return FakeManager(world.story)


@pytest.fixture
def intake(world: World) -> Intake:
    board = Board(world.executor, world.pbx, "en")
    world.happenings.connected.connect(board.send_unsent)
    return Intake(DECODER, world, board)


@pytest.fixture
def waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """In place of whatever the session waits for."""
    waiting = Waiting(world.clock)
    monkeypatch.setattr(session_module, "Flag", waiting.flag)
    monkeypatch.setattr(session_module, "Inbox", waiting.inbox)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    return waiting


@pytest.fixture
def pbx_clock(world: World) -> PbxClock:
    """FreeSWITCH's clock, as the session hears it."""
    return PbxClock(world.clock)


@pytest.fixture
def session(
    world: World,
    switch: FakeSwitch,
    intake: Intake,
    pbx_clock: PbxClock,
    manager: FakeManager,
    waiting: Waiting,
) -> Session:
    """It stops when the last step of ``waiting`` was taken."""
    world.happenings.connected.connect(lambda: world.story.append("connected"))
    session = Session(
        world,
        switch,  # type: ignore[arg-type]  # a fake
        DECODER,
        intake,
        pbx_clock,
        manager,  # type: ignore[arg-type]  # a fake
        Claim(switch.variables, FakeLife()),
    )
    waiting.at_end = session.stop
    return session
