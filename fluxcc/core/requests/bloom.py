"""Which texts were seen in the last day or two, in memory that does not grow.

A Bloom filter: what it says was never seen was not; what it says was may not have been, which costs
whoever asks a look into the store. Counterpart: ``replies``, whose requests would each have to wait
for that look otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

BITS = 1 << 23
"""Of each half, 1 MB: with 400,000 texts in it one in 1,000 others is taken for one of them."""
PLACES = 4
"""Bits a text."""


class RotatingBloomFilter:
    """Two halves: the younger is filled, the older is forgotten after ``span`` seconds more."""

    def __init__(self, span: float, now: float) -> None:
        """``now`` is in seconds of any clock that never jumps."""
        self._span = span
        self._young, self._old = bytearray(BITS // 8), bytearray(BITS // 8)
        self._begun = now

    def add(self, texts: Iterable[str], now: float) -> None:
        """These are seen now; they are remembered for ``span`` seconds at the least."""
        if now - self._begun > self._span:
            self._young, self._old = bytearray(BITS // 8), self._young
            self._begun = now
        young = self._young
        for text in texts:
            for place in _places(text):
                young[place >> 3] |= 1 << (place & 7)

    def merge(self, other: RotatingBloomFilter) -> None:
        """What the other's younger half has is seen now."""
        both = int.from_bytes(self._young) | int.from_bytes(other._young)
        self._young = bytearray(both.to_bytes(BITS // 8))

    def may_have(self, text: str) -> bool:
        """Whether this may have been seen; False only where it was not."""
        places = _places(text)
        return any(
            all(half[place >> 3] & 1 << (place & 7) for place in places)
            for half in (self._young, self._old)
        )


def _places(text: str) -> list[int]:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4 * PLACES).digest()
    return [int.from_bytes(digest[at : at + 4]) % BITS for at in range(0, 4 * PLACES, 4)]
