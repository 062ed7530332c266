"""Ports of this machine."""

from __future__ import annotations

import socket


def free_port() -> int:
    """One of loopback that nobody has just now."""
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return int(finder.getsockname()[1])
