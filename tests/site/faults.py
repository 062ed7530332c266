"""PostgreSQL is mistreated while people work on three nodes: no action is slower, nothing that was
acknowledged is lost or done twice, and all nodes are the same soon after its return.

People block and free numbers and mark callers as pranks, on every node, before, during and after
each fault. What each asked for and was told is compared with every node's blocks and gate, and with
the site's audit. Half a minute for each fault, with a server of its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple

import pytest

from tests.site import servers
from tests.site.asking import blocks, seconds_until_same, wrong_rows
from tests.site.figures import ratio, shown
from tests.site.nodes import start_nodes
from tests.site.people import People
from tests.site.pooling import pooled
from tests.site.servers import Server
from tests.testing.daemon import Daemon

NODES = 3
WARM, SOUND, DURING, PAUSED, CATCH_UP = 2.0, 10.0, 8.0, 30.0, 4.0
"""Seconds of work: before anything is measured, without the fault on either side of it, with it,
right after it."""
SAME = 10.0
"""Seconds after PostgreSQL's return within which all nodes are the same."""
SLOWER = 1.1
"""How many times as long as without the fault an action may take."""
HISTORY = 20.0
"""Seconds after which a row of the audit that the site has not yet counts as lost."""


class Fault(NamedTuple):
    """A PostgreSQL, and what is done to it."""

    name: str
    url: str
    address: Callable[[], str]
    """Of the server that leads, for psycopg."""
    spoil: Callable[[], object]
    mend: Callable[[], object]
    """Returns when it takes connections again."""
    seconds: float = DURING
    kills_node: bool = False
    """Whether a node is killed too, and started again after PostgreSQL's return."""
    listen_url: str = ""


@contextmanager
def _simple(
    name: str,
    spoil: Callable[[Server], object],
    mend: Callable[[Server], object],
    opening: Callable[[], AbstractContextManager[Server]] = servers.running,
    seconds: float = 0.0,
    *,
    kills_node: bool = False,
) -> Iterator[Fault]:
    with opening() as server:
        yield Fault(
            name,
            server.url,
            lambda: server.address,
            lambda: spoil(server),
            lambda: mend(server),
            seconds or DURING,
            kills_node,
        )


@contextmanager
def _failover() -> Iterator[Fault]:
    """The leader dies; its standby, which has what was sent to it, leads from then on."""
    with servers.replicated() as (leader, standby):
        ports = f"{leader.port},{standby.port}"
        url = f"postgresql+psycopg://fluxcc@/postgres?host=127.0.0.1,127.0.0.1&port={ports}"
        yield Fault(
            "leader changed",
            url,
            lambda: standby.address if not leader.is_running else leader.address,
            leader.kill,
            standby.promote,
            2.0,
        )


@contextmanager
def _cut() -> Iterator[Fault]:
    """Packets are dropped (nftables)."""
    with servers.running() as server, ExitStack() as cut:
        yield Fault(
            "packets dropped",
            server.url,
            lambda: server.address,
            lambda: cut.enter_context(servers.cut_off([server.port])),
            cut.close,
            2 * DURING,
        )


@contextmanager
def _pooled() -> Iterator[Fault]:
    """Behind a PgBouncer in transaction mode, which stays."""
    with servers.running() as server, pooled(server) as url:
        yield Fault(
            "stopped behind PgBouncer",
            url,
            lambda: server.address,
            server.stop,
            server.start,
            listen_url=server.url,
        )


FAULTS: dict[str, Callable[[], AbstractContextManager[Fault]]] = {
    "stopped": lambda: _simple("stopped", Server.stop, Server.start),
    "killed": lambda: _simple("killed", Server.kill, Server.start),
    "paused": lambda: _simple("paused", Server.pause, Server.resume, seconds=PAUSED),
    "disk-full": lambda: _simple(
        "disk full", Server.fill_disk, Server.empty_disk, lambda: servers.on_small_disk(SMALL_DISK)
    ),
    "node-killed": lambda: _simple(
        "stopped, and a node killed", Server.stop, Server.start, kills_node=True
    ),
    "leader": _failover,
    "cut": _cut,
    "pooled": _pooled,
}
SMALL_DISK = 96
"""Megabytes; an empty server has some 40."""


