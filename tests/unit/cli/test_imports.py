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

from fluxcc.protocol.operators import Answer, CheckedNumber
from tests.unit.doctor.builders import STATUS

SLOW = ("sqlalchemy", "alembic", "gevent", "greenswitch", "phonenumbers", "prometheus_client")
UNNEEDED = ("dataclasses", "difflib", "hashlib", "json", "logging", "zoneinfo")
"""Of Python's own: together a third of Python's start."""
KNOWN = CheckedNumber(
    number="+5511988887777",
    seen="11988887777",
    spellings=["+5511988887777"],
    internal=False,
    blockable=True,
    blocked_until=None,
    block=None,
)


@pytest.mark.parametrize("module", ["live", "blocks", "actions", "survey", "provisioning"])
def test_what_asks_the_daemon_imports_nothing_slow(module: str) -> None:
    program = (
        f"import sys, fluxcc.cli.{module}; print([name for name in {SLOW} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("is_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    ("words", "reading"),
    [(["status"], STATUS), (["calls"], []), (["blocks"], []), (["check", "11988887777"], KNOWN)],
    ids=["status", "calls", "blocks", "check"],
)
def test_a_command_that_the_daemon_answers_runs_without_anything_slow(
    tmp_path: Path, words: list[str], reading: object, is_json: bool
) -> None:
    path = tmp_path / "door.sock"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        door.settimeout(10)
        daemon = threading.Thread(target=answer_once, args=(door, Answer(reading=reading)))
        daemon.start()
        program = (
            "import sys; from fluxcc.__main__ import command\n"
            f"command({words + ['--json'] * is_json}, standalone_mode=False)\n"
            "print(*sys.modules, file=sys.stderr)"
        )
        told = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"FLUXCC_CONFIG": os.devnull, "FLUXCC_CONTROL_SOCKET": str(path)},
            capture_output=True,
            text=True,
            check=True,
        )
        daemon.join(5)
    if is_json:
        assert json.loads(told.stdout) == msgspec.to_builtins(reading)
    assert not {*SLOW, *([] if is_json else UNNEEDED)} & set(told.stderr.split())


def test_a_command_is_imported_without_looking_for_garbage_and_runs_with_it() -> None:
    program = (
        "import gc; from fluxcc.__main__ import command\n"
        "at_first = gc.isenabled()\n"
        "command(['status', '--help'], standalone_mode=False)\n"
        "print(at_first, gc.isenabled())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[-2:] == ["False", "True"]


def answer_once(door: socket.socket, answer: Answer) -> None:
    """Be the daemon for one question."""
    with door.accept()[0] as asker:
        asker.recv(65536)
        asker.sendall(msgspec.json.encode(answer))
