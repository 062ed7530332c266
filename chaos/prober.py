"""``python -m chaos.prober PORT PASSWORD``: whether each command gets its own answer.

It uses the daemon's own ``Link`` with impatient greenlets that ask for their own words back, makes
a new link whenever one is lost, and at the end of its input says what it saw.
"""

from __future__ import annotations

import gc
import json
import random
import sys

import gevent
from gevent.fileobject import FileObject

from fluxcc.domain.errors import PbxError
from fluxcc.pbx.link import Link

GREENLETS = 6


class Prober:
    """Asks, and counts."""

    def __init__(self, port: int, password: str) -> None:
        self._port, self._password = port, password
        self._link: Link | None = None
        self.asked = self.wrong = self.unanswered = self.links = 0

    def connect(self) -> None:
        """Keep a link for the others to use."""
        while True:
            if self._link is None or not self._link.connected:
                link = Link("127.0.0.1", self._port, self._password)
                try:
                    link.connect()
                    self._link = link
                    self.links += 1
                except PbxError:
                    gevent.sleep(0.2)
            gevent.sleep(0.02)

    def ask(self, name: int) -> None:
        """One greenlet's questions."""
        number = 0
        while True:
            number += 1
            words = f"{name}-{number}"
            if self._link is None or not self._link.connected:
                gevent.sleep(0.02)
                continue
            self.asked += 1
            try:
                answer = self._link.api(f"eval {words}", timeout=random.choice([0.02, 0.2, 2.0]))
                self.wrong += answer != words
            except PbxError:
                self.unanswered += 1
            gevent.sleep(0.01)


def main() -> None:
    """Until the input ends."""
    prober = Prober(int(sys.argv[1]), sys.argv[2])
    loops = [gevent.spawn(prober.connect)]
    loops += [gevent.spawn(prober.ask, name) for name in range(GREENLETS)]
    FileObject(sys.stdin.buffer, "rb").read()
    gevent.killall(loops)
    if prober._link is not None:
        prober._link.stop()
    gevent.sleep(0.1)
    left = [one for one in gc.get_objects() if isinstance(one, gevent.Greenlet) and not one.dead]
    facts = {"asked": prober.asked, "wrong": prober.wrong, "unanswered": prober.unanswered}
    print(json.dumps({**facts, "links": prober.links, "greenlets": len(left)}))


if __name__ == "__main__":
    main()
