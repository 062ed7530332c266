"""Asks a running daemon by the operators' socket, without a process for the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from fluxcc.operators import client
from fluxcc.protocol.operators import Ask


def operate(path: Path, do: str, timeout: float = client.TIMEOUT, **fields: Any) -> Any:
    """The whole answer as plain data: ``reply`` and ``status``, or ``reading``, or ``error``."""
    return msgspec.to_builtins(client.ask(path, Ask(do=do, **fields), timeout))
