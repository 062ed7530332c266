"""Requests that are sent to another node than the one with the call, beside the same to the right
one: each is answered, once, and not much later."""

from __future__ import annotations

import argparse
import threading
import time
from collections import Counter
from contextlib import ExitStack

from fluxcc.lab.port import Lab
from tests.site import servers
from tests.site.asking import Numbers, at_rate, audit_rows, replied
from tests.site.figures import quantile, shown
from tests.site.nodes import start_nodes
from tests.testing.daemon import Daemon
from tests.testing.event_socket import EventSocket
from tests.testing.waiting import until

RATE, SECONDS = 100.0, 10.0
"""Requests a second, at the wrong node, and for how long; then as many at the right one."""
TIMES, MORE = 2.0, 0.02
"""How many times as long as at the right node it may take, and how many seconds more."""
LIVE = 200
"""Calls that are begun before the first is ended: each was told to the site seconds before."""
HISTORY = 20.0


def measure(wanted: argparse.Namespace) -> bool:
    """Calls on one node; both are asked to end them."""
    del wanted
    with ExitStack() as opened:
        server = opened.enter_context(servers.running())
        here, there = start_nodes(opened, server.url, 2)
        numbers = Numbers(40_000_000)
        lots = [[numbers() for _ in range(int(RATE * SECONDS))] for _ in range(2)]
        wrong, wrong_codes = _ask(here, there, lots[0])
        right, right_codes = _ask(there, there, lots[1])
        until(
            lambda: sum(audit_rows(server.address, "prank").values()) >= sum(map(len, lots)),
            "every action is in the audit",
            HISTORY,
        )
        rows = audit_rows(server.address, "prank")
    bad = [number for lot in lots for number in lot if rows[number] != 1]
    bar = TIMES * quantile(right, 0.99) + MORE
    print(
        f"elsewhere: {len(wrong)} requests at {RATE:g}/s to the wrong node {shown(wrong)} (median,"
        f" 99th percentile; bar {bar * 1000:.1f}), to the right one {shown(right)};"
        f" replies {dict(wrong_codes)}, {dict(right_codes)}; not done exactly once:"
        f" {len(bad)}"
    )
    are_answered = all(set(codes) == {"blocked"} for codes in (wrong_codes, right_codes))
    return are_answered and not bad and quantile(wrong, 0.99) <= bar


def _ask(asked: Daemon, there: Daemon, numbers: list[str]) -> tuple[list[float], Counter[str]]:
    """Have one node mark each caller of the other; seconds of each, and the codes."""
    took: list[float] = []
    codes: Counter[str] = Counter()
    legs: dict[int, str] = {}
    lock = threading.Lock()
    with _line(there.lab) as line:

        def call(count: int) -> None:
            if count < len(numbers):
                number = numbers[count].replace("+", "%2B")
                with lock:
                    answer = line.api(f"sim_call number={number}&destination=1000")
                legs[count] = answer.removeprefix("+OK").strip()

        for count in range(LIVE):
            call(count)
        wanted = set(legs.values())
        until(lambda: _talking(asked) >= wanted, "the calls are told", 20.0)

        def ask(count: int) -> None:
            began = time.monotonic()
            code = replied(asked, "prank", call=legs[count])["code"]
            took.append(time.monotonic() - began)
            codes[code] += 1
            call(count + LIVE)

        at_rate(RATE, len(numbers), ask)
    return took, codes


def _line(lab: Lab) -> EventSocket:
    return EventSocket(lab.host, lab.port, lab.password)


def _talking(daemon: Daemon) -> set[str]:
    return {call["call"] for call in daemon.operate("calls")["reading"] if call["talking"]}
