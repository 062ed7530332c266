"""Agents who mark calls as they come, over connections of their own."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence

from chaos.subject import Subject
from fluxcc.client import Board, BoardError, NoReplyError
from fluxcc.lab.port import Lab, LabError

PATIENCE = 5.5
"""Seconds; contract, section 3: a reply at most 5 s later."""
PAUSE = 0.05
"""Seconds between an answer and the next question."""


class Actors:
    """So many of them, each asking for one action after the other on calls that are talked on."""

    def __init__(
        self,
        lab: Lab,
        daemon: Subject,
        actions: Sequence[str] = ("prank", "hangup"),
        *,
        count: int = 2,
    ) -> None:
        self._lab = lab
        self._daemon = daemon
        self._actions = actions
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._busy = [threading.Lock() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._run, args=(busy,), daemon=True) for busy in self._busy
        ]
        self.codes: Counter[str] = Counter()
        self.seconds: list[float] = []
        """What each answer took."""
        self.asked: Counter[str] = Counter()
        """Leg → how many requests there were for its call."""

    def __enter__(self) -> Actors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._go.set()
        for thread in self._threads:
            thread.join(20)

    def pause(self) -> None:
        """Let nobody ask for anything; returns when nobody waits for an answer."""
        self._go.clear()
        for busy in self._busy:
            with busy:
                pass

    def resume(self) -> None:
        """Go on."""
        self._go.set()

    def _run(self, busy: threading.Lock) -> None:
        while not self._stop.is_set():
            try:
                with Board(self._lab.host, self._lab.port, self._lab.password) as board:
                    while not self._stop.is_set():
                        self._go.wait()
                        with busy:
                            self._ask(board)
                        time.sleep(PAUSE)
            except (OSError, BoardError):
                time.sleep(0.2)

    def _ask(self, board: Board) -> None:
        try:
            calls = [call for call in self._daemon.calls() if call["talking"] and call["agent"]]
        except (OSError, ValueError, KeyError):
            return
        if not calls:
            return
        call, request = random.choice(calls), uuid.uuid4().hex
        action = random.choice(self._actions)
        headers = {
            "Fluxcc-Request-ID": request,
            "Fluxcc-Action": action,
            "Fluxcc-Agent": call["agent"],
            "Fluxcc-Call": call["call"],
            "Fluxcc-Service": "tone" if action == "transfer" else "",
        }
        began = time.monotonic()
        self.asked.update(call["legs"])
        board.send(headers)
        while True:
            try:
                reply = board.wait(request, 0.25)
                break
            except NoReplyError:
                waited = time.monotonic() - began
                if waited > PATIENCE or (waited > 1.0 and not self._go.is_set()):
                    # What is asked for while there is no link is heard by nobody.
                    self.codes["unheard"] += 1
                    return
        self.seconds.append(time.monotonic() - began)
        self.codes[reply.code] += 1
        if reply.code == "conference-joined":
            # Nobody at these telephones would ever leave the room.
            timer = threading.Timer(1.0, self._end, [call["legs"]])
            timer.daemon = True
            timer.start()

    def _end(self, legs: Sequence[str]) -> None:
        for leg in legs:
            with contextlib.suppress(LabError):
                self._lab.api(f"uuid_kill {leg}")
