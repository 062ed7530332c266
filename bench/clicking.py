"""Row 20: an action by HTTP, from the click until the call is seen to have ended, beside the same
by a board on the event socket; on a real FreeSWITCH with SIPp, skipped where there is none."""

from __future__ import annotations

import http.client
import json
import random
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from bench.paging import NOT_INSTALLED, TOKEN, Page
from bench.real import daemon_beside
from bench.table import Row, skipped
from fluxcc.client import Board
from fluxcc.domain.provisioning import UserRole
from fluxcc.kit import find_kit
from fluxcc.lab.real import RealLab, why_unavailable
from tests.testing.operators import operate
from tests.testing.waiting import until

MEASURE = "an agent's hangup and prank by HTTP on a real FreeSWITCH, click to seen ended"
BAR = "≤ 12 ms p50"
LIMIT = 0.012
EACH, QUICK_EACH = 100, 10
BEAT = 0.02
ENDS = {"hangup": "ended", "prank": "blocked"}
"""Action → the code of its reply, which comes when FreeSWITCH's events show the end."""


def rows(*, quick: bool) -> list[Row]:
    """The one row."""
    if find_spec("litestar") is None:
        return [skipped("20", MEASURE, BAR, NOT_INSTALLED)]
    if why := why_unavailable():
        return [skipped("20", MEASURE, BAR, str(why))]
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name, RealLab() as lab:
        folder = Path(name)
        lab.install_kit(find_kit())
        page = Page(folder)
        with (
            daemon_beside(lab, folder),
            page.serving(UserRole.AGENT, "1000"),
            Board(lab.host, lab.port, lab.password) as board,
        ):
            ways: dict[str, Callable[[str], str]] = {
                "HTTP": Clicks(page.port).ask,
                "board": lambda action: board.ask(action, "1000").code,
            }
            # The daemon hurries FreeSWITCH only while somebody talks, as on a site in its hours.
            lab.call("+5511979999999", "1001").wait_answered()
            for number in range(QUICK_EACH if quick else EACH):
                for action in ENDS:
                    for way in sorted(ways, reverse=bool(number % 2)):
                        taken = timed(lab, page.door, action, ways[way])
                        times.setdefault((action, way), []).append(taken)
    middle = {key: median(taken) * 1000 for key, taken in times.items()}
    return [
        Row(
            "20",
            MEASURE,
            f"{middle['hangup', 'HTTP']:.1f} and {middle['prank', 'HTTP']:.1f} ms",
            BAR,
            all(middle[action, "HTTP"] <= LIMIT * 1000 for action in ENDS),
            f"by a board {middle['hangup', 'board']:.1f} and {middle['prank', 'board']:.1f} ms, "
            f"{len(times['prank', 'HTTP'])} of each by turns",
        )
    ]


class Clicks:
    """An agent's browser: one connection that stays."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}

    def ask(self, action: str) -> str:
        """The code of the reply."""
        body = json.dumps({"action": action})
        self._connection.request("POST", "/api/v1/actions", body, self._headers)
        answer = json.loads(self._connection.getresponse().read())
        return str(answer["code"])


def is_talking(door: Path) -> bool:
    """Whether the daemon sees the agent talk."""
    calls = operate(door, "calls")["reading"]
    return any(call["talking"] and call["agent"] == "1000" for call in calls)


_NUMBERS = iter(range(70_000_000, 80_000_000))


def timed(lab: RealLab, door: Path, action: str, ask: Callable[[str], str]) -> float:
    """A call to the agent, and the seconds until the reply says that it is over."""
    caller = lab.call(f"+55119{next(_NUMBERS)}", "1000")
    caller.wait_answered()
    until(lambda: is_talking(door), "the daemon sees the agent talk")
    # At any moment of the beat, as people click.
    time.sleep(0.1 + random.uniform(0.0, BEAT))
    began = time.perf_counter()
    code = ask(action)
    taken = time.perf_counter() - began
    assert code == ENDS[action], (action, code)
    caller.wait_ended()
    return taken
