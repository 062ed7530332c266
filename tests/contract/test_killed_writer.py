"""What ``write`` returned from is on disk, whatever becomes of the process."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import closing

import pytest

from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore

WRITER = """
import itertools, sys
from fluxcc.core.ports import Batch
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import a_block, a_call, an_audit

store = SqlStore(sys.argv[1], "pbx1")
for n in itertools.count(int(sys.argv[2])):
    store.write(Batch(
        calls=tuple(a_call(n, id=n * 100 + i) for i in range(20)),
        blocks=(a_block(str(n)),),
        audit=(an_audit(n),),
    ))
    print(n, flush=True)
"""


@pytest.mark.parametrize("round", range(3))
def test_a_killed_writer_loses_nothing_that_was_acknowledged(migrated_url: str, round: int) -> None:
    first = round * 1_000_000
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, migrated_url, str(first)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline().strip() == str(first)
    time.sleep(random.uniform(0.05, 0.2))
    writer.kill()
    # The last line may have been cut.
    told = [int(line) for line in writer.stdout if line.endswith("\n")]
    writer.stdout.close()
    writer.wait()
    with closing(SqlStore(migrated_url, "pbx1")) as store:
        blocks = {int(block.id) for block in store.live_blocks()}
        calls = {call.id for call in store.live_calls()}
    with closing(History(migrated_url, ["pbx1"])) as history:
        audited = {int(entry.id / 1e6) for entry in history.audit(limit=1_000_000)}
    assert told
    assert blocks >= {first, *told}
    # Each batch is there as a whole.
    assert calls == {n * 100 + i for n in blocks for i in range(20)}
    assert len(audited) == len(blocks)
