"""The link is cut, stalled, split and delayed under load, through a proxy.

After each cut the live calls in the daemon equal ``show channels``; in the end no command was sent
twice, no answer went to the wrong command and no greenlet is left over.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from chaos.actors import Actors
from chaos.proxy import Proxy
from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Crowd, Line
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.waiting import until

RATE, HOLD = 100.0, 1.0
SIGHT = 75.0
"""Seconds within which any loss must have been noticed and mended."""
AGREE = 5.0
"""Seconds after which the daemon must know what the PBX has, once nobody dials any more."""


class Cuts:
    """Each kind of trouble, as a method; those that end a connection say so by returning True."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def inside_a_frame(self) -> bool:
        self._one().cut_inside_a_frame()
        return True

    def reset(self) -> bool:
        self._one().reset()
        return True

    def closed(self) -> bool:
        for pipe in self._proxy.live() + self._proxy.live(ours=True):
            pipe.close()
        return True

    def split_at_every_byte(self) -> bool:
        for pipe in self._proxy.live():
            pipe.split()
        return False

    def events_before_the_reply(self) -> bool:
        self._proxy.swaps = True
        for pipe in self._proxy.live():
            pipe.close()
        return True

    def reply_after_its_timeout(self) -> bool:
        for pipe in self._proxy.live(events=False) + self._proxy.live(ours=True):
            pipe.stall(3.5)
        time.sleep(3.6)
        return False

    def half_open(self) -> bool:
        self._one().be_half_open()
        return True

    def silent_events(self) -> bool:
        for pipe in self._proxy.live(events=True):
            pipe.be_silent()
        return True

    def reply_that_never_comes(self) -> bool:
        for pipe in self._proxy.live(events=False):
            pipe.be_silent()
        return True

    def stalled_30_s(self) -> bool:
        for pipe in self._proxy.live():
            pipe.stall(30.0)
        return True

    def _one(self):
        for pipe in random.sample(self._proxy.live(ours=True), len(self._proxy.live(ours=True))):
            pipe.close()
        return random.choice(self._proxy.live())


SHARES = {
    "inside_a_frame": 50,
    "reset": 40,
    "closed": 40,
    "split_at_every_byte": 20,
    "events_before_the_reply": 15,
    "reply_after_its_timeout": 12,
    "half_open": 8,
    "silent_events": 6,
    "reply_that_never_comes": 6,
    "stalled_30_s": 3,
}
"""Of 200 cuts."""
QUICK = ("inside_a_frame", "reset", "closed", "split_at_every_byte", "events_before_the_reply")


def check(report: Report, lab: Lab, folder: Path, kinds: list[str], rate: float) -> None:
    """One cut after the other."""
    proxy = Proxy(lab.port)
    daemon = Subject(lab, folder, port=proxy.port)
    daemon.start()
    prober = subprocess.Popen(
        [sys.executable, "-m", "chaos.prober", str(proxy.port), lab.password],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    cuts, line = Cuts(proxy), Line(lab)
    time.sleep(4)
    before = daemon.vitals()
    faults: list[str] = []
    back: dict[str, list[float]] = {}
    agreed: list[float] = []
    with Crowd(lab, rate, HOLD) as crowd, Actors(lab, daemon) as actors:
        time.sleep(1)
        for number, kind in enumerate(kinds):
            time.sleep(random.uniform(0.1, 0.8))
            until(lambda: len(proxy.live()) == 2, "both links are there", SIGHT)
            connected, began = daemon.status()["connected_since"], time.monotonic()
            if getattr(cuts, kind)():
                try:
                    until(lambda then=connected: _is_new(daemon, then), "it is back", SIGHT)
                except AssertionError:
                    faults.append(f"cut {number} ({kind}) was not mended in {SIGHT:.0f} s")
            back.setdefault(kind, []).append(time.monotonic() - began)
            proxy.swaps = False
            crowd.pause()
            actors.pause()
            began = time.monotonic()
            try:
                until(lambda: daemon.agrees(line), "the legs agree", AGREE)
            except AssertionError:
                mine, theirs = daemon.legs(), line.channels()
                faults.append(f"cut {number} ({kind}): {len(mine ^ theirs)} legs differ")
            agreed.append(time.monotonic() - began)
            crowd.resume()
            actors.resume()
        asked = actors.asked
    line.api("hupall")
    until(lambda: not daemon.legs(), "nobody is left", 10)
    assert prober.stdin is not None
    told = json.loads(prober.communicate(timeout=20)[0])
    time.sleep(6)
    after, status = daemon.vitals(), daemon.status()
    # One whose first command was lost with the link is asked for again, by a request of its own.
    twice = [
        text for text, count in proxy.commands.items() if count > max(1, asked[text.split()[2]])
    ]
    faults += [f"sent twice: {text}" for text in twice]
    if told["wrong"]:
        faults.append(f"{told['wrong']} answers went to the wrong command")
    if after.greenlets > before.greenlets or told["greenlets"]:
        faults.append(f"greenlets left over: {before.greenlets} before, {after.greenlets} after")
    if after.files > before.files + 2:
        faults.append(f"open files: {before.files} before, {after.files} after")
    if daemon.log.count("Traceback"):
        faults.append("the daemon logged a traceback")
    if crowd.error:
        faults.append(f"the crowd broke off: {crowd.error}")
    report.figure(
        "link",
        faults,
        cuts=len(kinds),
        calls=crowd.dialled,
        rate=rate,
        differing=sum("differ" in fault for fault in faults),
        commands=sum(proxy.commands.values()),
        sent_twice=len(twice),
        replies=sum(proxy.replies.values()),
        replies_twice=sum(count > 1 for count in proxy.replies.values()),
        probed=told["asked"],
        wrong_answers=told["wrong"],
        greenlets=f"{before.greenlets}/{after.greenlets}",
        files=f"{before.files}/{after.files}",
        undecodable=status.get("undecodable", 0),
        agreed_after_s=max(agreed),
        swapped=proxy.swapped,
    )
    for kind, seconds in back.items():
        report.figure(f"link {kind}", count=len(seconds), mended_after_s_at_most=max(seconds))
    codes = dict(Counter(actors.codes).most_common())
    report.figure("link requests", codes=codes, slowest_s=max(actors.seconds, default=0.0))
    proxy.close()
    daemon.close()
    line.close()


def _is_new(daemon: Subject, then: float | None) -> bool:
    try:
        status = daemon.status()
    except OSError:
        return False
    return bool(status["connected"] and status["connected_since"] not in (None, then))


def plan(cuts: int) -> list[str]:
    """So many kinds, in the proportions of ``SHARES``, shuffled."""
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * cuts / 200))]
    random.shuffle(kinds)
    return kinds


def run(
    report: Report,
    make_lab: Callable[[], Lab],
    folder: Path,
    *,
    quick: bool,
    count: int = 0,
    rate: float = RATE,
) -> None:
    """``link``."""
    with make_lab() as lab:
        lab.install_kit(find_kit())
        kinds = list(QUICK) if quick else plan(count or 200)
        check(report, lab, folder, kinds, rate)
