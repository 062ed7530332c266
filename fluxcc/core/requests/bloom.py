"""Which request IDs were seen in the last day or two, in memory that does not grow.

A Bloom filter: a text that was added is always found; a text that was not is found now and then,
which costs a query of the store. Counterpart: ``replies``, which would have to query the store for
every request otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

BITS = 1 << 23
"""Bits of each half (1 MB): with 400,000 texts in it, one in 1,000 other texts is found wrongly."""
PLACES = 4
"""Bits set for each text."""


class RotatingBloomFilter:
    """Two halves: texts are added to the younger one; after ``span`` seconds it becomes the older
    one, and after ``span`` seconds more it is dropped."""

    def __init__(self, span: float, now: float) -> None:
        """``now`` is in seconds of any clock that never jumps."""
        self._span = span
        self._young, self._old = bytearray(BITS // 8), bytearray(BITS // 8)
        self._begun = now

    def add(self, texts: Iterable[str], now: float) -> None:
        """Add texts; they are found for at least ``span`` seconds from ``now`` on."""
        if now - self._begun > self._span:
            self._young, self._old = bytearray(BITS // 8), self._young
            self._begun = now
        young = self._young
        for text in texts:
            for place in _places(text):
                young[place >> 3] |= 1 << (place & 7)

    def merge(self, other: RotatingBloomFilter) -> None:
        """Add every text of the other's younger half."""
        both = int.from_bytes(self._young) | int.from_bytes(other._young)
        self._young = bytearray(both.to_bytes(BITS // 8))

    def may_have(self, text: str) -> bool:
        """Whether this text may have been added; False only where it was not."""
        places = _places(text)
        return any(
            all(half[place >> 3] & 1 << (place & 7) for place in places)
            for half in (self._young, self._old)
        )


def _places(text: str) -> list[int]:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4 * PLACES).digest()
    return [int.from_bytes(digest[at : at + 4]) % BITS for at in range(0, 4 * PLACES, 4)]
