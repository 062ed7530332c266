"""A command imports what it needs, and nothing that makes an operator wait."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("sqlalchemy", "alembic", "gevent", "greenswitch", "phonenumbers", "prometheus_client")


@pytest.mark.parametrize("module", ["live", "blocks", "actions", "survey"])
def test_what_asks_the_daemon_imports_nothing_slow(module: str) -> None:
    program = (
        f"import sys, fluxcc.cli.{module}; print([name for name in {SLOW} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
