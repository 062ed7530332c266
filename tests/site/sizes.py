"""What a site costs its PostgreSQL: connections, transactions and WAL of nodes, blocks and calls.

What a million calls take on the disk is told by the row ``history``."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from typing import Any, NamedTuple

from tests.site import servers
from tests.site.asking import Numbers, seconds_until_same
from tests.site.callers import HOLD, Callers
from tests.site.nodes import start_nodes
from tests.site.spreading import ask_each

IDLE, SECONDS = 15.0, 15.0
RATE, CALL_RATE = 20.0, 5.0
"""Blocks a second of the site, calls a second of each node."""
TOLD = 8.0
"""Seconds after which everything is in the site."""
AGREE = 30.0

STATE = """
    SELECT pg_current_wal_insert_lsn() - '0/0',
        (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
        (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fluxcc'),
        (SELECT count(*) FROM calls)
"""


class State(NamedTuple):
    """What the server has done so far."""

    at: float
    wal: int
    transactions: int
    connections: int
    calls: int


def measure(wanted: argparse.Namespace) -> bool:
    """Idle, then blocks, then calls."""
    import psycopg  # noqa: PLC0415  # not everybody has it

    with ExitStack() as opened:
        server = opened.enter_context(servers.running())
        daemons = start_nodes(opened, server.url, wanted.nodes)
        own = opened.enter_context(psycopg.connect(server.address, autocommit=True))
        own.execute("CHECKPOINT")
        time.sleep(TOLD)
        states = [_state(own)]
        time.sleep(IDLE)
        states.append(_state(own))
        numbers = Numbers(20_000_000)
        count = int(RATE * SECONDS)
        blocked = ask_each(daemons, RATE, [("block", numbers(), {}) for _ in range(count)])
        _, left = seconds_until_same(daemons, blocked, AGREE)
        time.sleep(TOLD)
        states.append(_state(own))
        with Callers([daemon.lab for daemon in daemons], CALL_RATE):
            time.sleep(SECONDS)
        time.sleep(HOLD + TOLD)
        states.append(_state(own))
    _tell(wanted.nodes, count, *states)
    print(f"  differ: {left or 'nothing'}")
    return not left


def _state(connection: Any) -> State:
    # Statistics lag behind what was done.
    connection.execute("SELECT pg_stat_clear_snapshot()")
    wal, *others = connection.execute(STATE).fetchone()
    return State(time.monotonic(), int(wal), *others)


def _tell(nodes: int, blocks: int, *states: State) -> None:
    begun, idle, blocked, called = states
    seconds = idle.at - begun.at
    wal, done = (idle.wal - begun.wal) / seconds, (idle.transactions - begun.transactions) / seconds
    calls = called.calls - blocked.calls

    def beside(before: State, after: State) -> tuple[float, float]:
        passed = after.at - before.at
        return (
            after.wal - before.wal - wal * passed,
            after.transactions - before.transactions - done * passed,
        )

    of_blocks, of_calls = beside(idle, blocked), beside(blocked, called)
    most = max(state.connections for state in states)
    print(
        f"sizes: {nodes} nodes, at most {most} connections ({most / nodes:.1f} a node); idle"
        f" {done / nodes:.2f} transactions/s and {wal / nodes:.0f} bytes of WAL/s a node; a block"
        f" {of_blocks[1] / blocks:.1f} transactions and {of_blocks[0] / blocks:.0f} bytes;"
        f" {calls} calls, each {of_calls[1] / calls:.2f} transactions and"
        f" {of_calls[0] / calls:.0f} bytes"
    )