def measure(wanted: argparse.Namespace) -> bool:
    """Each fault in turn."""
    is_right = True
    for name, opening in FAULTS.items():
        if wanted.fault and name not in wanted.fault:
            continue
        try:
            with opening() as fault:
                is_right &= _survive(fault)
        except pytest.skip.Exception as reason:
            print(f"faults, {name}: skipped, {reason}")
    return is_right


def _survive(fault: Fault) -> bool:
    """People work before, during and after it."""
    with ExitStack() as opened:
        daemons = start_nodes(opened, fault.url, NODES, listen_url=fault.listen_url)
        people = opened.enter_context(People(daemons))
        last = people.workers[-1]
        time.sleep(WARM)
        began = time.monotonic()
        time.sleep(SOUND)
        spoiled = time.monotonic()
        fault.spoil()
        time.sleep(fault.seconds)
        if fault.kills_node:
            last.rest()
            last.daemon.kill()
        fault.mend()
        returned = time.monotonic()
        if fault.kills_node:
            last.daemon.start()
            returned = time.monotonic()
            last.work()
        # As busy as before: it is while they work that they become the same.
        same = _seconds_until_told(daemons, people)
        time.sleep(max(0.0, returned + CATCH_UP - time.monotonic()))
        people.rest()
        _, left = seconds_until_same(daemons, people.blocked, SAME)
        for worker in people.workers:
            worker.work()
        mended = time.monotonic()
        time.sleep(SOUND)
        people.rest()
        ended = time.monotonic()
        _, still = seconds_until_same(daemons, people.blocked, SAME)
        wrong = {
            action: found
            for action in ("block", "unblock", "prank")
            if (found := wrong_rows(fault.address(), action, people.numbers(action), HISTORY))
        }
        sound = people.took(began, spoiled) + people.took(mended, ended)
        return _tell(fault, people, sound, people.took(spoiled, mended), same, left or still, wrong)


def _seconds_until_told(daemons: Sequence[Daemon], people: People) -> float:
    """How long it takes from now until every node has what was acknowledged so far."""
    began = time.monotonic()
    held, freed = people.blocked, set(people.numbers("unblock"))
    while time.monotonic() - began < SAME:
        # What is freed meanwhile may be gone there already.
        wanted = held & people.blocked
        found = [set(blocks(daemon)) for daemon in daemons]
        if all(wanted <= each and not freed & each for each in found):
            break
        time.sleep(0.05)
    return time.monotonic() - began


def _tell(
    fault: Fault,
    people: People,
    sound: list[float],
    spoiled: list[float],
    same: float,
    left: list[str],
    wrong: dict[str, dict[str, int]],
) -> bool:
    half, late = ratio(spoiled, sound, 0.5), ratio(spoiled, sound, 0.99)
    print(
        f"faults, {fault.name}: {len(spoiled)} actions {shown(spoiled)} (median, 99th percentile),"
        f" {len(sound)} without it {shown(sound)}: {half[0]:.2f} times ({half[1]:.2f} to"
        f" {half[2]:.2f}), {late[0]:.2f} times ({late[1]:.2f} to {late[2]:.2f}; bar {SLOWER:g}),"
        f" the slowest {max(spoiled) * 1000:.0f} and {max(sound) * 1000:.0f} ms;"
        f" same after {same:.1f} s (bar {SAME:g}); differ: {left or 'nothing'};"
        f" of {len(people.done)} not done: {people.refused or 'none'};"
        f" audit wrong: {wrong or 'nothing'}"
    )
    is_slower = half[1] > SLOWER or late[1] > SLOWER
    return not (is_slower or left or people.refused or wrong) and same < SAME
