"""Nodes that hear no notification: they agree within the time after which they look by themselves.

Two ways to it: ``listen_url`` names a database in which nobody notifies, as a pooler that passes
none on would; and it names a port on which nobody listens.
"""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack

from fluxcc.core.site.reading import POLL
from tests.site import servers
from tests.site.asking import Numbers, differences
from tests.site.ears import Ear, spread, wait_heard
from tests.site.figures import shown
from tests.site.nodes import start_nodes
from tests.site.spreading import ask_each
from tests.testing.ports import free_port

SLACK = 1.0
"""Seconds more than the period, for what is read then and applied on a busy machine."""
NODES, RATE, BLOCKS = 3, 5.0, 50
MOST_SAID = 3
"""Lines of each log on it: what does not change is said once."""
SAID = re.compile("hints|site (cannot|is) ")


def measure(wanted: argparse.Namespace) -> bool:
    """Both ways."""
    del wanted
    found = []
    for what, place in (
        ("a database without notifications", "/template1"),
        ("a port on which nobody listens", f":{free_port()}/postgres"),
    ):
        with servers.running() as server:
            beside = "/postgres" if place.startswith("/") else f":{server.port}/postgres"
            found.append(_agree(server.url, server.url.replace(beside, place), what))
    return all(found)


def _agree(url: str, listen_url: str, what: str) -> bool:
    with ExitStack() as opened:
        daemons = start_nodes(opened, url, NODES, listen_url=listen_url)
        ears = [opened.enter_context(Ear(daemon)) for daemon in daemons]
        numbers = Numbers(50_000_000)
        blocked = ask_each(daemons, RATE, [("block", numbers(), {}) for _ in range(BLOCKS)])
        lost = wait_heard(ears, "blocked", blocked)
        took = spread(ears, "blocked", blocked)
        wrong = differences(daemons, blocked)
        said = max(len(SAID.findall(daemon.log)) for daemon in daemons)
    worst = max(took, default=0.0)
    print(
        f"hints-off, {what}: {len(took)} blocks on {NODES} nodes: on all after"
        f" {shown(took or [0.0])}, at worst {worst:.2f} s (bar {POLL + SLACK:g}); lost: {lost};"
        f" wrong: {wrong or 'nothing'}; lines of the log on the site: {said}"
    )
    return not lost and not wrong and worst <= POLL + SLACK and said <= MOST_SAID
