"""A simulated FreeSWITCH in the test's own process, on a real socket: it can be cut, stopped and
started, and tells what it was asked."""

from __future__ import annotations

import socket as native_socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gevent
from gevent import socket

import fluxcc.lab
from fluxcc.lab.simulator.assembly import build
from fluxcc.lab.simulator.channel import Channel
from fluxcc.lab.simulator.pbx import Pbx
from fluxcc.lab.simulator.server import EventSocket
from tests.builders import NUMBER

CONFIGURATION = Path(fluxcc.lab.__file__).with_name("conf")
PASSWORD = "secret"
CALLER = "5511988887777"
DEADLINE = 15.0
"""Seconds within which anything on loopback has happened, on a machine that is busy too."""


def until(condition: Callable[[], object]) -> None:
    """Let the greenlets run until ``condition`` holds."""
    with gevent.Timeout(DEADLINE):
        while not condition():
            gevent.sleep(0.001)


def end_all(pbx: Pbx) -> None:
    """Hang up every leg, and return when all are gone."""
    for leg in pbx.switchboard:
        pbx.switchboard.hang_up(leg, "MANAGER_REQUEST")
    until(lambda: not len(pbx.switchboard))


class FreeSwitch:
    """A simulated PBX on loopback, and what it was asked."""

    def __init__(self) -> None:
        self.pbx = build(CONFIGURATION)
        self.commands: list[str] = []
        """What it was asked by ``api``."""
        self.after: dict[str, Callable[[], object]] = {}
        """What happens, once, when a command has been carried out and not been answered yet."""
        self._carry_out = self.pbx.api
        self.pbx.api = self._listen  # type: ignore[method-assign]
        self._socket = _EventSocket(self.pbx, 0, PASSWORD)
        self._socket.start()
        self.port = self._socket.port

    def _listen(self, command: str) -> str:
        self.commands.append(command)
        answer = self._carry_out(command)
        self.after.pop(command, lambda: None)()
        return answer

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        self._socket.cut()

    def stop(self) -> None:
        """End every connection, and take no more."""
        self._socket.stop()
        self._socket.cut()

    def start(self) -> None:
        """Take connections again, on the same port."""
        self._socket = _EventSocket(self.pbx, self.port, PASSWORD)
        self._socket.start()

    def call(self) -> tuple[Channel, Channel]:
        """A customer's leg and the telephone's of agent 1000, who talk."""
        customer = self.pbx.outside.call(CALLER, "", "1000", "external", self.pbx.router.route)
        until(lambda: customer.bridged_to)
        assert customer.bridged_to is not None
        return customer, customer.bridged_to

    def end(self, leg: Channel) -> None:
        """A leg is hung up, and the other one with it."""
        self.pbx.switchboard.hang_up(leg, "NORMAL_CLEARING")
        until(lambda: not len(self.pbx.switchboard))

    def knows_block(self, number: str = NUMBER) -> bool:
        """Whether the gate refuses this number."""
        return f"fluxcc_block_{number}/" in self._carry_out("hash_dump db fluxcc_block")

    def load_hash_anew(self) -> None:
        """mod_hash forgets what it was told."""
        self._carry_out("unload mod_hash")
        self._carry_out("load mod_hash")


class _EventSocket(EventSocket):
    """One whose connections can be cut."""

    _connections: tuple[socket.socket, ...] = ()

    def _welcome(self, connection: socket.socket, address: object) -> None:
        self._connections += (connection,)
        super()._welcome(connection, address)

    def cut(self) -> None:
        for connection in self._connections:
            # One that the other end has just closed is connected no longer.
            with suppress(OSError):
                connection.shutdown(native_socket.SHUT_RDWR)
