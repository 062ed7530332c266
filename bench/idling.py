"""Rows 16 and 17: what an idle daemon costs, itself and FreeSWITCH, and how soon a command starts.

Both are figures of CPU, which hardly depends on what else the machine does.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median

from bench.processes import PASSWORD
from bench.real import freeswitch_pid
from bench.table import Row, skipped
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.operators import client
from fluxcc.pbx.events import SUBSCRIPTION
from fluxcc.protocol.operators import STATUS, Ask, DaemonStatus
from tests.testing.event_socket import EventSocket
from tests.testing.program import environment

IDLE = "CPU of an idle daemon, and of FreeSWITCH beyond what two connections take that say nothing"
START = "CPU of a command that the daemon answers, over `python -c pass`"
BARS = {IDLE: "≤ 0.3 %, ≤ 0.1 %", START: "≤ 3"}
ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS = 10.0
SETTLING = 4.0
"""Seconds after the connect in which the daemon takes its second snapshot."""
STARTS, QUICK_STARTS = 20, 5
SETTINGS = Path(__file__).parents[1] / "packaging/fluxcc.toml"
SCRIPT = "from fluxcc.__main__ import main; main()"
"""What the installed ``fluxcc`` does."""
COMMANDS = (("status",), ("calls",), ("blocks",), ("check", "11988887777"))


def rows(*, quick: bool) -> list[Row]:
    """Both."""
    why = why_unavailable()
    idle = skipped("16", IDLE, BARS[IDLE], why) if why is not None else idling(quick=quick)
    return [idle, starting(quick=quick)]


def idling(*, quick: bool) -> Row:
    """FreeSWITCH alone, with two connections that only listen, and with a daemon, by turns; no
    call, no request, no telephone.

    FreeSWITCH looks at each connection every 20 ms, whatever is at its other end."""
    alone, linked, beside, own = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name, RealLab() as lab:
        pid = freeswitch_pid(lab)
        variables = environment(lab.port, lab.password, Path(name, "fluxcc.db"))
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            alone.extend(_percent(pid))
            linked.extend(_linked(lab, pid))
            with _daemon(variables, Path(name, "fluxcc.sock"), is_connected=True) as daemon:
                time.sleep(SETTLING)
                of_pbx, of_daemon = _percent(pid, daemon)
            beside.append(of_pbx)
            own.append(of_daemon)
    mine, more = median(own), fmean(beside) - fmean(linked)
    return Row(
        "16",
        IDLE,
        f"{mine:.2f} %, {more:.2f} %",
        BARS[IDLE],
        mine <= 0.3 and more <= 0.1,
        f"of a core; FreeSWITCH {fmean(beside):.2f} with it, {fmean(linked):.2f} with two"
        f" connections, {fmean(alone):.2f} alone, {len(own)} times {SECONDS:.0f} s each",
    )


def _linked(lab: RealLab, pid: int) -> list[float]:
    """What FreeSWITCH takes with a connection for commands and one that listens as the daemon's."""
    with (
        EventSocket(lab.host, lab.port, lab.password),
        EventSocket(lab.host, lab.port, lab.password) as listener,
    ):
        listener.command(SUBSCRIPTION)
        time.sleep(1.0)
        return _percent(pid)


def starting(*, quick: bool) -> Row:
    """Commands and ``pass`` by turns; with the file of settings that the package brings."""
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name:
        variables = environment(1, PASSWORD, Path(name, "fluxcc.db"))
        variables |= {"FLUXCC_CONTROL_SOCKET": str(Path(name, "fluxcc.sock"))}
        settings = Path(name, "fluxcc.toml")
        # Its password's file is the package's.
        settings.write_text(re.sub("^password_file.*$", "", SETTINGS.read_text(), flags=re.M))
        variables |= {"FLUXCC_CONFIG": str(settings)}
        # What pip and the package install is compiled.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        variables |= {"PYTHONPYCACHEPREFIX": str(Path(name, "compiled"))}
        taken: dict[str, list[float]] = {words[0]: [] for words in COMMANDS}
        base = []
        with _daemon(variables, Path(name, "fluxcc.sock"), is_connected=False):
            for count in range((QUICK_STARTS if quick else STARTS) + 1):
                bare = _cpu_of(["-c", "pass"], variables)
                times = [_cpu_of(["-c", SCRIPT, *words], variables) for words in COMMANDS]
                # The first ones compile.
                if count:
                    base.append(bare)
                    for words, seconds in zip(COMMANDS, times, strict=True):
                        taken[words[0]].append(seconds)
    bare = median(base)
    ratios = {command: median(times) / bare for command, times in taken.items()}
    worst = max(ratios.values())
    return Row(
        "17",
        START,
        f"{worst:.2f}",
        BARS[START],
        worst <= 3,
        ", ".join(f"{command} {ratio:.2f}" for command, ratio in ratios.items())
        + f"; `pass` {bare * 1000:.0f} ms",
    )


@contextmanager
def _daemon(variables: dict[str, str], path: Path, *, is_connected: bool) -> Iterator[int]:
    """The process of a ``fluxcc run``, as soon as it answers."""
    with subprocess.Popen(
        [sys.executable, "-m", "fluxcc", "run"],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as daemon:
        try:
            while not _answers(path, is_connected=is_connected):
                assert daemon.poll() is None, "the daemon ended"
                time.sleep(0.1)
            yield daemon.pid
        finally:
            daemon.terminate()


def _answers(path: Path, *, is_connected: bool) -> bool:
    try:
        status = client.read(path, Ask(do=STATUS), DaemonStatus)
    except OSError:
        return False
    return status.connected or not is_connected


def _percent(*pids: int) -> list[float]:
    """What these processes take of a core, each."""
    before, began = [_seconds(pid) for pid in pids], time.monotonic()
    time.sleep(SECONDS)
    after, length = [_seconds(pid) for pid in pids], time.monotonic() - began
    return [(late - early) / length * 100 for early, late in zip(before, after, strict=True)]


def _seconds(pid: int) -> float:
    """The CPU of all threads of a process, exact to the microsecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _cpu_of(words: Sequence[str], variables: dict[str, str]) -> float:
    """Seconds of CPU that such a Python takes from start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], env=variables, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
