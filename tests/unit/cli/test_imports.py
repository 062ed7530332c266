"""A command imports what it needs, and nothing that makes an operator wait."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from fluxcc.protocol.operators import Answer
from tests.unit.doctor.builders import STATUS

SLOW = ("sqlalchemy", "alembic", "gevent", "greenswitch", "phonenumbers", "prometheus_client")


@pytest.mark.parametrize("module", ["live", "blocks", "actions", "survey", "provisioning"])
def test_what_asks_the_daemon_imports_nothing_slow(module: str) -> None:
    program = (
        f"import sys, fluxcc.cli.{module}; print([name for name in {SLOW} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("command", "reading"),
    [("status", STATUS), ("calls", []), ("blocks", [])],
    ids=["status", "calls", "blocks"],
)
def test_a_command_that_the_daemon_answers_runs_without_anything_slow(
    tmp_path: Path, command: str, reading: object
) -> None:
    path = tmp_path / "door.sock"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        door.settimeout(10)
        daemon = threading.Thread(target=answer_once, args=(door, Answer(reading=reading)))
        daemon.start()
        program = (
            "import json, sys; from fluxcc.cli import main\n"
            f"main([{command!r}, '--json'], standalone_mode=False)\n"
            f"print(json.dumps([name for name in {SLOW} if name in sys.modules]), file=sys.stderr)"
        )
        told = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"FLUXCC_CONFIG": os.devnull, "FLUXCC_CONTROL_SOCKET": str(path)},
            capture_output=True,
            text=True,
            check=True,
        )
        daemon.join(5)
    assert json.loads(told.stdout) == msgspec.to_builtins(reading)
    assert json.loads(told.stderr) == []


def answer_once(door: socket.socket, answer: Answer) -> None:
    """Be the daemon for one question."""
    with door.accept()[0] as asker:
        asker.recv(65536)
        asker.sendall(msgspec.json.encode(answer))
