"""How long it takes from the reply on one PBX until a number is refused on all, beside the least
that it can take with the same PostgreSQL and the same PBXs; then released on all, expired on all,
and what the audit has of it."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from fluxcc.lab.port import LabError
from tests.site import servers
from tests.site.asking import Numbers, at_rate, differences, replied, wrong_rows
from tests.site.callers import Callers, carried
from tests.site.ears import LATE, Ear, spread, wait_heard
from tests.site.figures import quantiles, shown
from tests.site.nodes import names, start_nodes
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused

MEDIAN, WORST = 0.1, 0.25
"""Seconds within which half of the blocks, and 99 % of them, are on all PBXs."""
REAL = 2
"""PBXs that are a FreeSWITCH, where there is one."""
FLOOR_ROUNDS = 100
SHORT, SHORT_SECONDS = 6, 2.0
"""Seconds that a block holds whose end is watched, and for how long such are made."""
ITS_SECOND = 1.0
"""Seconds after its end within which a block's end is told on every node."""
CALLED = 10
"""Numbers that call every node."""
HISTORY = 15.0
"""Seconds within which the audit is the site's: 5 of them are promised, and a row of each of
thousands is asked for."""


def measure(wanted: argparse.Namespace) -> bool:
    """Block numbers on all nodes in turn, at that rate."""
    with ExitStack() as opened:
        server = opened.enter_context(servers.running())
        daemons = start_nodes(opened, server.url, wanted.nodes, real=REAL)
        ears = [opened.enter_context(Ear(daemon)) for daemon in daemons]
        labs = [daemon.lab for daemon in daemons]
        numbers = Numbers(60_000_000)
        time.sleep(1.0)
        count = int(wanted.rate * wanted.seconds)
        with Callers(labs, carried(labs, wanted.call_rate)) as callers:
            blocked = ask_each(
                daemons, wanted.rate, [("block", numbers(), {}) for _ in range(count)]
            )
            lost = wait_heard(ears, "blocked", blocked)
        took = spread(ears, "blocked", blocked)
        floor = _floor(server.address, labs)
        is_right = _tell_spread(wanted, daemons, took, lost, callers.rate, floor)
        is_right &= _refused(daemons, list(blocked))
        ended = _expire(daemons, ears, wanted.rate, numbers)
        is_right &= ended[0]
        is_right &= _release(daemons, ears, wanted.rate, list(blocked))
        return _audit(server.address, [*blocked, *ended[1]], list(blocked), ended[1]) and is_right


def _tell_spread(
    wanted: argparse.Namespace,
    daemons: list[Daemon],
    took: list[float],
    lost: int,
    beside: float,
    floor: Sequence[float],
) -> bool:
    median, worst = quantiles(took)
    print(
        f"spread: {len(took)} blocks on {names(daemons)} at {wanted.rate:g}/s, {beside:.1f}"
        f" calls/s a node beside (of {wanted.call_rate:g}: as the machine carries): refused on all"
        f" after {shown(took)} (median, 99th percentile; bars {MEDIAN * 1000:.0f},"
        f" {WORST * 1000:.0f}); lost: {lost}; floor {shown(floor)}"
    )
    expected = int(wanted.rate * wanted.seconds)
    if len(took) != expected:
        print(f"  not acknowledged: {expected - len(took) - lost}")
    return lost == 0 and len(took) == expected and median <= MEDIAN and worst <= WORST


def ask_each(
    daemons: Sequence[Daemon], rate: float, asked: Sequence[tuple[str, str, dict[str, Any]]]
) -> dict[str, float]:
    """Have these actions done, each on the next node; number → when it was acknowledged."""
    acknowledged: dict[str, float] = {}

    def ask(count: int) -> None:
        action, number, fields = asked[count]
        daemon = daemons[count % len(daemons)]
        if replied(daemon, action, number=number, **fields)["code"] in {"blocked", "released"}:
            acknowledged[number] = time.monotonic()

    at_rate(rate, len(asked), ask)
    return acknowledged


