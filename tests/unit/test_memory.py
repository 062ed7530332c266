"""What was freed is not in memory any more.

It is looked at from another process: one that looks at its own memory copies what it finds.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.scenarios.test_erasing_a_person import pieces

DIGITS = "9876" + "54321"
LITTER = """
import random, sys
from fluxcc import memory
memory.overwrite_what_is_freed()
digits = "".join(reversed("123456789"))
litter = ["+5511" + digits + "x" * random.randrange(450) for _ in range(20_000)]
litter += [(digits + "y" * random.randrange(500, 9_000)).encode() for _ in range(2_000)]
kept = ["k" * random.randrange(1, 400) for _ in range(3_000)]
def wait():
    print(flush=True)
    sys.stdin.readline()
wait()
del litter, digits
for _ in memory.wipe_objects():
    pass
memory.wipe_cached_blocks()
wait()
"""
MANY, FEW = 10_000, 2
"""Places where the digits are before and after."""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_freed_memory_is_overwritten() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LITTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        found = []
        for _ in range(2):
            program.stdout.readline()
            found.append(len(list(pieces(program.pid, DIGITS))))
            program.stdin.write("\n")
            program.stdin.flush()
    before, after = found
    assert before > MANY
    assert after <= FEW
