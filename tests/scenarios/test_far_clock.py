"""FreeSWITCH was started by a clock that is far ahead: nothing is deleted for good by it
(contract, section 4), and no block ends by it alone. By one that is far behind blocks are made and
end as ever."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from fluxcc.core.ports import Batch
from fluxcc.domain.blocks import BlockState
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import a_block, a_call, an_audit
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused, is_turned_away
from tests.testing.program import NODE
from tests.testing.waiting import until

from .people import STRANGERS

DAY = 86400.0
DAYS_AHEAD = 400
KEPT = 20


def by_another_clock(days_ahead: int) -> Sequence[str]:
    """A command that becomes another one, whose clock is ahead. (``faketime`` itself would stay
    beside it, and be ended in its place.)"""
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.skip("faketime is missing (package faketime)")
    asked = (faketime, "-m", "-f", "+0", "printenv", "LD_PRELOAD")
    library = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    clock = (f"FAKETIME={days_ahead:+d}d", "FAKETIME_DONT_FAKE_MONOTONIC=1")
    return ("env", f"LD_PRELOAD={library}", *clock)


@contextmanager
def lab_ahead(running_lab: Lab, days: int) -> Iterator[Lab]:
    """A PBX of the same kind whose clock is ahead."""
    kind = type(running_lab)
    assert kind in (SimulatedLab, RealLab)
    with kind(wrapper=by_another_clock(days)) as lab:
        lab.install_kit(find_kit())
        assert abs(int(lab.api("strepoch")) - time.time() - days * DAY) < DAY
        yield lab


@pytest.fixture(scope="module")
def early_lab(running_lab: Lab) -> Iterator[Lab]:
    """Its clock is far ahead."""
    with lab_ahead(running_lab, DAYS_AHEAD) as lab:
        yield lab


@pytest.fixture
def late_daemon(running_lab: Lab, tmp_path: Path) -> Iterator[Daemon]:
    """Beside a PBX whose clock is far behind."""
    with lab_ahead(running_lab, -DAYS_AHEAD) as lab:
        daemon = Daemon(lab, tmp_path)
        yield daemon
        daemon.close()


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


def listed(daemon: Daemon, *options: str) -> dict[str, str]:
    """Number → state of the blocks that an operator is shown."""
    shown = daemon.cli("blocks", "--json", *options).json
    return {block["number"]: block["state"] for block in shown}


def test_no_block_ends_by_it_alone(daemon: Daemon, early_lab: Lab) -> None:
    """The gate lets them through, so the daemon ends their calls. One that is made meanwhile lasts
    as long as it was meant to, whatever is held."""
    hour, moment, asked_for = (next(STRANGERS).number for _ in range(3))
    now = time.time()
    ends = {hour: now + 3600, moment: now + 4}
    store = SqlStore(f"sqlite:///{daemon.database}", NODE)
    store.write(
        Batch(
            blocks=tuple(
                a_block(number, number=number, keys=(number,), since=now - 60, until=int(end))
                for number, end in ends.items()
            )
        )
    )
    store.close()
    daemon.start()
    daemon.operate("block", number=asked_for, duration=1)
    until(lambda: has_ended(daemon, asked_for), "the block that the wrong clock dated is over")
    until(lambda: has_ended(daemon, moment), "the other one is over by the machine's clock")
    assert time.time() >= int(ends[moment])
    assert listed(daemon) == {hour: "live"}
    assert listed(daemon, "--all")[hour] == "live"
    assert is_turned_away(early_lab, hour)
    assert "passed the gate" not in daemon.log


def test_by_a_clock_that_is_behind_blocks_are_listed_and_end_as_ever(late_daemon: Daemon) -> None:
    """Although each is over by the machine's clock."""
    long, short = (next(STRANGERS).number for _ in range(2))
    late_daemon.start()
    late_daemon.operate("block", number=long, duration=3600)
    late_daemon.operate("block", number=short, duration=1)
    assert listed(late_daemon)[long] == listed(late_daemon, "--all")[long] == "live"
    until(lambda: has_ended(late_daemon, short), "it is over by FreeSWITCH's clock")
    assert is_refused(late_daemon.lab, long)
    assert not is_refused(late_daemon.lab, short)


def has_ended(daemon: Daemon, number: str) -> bool:
    """Whether the number's block is over by the time."""
    block = daemon.block_of(number)
    return block is not None and block.state is BlockState.EXPIRED
