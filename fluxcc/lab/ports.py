"""The loopback ports one lab runs on, so that several labs can run at once on one machine.

Ports asked from the kernel and then given to another program can be lost in between, and a PBX that
is killed must come back on the same ones. So each lab claims a whole block of fixed ports below the
kernel's ephemeral range. The claim is an abstract socket's name: it needs no file, and the kernel
releases it when the process that holds it ends, in whichever way.
"""

from __future__ import annotations

import socket
from collections import deque

from .port import LabError

_FIRST = 10_000
_SIZE = 3_000
_BLOCKS = 7  # the last one ends where Linux begins to hand out ephemeral ports
_SEAT_SIZE = 6
_FIRST_SEAT = 10
_FIRST_RTP = 1_000


class Seat:
    """What one SIPp process binds: SIP, its control port, and two media sockets."""

    def __init__(self, base: int) -> None:
        self.sip = base
        self.control = base + 1
        self.media = base + 2  # SIPp binds this one and the one two above it


class PortBlock:
    """The ports of one lab, claimed until ``release``."""

    def __init__(self) -> None:
        self._claim, base = _claim_block()
        self.event_socket = base
        self.internal = base + 1
        self.external = base + 2
        self.callids = base + 3
        self.rtp_first = base + _FIRST_RTP
        self.rtp_last = base + _SIZE - 1
        seats = range(base + _FIRST_SEAT, base + _FIRST_RTP - _SEAT_SIZE, _SEAT_SIZE)
        self._seats = deque(Seat(port) for port in seats)
        self.phones = self.take_seat()

    def take_seat(self) -> Seat:
        """A free seat, the one that was left longest ago: late packets for it are unlikely."""
        if not self._seats:
            raise LabError("every seat for a caller is taken")
        return self._seats.popleft()

    def leave_seat(self, seat: Seat) -> None:
        self._seats.append(seat)

    def release(self) -> None:
        self._claim.close()


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a program listens there."""
    with socket.socket() as tried:
        return tried.connect_ex((host, port)) == 0


def _claim_block() -> tuple[socket.socket, int]:
    for number in range(_BLOCKS):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        base = _FIRST + number * _SIZE
        try:
            claim.bind(f"\0fluxcc-lab-{number}")
        except OSError:
            claim.close()
            continue
        if _is_free(base):
            return claim, base
        claim.close()
    raise LabError(f"no free block of ports: {_BLOCKS} labs, or other programs, hold them all")


def _is_free(base: int) -> bool:
    """Whether the ports that a lab needs are free; other programs do not claim blocks."""
    needed = [(socket.SOCK_STREAM, port) for port in range(base, base + 4)]
    needed += [(socket.SOCK_DGRAM, port) for port in range(base + 1, base + _FIRST_SEAT + 20)]
    for kind, port in needed:
        with socket.socket(socket.AF_INET, kind) as probe:
            # connections of an earlier lab may still be in TIME_WAIT; FreeSWITCH ignores them too
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
