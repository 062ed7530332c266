"""The whole daemon, watched from the inside: ``python -m bench.subject``.

It is wired by ``bootstrap`` and run like ``fluxcc run``, configured by the same environment. It
takes orders on its standard input: ``until N`` ends it once N events are handled and written down,
``memory`` tells what it has, ``reconnect`` loses the link. The end of the input ends it too. What
it has seen it prints as one JSON document at the end.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.fileobject import FileObjectThread

from bench.marking import Timing
from bench.replay import say
from fluxcc import bootstrap, logs
from fluxcc.config import load
from fluxcc.daemon.process import Daemon

TICK = 0.001
SAMPLE = 0.02


class Watch:
    """What is seen of the loop while it runs."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.samples: list[tuple[float, int, float]] = []
        """Time, events handled, seconds of CPU."""
        self.stalls: list[tuple[float, float, float]] = []
        """Time and length of the loop's latenesses, and how much of each this process computed: on
        a machine that has other things to do the rest is theirs."""
        self.collections: list[tuple[float, float, int]] = []
        """Time, length and generation of the garbage collector's runs."""

    def sample(self) -> None:
        """Note now and then how far it has come."""
        while True:
            self.samples.append(
                (time.time(), self._daemon.session.intake.handled, time.process_time())
            )
            gevent.sleep(SAMPLE)

    def tick(self) -> None:
        """Sleep a millisecond over and over; whatever it takes longer, the loop was held up."""
        while True:
            began, computed = time.perf_counter(), time.process_time()
            gevent.sleep(TICK)
            late = time.perf_counter() - began - TICK
            if late > TICK:
                self.stalls.append((time.time(), late, time.process_time() - computed))

    def count_collections(self) -> None:
        """From now on."""
        began = 0.0

        def note(phase: str, facts: dict[str, int]) -> None:
            nonlocal began
            if phase == "start":
                began = time.perf_counter()
            else:
                length = time.perf_counter() - began
                self.collections.append((time.time(), length, facts["generation"]))

        gc.callbacks.append(note)


class Links:
    """How long a connect takes, from the moment both links are there, and what goes over them."""

    def __init__(self, daemon: Daemon, *, is_timing: bool) -> None:
        self._daemon = daemon
        self._is_timing = is_timing
        self.timing = Timing()
        self._began = 0.0
        self._connect = daemon.session.switch.connect
        daemon.session.switch.connect = self.connect  # type: ignore[method-assign]

    def connect(self, on_event: Callable[[bytes], None]) -> None:
        """In place of the switch's."""

        def note(body: bytes) -> None:
            self.timing.event(body)
            on_event(body)

        self._connect(note if self._is_timing else on_event)
        if self._is_timing:
            self.timing.watch(self._daemon.session.switch._commands)
        self._began = time.time()

    def wait(self, connects: int) -> None:
        """Until there were so many; tell of the last."""
        while self._daemon.session.connects < connects:
            gevent.sleep(0.001)
        say(began=self._began, resynced=time.time() - self._began)


def resident() -> int:
    """Bytes of memory that the process has now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def main() -> None:
    """Run it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--watch", action="store_true", help="look for stalls of the loop")
    options.add_argument("--time-requests", action="store_true", help="until their kill is written")
    wanted = options.parse_args()
    logs.set_up("WARNING", "text")
    logging.captureWarnings(True)
    settings = load(None, os.environ)
    daemon = bootstrap.daemon(settings, lambda: settings)
    watch = Watch(daemon)
    gevent.spawn(watch.sample)
    if wanted.watch:
        watch.count_collections()
        gevent.spawn(watch.tick)
    facts: dict[str, Any] = {}
    links = Links(daemon, is_timing=wanted.time_requests)

    def end(events: int) -> None:
        while daemon.session.intake.handled + daemon.session.dropped < events:
            gevent.sleep(SAMPLE)
        facts["handled"] = time.time()
        while daemon.core.journal.pending:
            gevent.sleep(SAMPLE)
        facts["written"] = time.time()
        facts["cpu"] = time.process_time()
        daemon.stop()

    def listen() -> None:
        for line in FileObjectThread(sys.stdin.buffer, "rb"):
            match line.decode().split():
                case ["memory"]:
                    say(memory=resident(), events=daemon.session.intake.handled)
                case ["until", events]:
                    gevent.spawn(end, int(events))
                case ["connects", number]:
                    links.wait(int(number))
                case ["reconnect"]:
                    say(lost=True)
                    daemon.session.switch.disconnect()
        daemon.stop()

    gevent.spawn(listen)
    daemon.run()
    say(
        **facts,
        events=daemon.session.intake.handled,
        dropped=daemon.session.dropped,
        samples=watch.samples,
        stalls=watch.stalls,
        collections=watch.collections,
        latencies=links.timing.latencies(),
    )
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
