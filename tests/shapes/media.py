"""What the telephones say: silence, as a real one sends it, and the keys that are pressed.

One UDP port serves all of them: FreeSWITCH has a port of its own for each leg. What it sends is
not read.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections import deque

_FRAME = 0.02
_SAMPLES = 160
_SILENCE = b"\xff" * _SAMPLES
_KEYS = "0123456789*#"
_PACKETS, _ENDS, _PAUSE = 5, 3, 4


class _Voice:
    def __init__(self, peer: tuple[str, int], source: int) -> None:
        self.peer = peer
        self.source = source.to_bytes(4, "big")
        self.keys: deque[bytes] = deque()
        self.began = 0


class Media:
    """Sends for every line that is up."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._voices: dict[str, _Voice] = {}
        self._count = 0
        self._is_open = True
        self._thread = threading.Thread(target=self._talk, name="media", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Everybody is silent."""
        self._is_open = False
        self._thread.join()
        self._socket.close()

    def start(self, line: str, description: str) -> None:
        """Send to where this SDP says; to nowhere where it names no port."""
        host = re.search(r"^c=IN IP4 (\S+)", description, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", description, re.MULTILINE)
        if not host or not port or port[1] == "0" or host[1] == "0.0.0.0":
            return
        peer = host[1], int(port[1])
        voice = self._voices.get(line)
        if voice:
            voice.peer = peer
        else:
            self._count += 1
            self._voices[line] = _Voice(peer, self._count)

    def stop(self, line: str) -> None:
        """Send no more."""
        self._voices.pop(line, None)

    def press(self, line: str, digits: str) -> None:
        """Send keys in place of silence."""
        voice = self._voices[line]
        for digit in digits:
            event = bytes([_KEYS.index(digit)])
            for number in range(_PACKETS + _ENDS):
                is_end = number >= _PACKETS
                duration = min(number + 1, _PACKETS) * _SAMPLES
                voice.keys.append(
                    event + (b"\x8a" if is_end else b"\x0a") + duration.to_bytes(2, "big")
                )
            voice.keys.extend([b""] * _PAUSE)

    def is_pressing(self, line: str) -> bool:
        """Whether keys are still to be sent."""
        voice = self._voices.get(line)
        return bool(voice and voice.keys)

    def _talk(self) -> None:
        tick, due = 0, time.monotonic()
        while self._is_open:
            tick += 1
            for voice in list(self._voices.values()):
                with contextlib.suppress(OSError):
                    self._socket.sendto(_packet(voice, tick), voice.peer)
            due = max(due + _FRAME, time.monotonic() - 1)
            time.sleep(max(0.001, due - time.monotonic()))


def _packet(voice: _Voice, tick: int) -> bytes:
    sequence = (tick & 0xFFFF).to_bytes(2, "big")
    now = tick * _SAMPLES & 0xFFFFFFFF
    key = voice.keys.popleft() if voice.keys else b""
    if not key:
        voice.began = 0
        return b"\x80\x00" + sequence + now.to_bytes(4, "big") + voice.source + _SILENCE
    is_first = not voice.began
    voice.began = voice.began or now or 1
    kind = bytes([101 | (0x80 if is_first else 0)])
    return b"\x80" + kind + sequence + voice.began.to_bytes(4, "big") + voice.source + key