def _refused(daemons: Sequence[Daemon], blocked: Sequence[str]) -> bool:
    """Numbers call every node; each node's gate has what the others' have."""
    wrong = differences(daemons, blocked)
    step = max(len(blocked) // CALLED, 1)
    tried = blocked[::step]
    for number in tried:
        for node, daemon in enumerate(daemons, 1):
            try:
                if not is_refused(daemon.lab, number):
                    wrong.append(f"node {node} lets {number} in")
            except LabError as error:
                wrong.append(f"node {node}: {error}")
    print(
        f"  refused: {len(tried)} numbers called each node; every gate has the"
        f" {len(blocked)} blocks; wrong: {wrong or 'nothing'}"
    )
    return not wrong


def _expire(
    daemons: Sequence[Daemon], ears: Sequence[Ear], rate: float, numbers: Numbers
) -> tuple[bool, list[str]]:
    """Blocks that hold for seconds; whether they ended in time, and their numbers."""
    asked = [("block", numbers(), {"duration": SHORT}) for _ in range(int(rate * SHORT_SECONDS))]
    ends: dict[str, int] = {}

    def ask(count: int) -> None:
        action, number, fields = asked[count]
        reply = replied(daemons[count % len(daemons)], action, number=number, **fields)
        ends[number] = int(reply["expires"])

    at_rate(rate, len(asked), ask)
    time.sleep(SHORT)
    lost = wait_heard(ears, "expired", ends)
    late = [
        ear.heard["expired", number].epoch - end
        for ear in ears
        for number, end in ends.items()
        if ("expired", number) in ear.heard
    ]
    is_right = lost == 0 and min(late) >= 0 and max(late) <= ITS_SECOND
    print(
        f"  expired: {len(ends)} blocks, on every node {min(late) * 1000:.0f} to"
        f" {max(late) * 1000:.0f} ms after their end (bar {ITS_SECOND * 1000:.0f});"
        f" not told: {lost}"
    )
    return is_right, list(ends)


def _release(
    daemons: Sequence[Daemon], ears: Sequence[Ear], rate: float, blocked: Sequence[str]
) -> bool:
    """Free each number on another node than the one that blocked it."""
    others = [*daemons[1:], daemons[0]]
    freed = ask_each(others, rate, [("unblock", number, {}) for number in blocked])
    lost = wait_heard(ears, "released", freed)
    took = spread(ears, "released", freed)
    wrong = differences(daemons, [])
    print(
        f"  released: {len(freed)} of {len(blocked)}, on all after {shown(took)}; lost: {lost};"
        f" wrong: {wrong or 'nothing'}"
    )
    return len(freed) == len(blocked) and not lost and not wrong


def _audit(
    address: str, blocked: Sequence[str], released: Sequence[str], expired: Sequence[str]
) -> bool:
    """A row of each event in the site's audit, and no more."""
    wrong = {
        action: found
        for action, numbers in (("block", blocked), ("unblock", released), ("expire", expired))
        if (found := wrong_rows(address, action, numbers, HISTORY))
    }
    print(
        f"  audit: {len(blocked)} blocked, {len(released)} released, {len(expired)} expired, a row"
        f" of each; wrong: {wrong or 'none'}"
    )
    return not wrong


def _floor(address: str, labs: Sequence[Any]) -> list[float]:
    """Commit, ``NOTIFY``, read on each, ``hash insert`` on each: as one small program does it."""
    import psycopg  # noqa: PLC0415  # not everybody has it

    took = []
    with ExitStack() as opened:
        writer = opened.enter_context(psycopg.connect(address, autocommit=True))
        writer.execute("CREATE TABLE floor (number bigserial, key text)")
        readers = [opened.enter_context(psycopg.connect(address, autocommit=True)) for _ in labs]
        for reader in readers:
            reader.execute("LISTEN floor")
        for count in range(FLOOR_ROUNDS):
            began = time.monotonic()
            writer.execute("INSERT INTO floor (key) VALUES (%s)", [str(count)])
            writer.execute("NOTIFY floor")
            threads = [
                threading.Thread(target=_take, args=(reader, lab, count))
                for reader, lab in zip(readers, labs, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took.append(time.monotonic() - began)
    return took


def _take(reader: Any, lab: Any, count: int) -> None:
    for _ in reader.notifies(timeout=LATE, stop_after=1):
        pass
    reader.execute("SELECT key FROM floor WHERE number > %s", [count]).fetchall()
    lab.api(f"hash insert/floor/{count}/1")
