"""FreeSWITCH was started by a clock that is far ahead: nothing is deleted for good by it
(contract, section 4)."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from fluxcc.core.ports import Batch
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import a_call, an_audit
from tests.testing.daemon import Daemon
from tests.testing.program import NODE
from tests.testing.waiting import until

DAY = 86400.0
DAYS_AHEAD = 400
KEPT = 20


def by_another_clock() -> Sequence[str]:
    """A command that becomes another one, whose clock is far ahead. (``faketime`` itself would
    stay beside it, and be ended in its place.)"""
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.skip("faketime is missing (package faketime)")
    asked = (faketime, "-m", "-f", "+0", "printenv", "LD_PRELOAD")
    library = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    clock = (f"FAKETIME=+{DAYS_AHEAD}d", "FAKETIME_DONT_FAKE_MONOTONIC=1")
    return ("env", f"LD_PRELOAD={library}", *clock)


@pytest.fixture(scope="module")
def early_lab(running_lab: Lab) -> Iterator[Lab]:
    """A PBX of the same kind whose clock is far ahead."""
    kind = type(running_lab)
    assert kind in (SimulatedLab, RealLab)
    with kind(wrapper=by_another_clock()) as lab:
        lab.install_kit(find_kit())
        assert int(lab.api("strepoch")) - time.time() > (DAYS_AHEAD - 1) * DAY
        yield lab


@pytest.fixture
def daemon(early_lab: Lab, tmp_path: Path) -> Iterator[Daemon]:
    """Beside that PBX; its store has a call and a request of each of the last days."""
    daemon = Daemon(early_lab, tmp_path)
    moments = [time.time() - day * DAY for day in range(1, KEPT + 1)]
    store = SqlStore(f"sqlite:///{daemon.database}", NODE)
    store.write(
        Batch(
            calls=tuple(
                replace(a_call(0), id=int(at * 1e6), started=at, ended=at + 5) for at in moments
            ),
            audit=tuple(
                replace(an_audit(0), id=int(at * 1e6), at=at, request=f"r-{at}") for at in moments
            ),
        )
    )
    store.close()
    yield daemon
    daemon.close()


def test_no_record_is_deleted_by_it(daemon: Daemon) -> None:
    daemon.start(spoil="eager_retention")
    until(lambda: "old records are not deleted" in daemon.log, "the doubt is told")
    assert daemon.status()["clock_doubted"]
    assert len(daemon.store.ended_calls(limit=1_000)) == KEPT
    assert len(daemon.store.audit(limit=1_000)) == KEPT
