"""Overwrites what this process has freed: Python and the C library free memory without wiping it,
so that a text to which nothing refers any more can be in a core dump for days.

The C library (glibc) can be told to overwrite each block that is freed, but for the few that it
keeps for each thread. Python's own allocator (pymalloc), from which all small objects are, cannot:
everything that it has free is allocated once, zeroed, and freed again. Where one of the two is
another one, that part is not done.

Counterparts: ``bootstrap`` and ``runtime``.
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
M_PERTURB, PATTERN = -6, 0xA5
"""What ``mallopt`` (glibc) is told: the option, and the byte to overwrite with."""
CACHED_SIZES, CACHED = range(24, 1_041, 16), 16
"""Bytes of the blocks that glibc keeps for each thread, and more of a size than it keeps."""

_SIZE_CLASS = re.compile(rb"^ +\d+ +(\d+) +\d+ +\d+ +(\d+)$", re.MULTILINE)
_UNUSED_POOLS = re.compile(rb"^(\d+) unused pools", re.MULTILINE)


def overwrite_what_is_freed() -> None:
    """From now on the C library overwrites each block when it is freed, and what it hands out. To
    read an event costs 15 µs with it as without."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_PERTURB, PATTERN)


def wipe_cached_blocks() -> None:
    """Overwrite the free blocks that the C library keeps for this thread, the only ones that it
    does not overwrite when they are freed. Takes 1 ms."""
    library = ctypes.CDLL(None)
    allocate, release = library.malloc, library.free
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    release.restype, release.argtypes = None, [ctypes.c_void_p]
    for size in CACHED_SIZES:
        blocks = [allocate(size) for _ in range(CACHED)]
        for block in blocks:
            ctypes.memset(block, 0, size)
            release(block)


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
