"""The gate's table in mod_hash over the event socket: how it is written and read.

Counterparts: ``switch`` (the links), ``commands`` (texts), ``core.blocks.gate_table`` (what is to
be in it).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.kit import names
from fluxcc.pbx import answers, commands
from fluxcc.pbx.link import Link, yield_to_others

COMMANDS_PER_WRITE = 32
"""Commands sent in one write."""
KEYS_PER_LUA_LINE = 120
"""Keys written by one line of Lua, which takes FreeSWITCH some 5 ms."""
LINES_PER_TURN = 1_000
"""Lines of the table that are read between two turns of others: one or two milliseconds of work."""
DUMP_TIMEOUT = 30.0

EndOf = Callable[[str], int | None]
"""A key's end, in epoch seconds; None where the gate is not to have it."""


class Runner(Protocol):
    """Runs API commands; ``switch`` has it."""

    def __call__(self, commands: Iterable[str], *, check: bool = True) -> list[str]:
        """Their answers, in their order. A command's text is asked for when it is sent."""


def write(run_all: Runner, keys: Iterable[str], end_of: EndOf) -> None:
    """Write each key to the gate with its end, or delete it; each end is asked for in the moment
    in which its command is sent. Raises ``PbxError``."""
    rest, has_lua = iter(keys), True
    while chunk := list(itertools.islice(rest, KEYS_PER_LUA_LINE)):
        if has_lua and len(chunk) > COMMANDS_PER_WRITE:
            [answer] = run_all(_line(chunk, end_of), check=False)
            if answer == f"+OK {len(chunk)}":
                continue
            # No mod_lua, or a key that was not written: single commands show which.
            has_lua = False
        _write_singly(run_all, chunk, end_of)


def _line(keys: list[str], end_of: EndOf) -> Iterator[str]:
    yield commands.write_hashes(names.BLOCK_REALM, ((key, end_of(key)) for key in keys))


def _write_singly(run_all: Runner, keys: list[str], end_of: EndOf) -> None:
    has_end: list[bool] = []

    def texts() -> Iterator[str]:
        for key in keys:
            until = end_of(key)
            has_end.append(until is not None)
            if until is None:
                yield commands.drop_hash(names.BLOCK_REALM, key)
            else:
                yield commands.put_hash(names.BLOCK_REALM, key, str(until))

    told = run_all(texts(), check=False)
    for answer, is_written in zip(told, has_end, strict=True):
        # An unknown key that is deleted answers -ERR, which does no harm.
        if is_written and not answers.is_ok(answer):
            raise PbxRejectedError(answer.strip()[:200])


def read(link: Link) -> dict[str, int]:
    """The gate's keys and their ends; 0 for a value that is no end. With thousands of blocks the
    answer has megabytes, so it is read on a link of its own, and others have turns meanwhile.
    Raises ``PbxError``."""
    dump = link.api(commands.dump_hash(names.BLOCK_REALM), DUMP_TIMEOUT)
    if not answers.is_ok(dump) and not dump.startswith(answers.NO_REPLY):
        raise PbxRejectedError(dump.strip()[:200])
    entries: dict[str, int] = {}
    lines = iter(dump.splitlines())
    del dump
    while some := list(itertools.islice(lines, LINES_PER_TURN)):
        for key, until in answers.read_hash(some, names.BLOCK_REALM):
            entries[key] = int(until) if until.isdecimal() else 0
        yield_to_others()
    return entries
