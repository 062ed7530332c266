"""Empties FusionPBX's cache of its dialplan, so that rows count from the next call on.

Counterpart: FusionPBX's ``cache.lua``. A context's XML is kept under the key ``dialplan:CONTEXT``,
in a file ``dialplan.CONTEXT`` or in memcached; neither reloadxml nor a changed row empties it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

DEFAULT_METHOD = "memcache"
"""What FusionPBX's Lua takes where its configuration names none."""


class CacheError(Exception):
    """The cache could not be emptied; the text says why."""


def method_of(configuration: Mapping[str, str]) -> str:
    """``file`` or ``memcache``."""
    return configuration.get("cache.method") or DEFAULT_METHOD


def empty(configuration: Mapping[str, str], flush_memcache: Callable[[], str]) -> None:
    """Delete what is kept of the dialplan; ``flush_memcache`` returns FreeSWITCH's answer. Raises
    ``CacheError``."""
    if method_of(configuration) == "file":
        _delete_files(configuration.get("cache.location", ""))
        return
    answer = flush_memcache()
    if not answer.startswith("+OK"):
        raise CacheError(answer)


def _delete_files(location: str) -> None:
    if not location:
        raise CacheError("cache.location is not set")
    try:
        for file in Path(location).glob("dialplan.*"):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise CacheError(f"{error.filename}: {error.strerror}") from error
