"""What a test of a command has: an environment without this machine's settings."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the defaults, in English; a test sets its own."""
    for name in list(os.environ):
        if name.startswith("FLUXCC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FLUXCC_CONFIG", os.devnull)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
