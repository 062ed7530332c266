"""What operators and metrics are told of the daemon's process: as much of it as they read."""

from __future__ import annotations

from typing import Protocol


class Session(Protocol):
    """What is read of ``daemon.session.Session``."""

    connects: int
    resyncs: int
    connected_since: float | None
    has_tables: bool
    """Whether FreeSWITCH lists its calls."""
    refusal: str
    """Why FreeSWITCH refuses the links; empty while it does not."""

    @property
    def is_connected(self) -> bool:
        """Whether FreeSWITCH is connected, and a snapshot of its calls was taken since."""

    @property
    def loss(self) -> str:
        """Why a link is gone; empty while both are there."""

    @property
    def waiting(self) -> int:
        """Events read and not handled yet."""

    @property
    def dropped(self) -> int:
        """Events dropped since the last connect."""


class Intake(Protocol):
    """What is read of ``daemon.intake.Intake``."""

    handled: int
    undecodable: int
    lag: float
