"""Overwrites what this process has freed: Python and the C library free memory without wiping it,
so that a text to which nothing refers any more can be in a core dump for days.

All that is free is allocated once, zeroed, and freed again: objects of each size that Python's own
allocator has room for (pymalloc), then blocks of the C library's, in each thread, as each has an
arena of its own. Nothing of this costs anything before it is asked for. Where Python or the C
library is another one (no pymalloc, no glibc), that part is not done.

Counterpart: ``runtime`` lets it run between other greenlets.
"""

from __future__ import annotations

import ctypes
import re
from array import array
from collections.abc import Iterator

POOL = 16_384
"""Bytes of a pool of pymalloc, in which all objects have one size."""
POOL_HEADER, SMALLEST = 48, 16
"""Bytes of a pool's header, and of the smallest objects, the only ones that fill the rest."""
AT_ONCE = 2_000
"""Objects between two turns of the other greenlets: 1 ms."""
ROUNDS = 3
"""What others free and allocate meanwhile opens new gaps."""
BLOCKS_AT_ONCE = 32
"""The C library's blocks between two turns."""
BLOCK_SIZES = (65_536, 16_384, 4_096, *range(1_040, 8, -16))
"""Bytes of the C library's blocks that are looked for, the largest first. Larger ones than the
first are taken as several of it, or were given back to the system; of the small ones glibc keeps
some for each thread, which are of exactly that size."""
MOST_BLOCKS = 100_000
"""Of a size."""

_SIZE_CLASS = re.compile(rb"^ +\d+ +(\d+) +\d+ +\d+ +(\d+)$", re.MULTILINE)
_UNUSED_POOLS = re.compile(rb"^(\d+) unused pools", re.MULTILINE)


def wipe_objects() -> Iterator[None]:
    """Overwrite the free objects of Python's allocator; yields whenever others may have a turn."""
    python = ctypes.pythonapi
    allocate, release = python.PyObject_Calloc, python.PyObject_Free
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t, ctypes.c_size_t]
    release.restype, release.argtypes = None, [ctypes.c_void_p]
    # Not a list, whose integers would be objects themselves.
    kept = array("Q")
    try:
        for _ in range(ROUNDS):
            for size, count in _free_objects():
                for number in range(count):
                    kept.append(allocate(1, size))
                    if number % AT_ONCE == 0:
                        yield
    finally:
        for number in range(len(kept)):
            release(kept[number])
            if number % AT_ONCE == 0:
                yield


def wipe_blocks() -> Iterator[None]:
    """Overwrite the free blocks of the C library that this thread would get next; yields whenever
    others may have a turn."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return
    allocate, release, tell = library.malloc, library.free, library.mallinfo2
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    release.restype, release.argtypes = None, [ctypes.c_void_p]
    tell.restype, tell.argtypes = _Mallinfo, []
    # Whole free pages go back to the system, which gives them out zeroed.
    library.malloc_trim(0)
    kept = array("Q")
    try:
        for size in BLOCK_SIZES:
            before = tell().arena
            for number in range(1, MOST_BLOCKS):
                kept.append(allocate(size))
                ctypes.memset(kept[-1], 0, size)
                if number % BLOCKS_AT_ONCE == 0:
                    yield
                    if tell().arena > before:
                        break
    finally:
        for number in range(len(kept)):
            release(kept[number])
            if number % AT_ONCE == 0:
                yield
        library.malloc_trim(0)


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc."""

    _fields_ = [("arena", ctypes.c_size_t), ("others", ctypes.c_size_t * 9)]
    """What it has from the system, and nine other figures."""


def _free_objects() -> list[tuple[int, int]]:
    """Sizes of objects, and for how many of each pymalloc has room."""
    statistics = _statistics()
    free = [(int(size), int(count)) for size, count in _SIZE_CLASS.findall(statistics)]
    # Pools without any object last: until then there is room for what is allocated meanwhile.
    pools = sum(map(int, _UNUSED_POOLS.findall(statistics)))
    return [*free, (SMALLEST, pools * ((POOL - POOL_HEADER) // SMALLEST))]


def _statistics() -> bytes:
    """What pymalloc writes of itself; empty where it does not."""
    library = ctypes.CDLL(None)
    write = getattr(ctypes.pythonapi, "_PyObject_DebugMallocStats", None)
    if write is None or not hasattr(library, "open_memstream"):
        return b""
    library.open_memstream.restype = ctypes.c_void_p
    library.fclose.argtypes = write.argtypes = [ctypes.c_void_p]
    text, length = ctypes.c_void_p(), ctypes.c_size_t()
    stream = library.open_memstream(ctypes.byref(text), ctypes.byref(length))
    write(stream)
    library.fclose(stream)
    found = ctypes.string_at(text, length.value)
    library.free.argtypes = [ctypes.c_void_p]
    library.free(text)
    return found
