"""Events come faster than they can be handled.

The socket is always read, memory is bounded, what is dropped is counted and repaired by a resync,
and an action that is asked for in the middle of it is answered within 5 s.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from chaos.report import Report
from chaos.subject import Subject
from fluxcc.lab.port import Lab
from tests.testing.waiting import until

MOST_MEMORY = 512 * 1024
"""Kilobytes: 10,000 waiting events (``pbx.inbox.MOST_WAITING``) of the largest have some 100 MB."""
LONGEST_WRITE = 2.0
"""Seconds for which the PBX may have to wait with a write: far from the 100,000 events after which
FreeSWITCH cuts a client off."""
ANSWER = 5.0


def run(
    report: Report,
    make_lab: Callable[[], Lab],
    folder: Path,
    *,
    quick: bool,
    count: int = 0,
) -> None:
    """``overload``; the PBX is a stand-in, whichever was asked for: no real one is this fast."""
    events = count or (60_000 if quick else 1_000_000)
    with subprocess.Popen(
        [sys.executable, "-m", "chaos.flood", "--events", str(events)],
        stdout=subprocess.PIPE,
        text=True,
    ) as flood:
        try:
            assert flood.stdout is not None
            port = json.loads(flood.stdout.readline())["port"]
            lab = SimpleNamespace(host="127.0.0.1", port=port, password="x", name="the flood")
            check(report, cast(Lab, lab), folder, flood)
        finally:
            flood.kill()


def check(report: Report, lab: Lab, folder: Path, flood: subprocess.Popen[str]) -> None:
    """One flood."""
    daemon = Subject(lab, folder)
    daemon.start()
    faults: list[str] = []
    told: dict[str, Any] = {}
    assert flood.stdout is not None
    reader = threading.Thread(target=lambda: told.update(json.loads(flood.stdout.readline())))
    reader.start()
    most, waiting, slowest = 0, 0, 0.0
    while reader.is_alive():
        began = time.monotonic()
        status = daemon.status()
        slowest = max(slowest, time.monotonic() - began)
        waiting = max(waiting, status["events_waiting"])
        most = max(most, daemon.resident())
        time.sleep(0.1)
    try:
        until(lambda: daemon.status()["events_waiting"] == 0, "all is handled", 20)
        until(lambda: daemon.status()["legs"] == told["legs"], "the legs agree", 10)
    except AssertionError as error:
        faults.append(f"{error}: {daemon.status()['legs']} legs, {told['legs']} at the PBX")
    status = daemon.status()
    if most > MOST_MEMORY:
        faults.append(f"{most} kB of memory")
    if told["longest_write"] > LONGEST_WRITE:
        faults.append(f"the PBX could not write for {told['longest_write']:.1f} s")
    if told["unanswered"] or told["slowest"] > ANSWER or told["codes"] != ["ended"]:
        faults.append(f"requests: {told}")
    if status["events"] + status["events_dropped"] < told["sent"]:
        faults.append("events were lost and not counted")
    if daemon.connects != 1:
        faults.append(f"the link was lost: {daemon.connects} connects")
    report.figure(
        "overload",
        faults,
        events=told["sent"],
        offered_a_second=round(told["sent"] / told["seconds"]),
        dropped=status["events_dropped"],
        waiting_at_most=waiting,
        resyncs=status["resyncs"],
        longest_write_s=told["longest_write"],
        memory_mb=round(most / 1024),
        requests=told["answered"],
        slowest_answer_s=told["slowest"],
        slowest_status_s=slowest,
    )
    daemon.close()
