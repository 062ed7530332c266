"""A UNIX socket's path, short enough for the kernel (108 bytes), at both ends of the door."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Another name for the same path, by way of its folder's descriptor, in a ``with``. Raises
    ``OSError``."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
