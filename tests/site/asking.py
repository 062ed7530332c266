"""Asks nodes for blocks and releases, and compares what they have afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from tests.scenarios.pbx import gate_ends
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

AT_ONCE = 32
LAST_DIGITS = 8
"""Of a number: what is the same in all its spellings, and in no other of ``Numbers``."""


class Numbers:
    """Numbers that nobody had before, from any thread."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self._next += 1
            return f"+55119{self._next:08d}"


def at_rate(rate: float, count: int, do: Callable[[int], object]) -> float:
    """Do it so often a second, whether or not the last one is done; how often a second it was
    begun in fact."""
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = []
        for number in range(count):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            waiting.append(pool.submit(do, number))
        took = time.monotonic() - begun
        for each in waiting:
            each.result()
    return count / max(took, count / rate - 1 / rate, 0.001)


def replied(daemon: Daemon, do: str, **fields: object) -> dict[str, Any]:
    """The reply to an operator's request; its code is empty where there is none."""
    try:
        answer: Any = daemon.operate(do, **fields)
    except OSError as error:
        return {"code": "", "error": repr(error)}
    return answer["reply"] or {"code": "", "error": answer["error"]}


def blocks(daemon: Daemon) -> dict[str, int]:
    """The numbers that are blocked, with their ends, as the daemon tells."""
    return {each["number"]: each["until"] for each in daemon.operate("blocks")["reading"]}


def differences(daemons: Sequence[Daemon], ends: Collection[str] | None = None) -> list[str]:
    """In what the nodes' blocks and gates differ from the first one's and from each other; where
    ``ends`` are given, also which other numbers are blocked, and which of them are not."""
    first = blocks(daemons[0])
    found = []
    if ends is not None and set(first) != set(ends):
        found.append(f"blocked and should not: {sorted(set(first) - set(ends))[:5]}")
        found.append(f"free and should not: {sorted(set(ends) - set(first))[:5]}")
    for number, daemon in enumerate(daemons, 1):
        if blocks(daemon) != first:
            found.append(f"blocks of node {number}")
        # A number has several spellings at the gate; all end alike.
        if _by_last_digits(gate_ends(daemon.lab)) != _by_last_digits(first):
            found.append(f"gate of node {number}")
    return found


def _by_last_digits(ends: Mapping[str, int]) -> set[tuple[str, int]]:
    return {(number[-LAST_DIGITS:], end) for number, end in ends.items()}


def seconds_until_same(
    daemons: Sequence[Daemon], ends: Collection[str] | None, patience: float
) -> tuple[float, list[str]]:
    """How long it takes from now until there are no ``differences``, and which are left."""
    began = time.monotonic()
    while (left := differences(daemons, ends)) and time.monotonic() - began < patience:
        time.sleep(0.05)
    return time.monotonic() - began, left


def audit_rows(address: str, action: str) -> Counter[str]:
    """Of each number, how many rows of the site's audit say that this was done."""
    import psycopg  # noqa: PLC0415  # not everybody has it

    query = "SELECT number, count(*) FROM audit WHERE action = %s AND status = 'ok' GROUP BY 1"
    with psycopg.connect(address) as connection:
        return Counter(dict(connection.execute(query, [action]).fetchall()))


def wrong_rows(
    address: str, action: str, wanted: Collection[str], patience: float
) -> dict[str, int]:
    """Those of the numbers of which the site's audit has not exactly one row of that action, with
    how many it has, once it has one of each or patience ends."""

    def wrong() -> dict[str, int]:
        rows = audit_rows(address, action)
        return {number: rows[number] for number in wanted if rows[number] != 1}

    with suppress(AssertionError):
        until(lambda: not wrong(), "a row of each", patience)
    return wrong()
