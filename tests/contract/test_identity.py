"""A store knows its node: what is in it does not hang on the host's name."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from fluxcc.core.ports import Batch
from fluxcc.domain.provisioning import Room, Service
from fluxcc.store import identity
from fluxcc.store.engines import create_writer, parse_url
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import read_identity, rename_node, upgrade
from tests.contract.records import a_block, a_call

ROOM = Room("1000")
CALLED = ["unshare", "--map-root-user", "--uts", "sh", "-c", 'hostname "$1"; shift; exec "$@"', "-"]
"""Runs a program on a host of another name: the name and the program follow."""
PROGRAM = """
import json, sys
from fluxcc.core.ports import Batch
from fluxcc.domain.provisioning import Room
from fluxcc.store.sql_store import SqlStore
store = SqlStore(sys.argv[1], "")
store.open()
print(json.dumps([store.node, [room.extension for room in store.entries()]]))
store.write(Batch(entries=(Room("1000"),)))
store.close()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a store of one PBX is to be."""
    return f"sqlite:///{tmp_path}/fluxcc.db"


def store_as(url: str, node: str, batch: Batch) -> None:
    """What a daemon whose configuration names that node writes."""
    with closing(SqlStore(url, node)) as store:
        store.write(batch)


def forget_identity(url: str) -> None:
    """As in a store of a version that kept none."""
    engine = create_writer(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM identity"))
    engine.dispose()


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> str:
    """The host's name by now."""
    monkeypatch.setattr(identity, "host", lambda: "made-anew")
    return "made-anew"


def test_a_store_goes_on_as_its_node_on_a_host_of_another_name(url: str) -> None:
    if not shutil.which("unshare"):
        pytest.skip("unshare (util-linux) is not installed")
    told = []
    for host in ("first", "second"):
        run = subprocess.run(
            [*CALLED, host, sys.executable, "-c", PROGRAM, url],
            capture_output=True,
            text=True,
            check=False,
        )
        if "unshare failed" in run.stderr:
            pytest.skip(f"no host of another name here: {run.stderr.strip()}")
        told.append(json.loads(run.stdout))
    assert told == [["first", []], ["first", ["1000"]]]


def test_whoever_reads_the_history_finds_the_stores_own_node(url: str, renamed: str) -> None:
    store_as(url, "pbx1", Batch(calls=(a_call(),), entries=(ROOM,)))
    with closing(History(url, [""])) as history:
        assert history.entries() == [ROOM]
        assert history.live_calls() == [a_call()]


def test_a_store_of_an_earlier_version_is_that_of_the_only_node_in_it(
    url: str, renamed: str
) -> None:
    store_as(url, "pbx1", Batch(blocks=(a_block(),), entries=(ROOM,)))
    forget_identity(url)
    with closing(History(url, [""])) as history:
        assert history.entries() == [ROOM]
    with closing(SqlStore(url, "")) as store:
        store.open()
        assert (store.node, store.live_blocks()) == ("pbx1", [a_block()])
    assert read_identity(url).kept == "pbx1"


def test_a_store_of_several_nodes_goes_on_as_the_hosts_and_tells_of_the_others(
    url: str, renamed: str, caplog: pytest.LogCaptureFixture
) -> None:
    for node in ("pbx1", "pbx2"):
        store_as(url, node, Batch(entries=(ROOM,)))
    forget_identity(url)
    caplog.clear()
    with closing(SqlStore(url, "")) as store:
        store.open()
        assert (store.node, store.entries()) == (renamed, [])
    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert vars(told)["nodes"] == "pbx1, pbx2"


def test_the_configurations_name_wins_and_the_difference_is_told(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store_as(url, "pbx1", Batch(entries=(ROOM,)))
    assert caplog.records == []
    with closing(SqlStore(url, "pbx2")) as store:
        store.open()
        assert (store.node, store.entries()) == ("pbx2", [])
    (told,) = caplog.records
    assert (vars(told)["store"], vars(told)["node"]) == ("pbx1", "pbx2")


def test_a_new_file_in_the_middle_of_a_life_is_of_the_same_node(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(SqlStore(url, "")) as store:
        store.write(Batch(entries=(ROOM,)))
        own = store.node
        monkeypatch.setattr(identity, "host", lambda: "made-anew")
        (tmp_path / "fluxcc.db").unlink()
        store.write(Batch(entries=(ROOM,)))
        assert store.node == own
    assert read_identity(url).kept == own


def test_a_renamed_node_has_everything_and_what_both_have_stays_as_it_is(migrated_url: str) -> None:
    before, now = Service("invoices", "7001"), Service("invoices", "7002")
    store_as(
        migrated_url,
        "old",
        Batch(calls=(a_call(),), blocks=(a_block(),), entries=(ROOM, before)),
    )
    store_as(migrated_url, "new", Batch(entries=(now,)))
    counts = rename_node(migrated_url, "old", "new")
    assert (counts["calls"], counts["blocks"], counts["entries"]) == (1, 1, 1)
    with closing(SqlStore(migrated_url, "new")) as store:
        assert store.live_calls() == [a_call()]
        assert store.live_blocks() == [a_block()]
        assert store.entries() == [ROOM, now]
    found = read_identity(migrated_url)
    assert found.nodes == ("new",)
    assert found.kept == "new"


def test_the_nodes_are_found_without_reading_every_row(url: str) -> None:
    upgrade(url)
    engine = create_writer(parse_url(url))
    with engine.begin() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT node FROM calls WHERE node > 'a' ORDER BY node LIMIT 1"
        ).scalars("detail")
        assert "SEARCH" in " ".join(plan)
    engine.dispose()
