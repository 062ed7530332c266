"""``fluxcc db``: the store brought up to date, and data erased where no daemon runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result

from fluxcc import bootstrap
from fluxcc.cli import main
from fluxcc.config import load
from fluxcc.core.ports import Batch
from fluxcc.domain.retention import RecordKind
from fluxcc.operators import client
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import is_current, read_identity
from tests.contract.records import NOW, a_block, a_call, an_audit
from tests.unit.doctor.builders import STATUS

THEIRS = "+5511988887777"


@pytest.fixture(autouse=True)
def _own_store(bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLUXCC_STORE_URL", f"sqlite:///{tmp_path}/fluxcc.db")
    monkeypatch.setenv("FLUXCC_PBX_NODE", "pbx1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with closing(SqlStore(f"sqlite:///{tmp_path}/fluxcc.db", "pbx1")) as store:
        store.write(
            Batch(
                calls=(a_call(ended=NOW + 60.0), a_call(9, number="+1", ended=NOW + 70.0)),
                blocks=(a_block(until=2**40),),
                audit=(an_audit(status="ok", code="blocked"),),
            )
        )
        yield store


@pytest.fixture
def history(store: SqlStore, tmp_path: Path) -> Iterator[History]:
    """What people see of it."""
    with closing(History(f"sqlite:///{tmp_path}/fluxcc.db", ["pbx1"])) as history:
        yield history


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["db", *arguments])


# upgrade


def test_a_store_is_made_and_then_up_to_date(tmp_path: Path) -> None:
    made = run("upgrade")
    assert (made.exit_code, made.stdout[:18]) == (0, "A new store was ma")
    assert is_current(f"sqlite:///{tmp_path}/fluxcc.db")
    again = json.loads(run("upgrade", "--json").stdout)
    assert again == {"before": again["after"], "after": again["after"], "set_aside": None}
    assert "up to date" in run("upgrade").stdout


def test_a_corrupt_store_is_set_aside_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "fluxcc.db").write_bytes(b"no database" * 999)
    told = run("upgrade")
    (aside,) = tmp_path.glob("*.corrupt-*")
    assert told.exit_code == 0
    assert str(aside) in told.stdout
    assert "A new store was made" in told.stdout


def test_a_store_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXCC_STORE_URL", "sqlite:////dev/null/fluxcc.db")
    told = run("upgrade")
    assert (told.exit_code, told.stdout) == (77, "")
    assert told.stderr.startswith("store-unavailable: ")


# rename-node


@pytest.mark.usefixtures("store")
def test_the_node_of_a_store_is_renamed_with_everything_it_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run("rename-node", "pbx2")
    assert (told.exit_code, told.stdout.splitlines()) == (
        0,
        [
            "Node pbx1 is called pbx2 now: 2 calls, 1 blocks, 0 entries.",
            "pbx.node still says pbx1: set it to pbx2, or remove it.",
        ],
    )
    with closing(History(f"sqlite:///{tmp_path}/fluxcc.db", ["pbx2"])) as history:
        assert len(history.ended_calls(limit=9)) == 2
    monkeypatch.delenv("FLUXCC_PBX_NODE")
    back = json.loads(run("rename-node", "pbx2", "pbx1", "--json").stdout)
    assert (back["old"], back["new"], back["rows"]["calls"]) == ("pbx2", "pbx1", 2)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("names", [("pbx1",), ("nobody", "pbx2"), ("pbx1", "pbx1")])
def test_a_node_that_the_store_does_not_have_is_not_renamed(names: tuple[str, ...]) -> None:
    told = run("rename-node", *names)
    assert (told.exit_code, told.stderr) == (
        1,
        "unknown-node: Name the node to rename; the store has rows of: pbx1\n",
    )


@pytest.mark.parametrize("names", [(), ("a b",), ("a", "b", "c")])
def test_one_or_two_names_are_needed(names: tuple[str, ...]) -> None:
    assert run("rename-node", *names).exit_code == 2


@pytest.mark.usefixtures("store")
def test_a_node_is_not_renamed_while_its_daemon_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "read", lambda *_question: STATUS)
    told = run("rename-node", "pbx2")
    assert (told.exit_code, told.stderr.split(":")[0]) == (1, "daemon-running")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError("timed out"), 69),
        (ValueError("an answer of another version's"), 69),
        (PermissionError(13, "Permission denied"), 77),
    ],
)
def test_a_node_is_not_renamed_where_its_daemon_may_run(
    monkeypatch: pytest.MonkeyPatch, store: SqlStore, tmp_path: Path, error: Exception, code: int
) -> None:
    """One that is stopped, busy or not to be asked goes on writing under its former name."""

    def fail(*_question: object) -> NoReturn:
        raise error

    monkeypatch.setattr(client, "read", fail)
    assert run("rename-node", "pbx2").exit_code == code
    assert "pbx2" not in read_identity(f"sqlite:///{tmp_path}/fluxcc.db").nodes


@pytest.mark.parametrize("command", [("rename-node", "pbx2"), ("purge", "--number", THEIRS)])
def test_a_daemon_whose_socket_was_deleted_is_seen_by_its_lock(
    store: SqlStore, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (lock,) = bootstrap.locks(load(None, os.environ))
    lock.take()
    told = run(*command)
    assert (told.exit_code, told.stderr.split(":")[0]) == (1, "daemon-running")
    lock.release()
    assert run(*command).exit_code == 0


# purge


def test_a_person_is_erased_without_a_daemon(history: History) -> None:
    told = run("purge", "--number", "(11) 98888-7777")
    assert told.exit_code == 0, told.stderr
    assert told.stdout.splitlines()[:2] == [
        "Erased: 1 calls, 0 surveys, 0 ended blocks.",
        "Rows of the audit without a number now: 1.",
    ]
    assert "stays blocked until" in told.stdout
    assert [call.number for call in history.ended_calls(limit=9)] == ["+1"]
    assert {row.number for row in history.audit(limit=9)} == {""}
    assert history.audit(limit=9)[0].by.startswith("operator:")


def test_what_is_older_is_erased_whole(history: History) -> None:
    told = run("purge", "--before", "2026-11-23", "--json")
    assert json.loads(told.stdout) == {
        "code": "erased",
        "counts": {
            kept: {RecordKind.CALLS: 2, RecordKind.AUDIT: 1}.get(kept, 0) for kept in RecordKind
        },
        "blocked_until": None,
        "reached": ["rows", "file", "set-aside"],
        "left": {"backups": "", "pbx-records": "", "journal": ""},
    }
    assert len(history.blocks(limit=9)) == 1


def test_a_live_block_is_not_ended_behind_freeswitchs_back(history: History) -> None:
    told = run("purge", "--number", THEIRS, "--with-live-block")
    assert told.exit_code == 69
    assert len(history.blocks(limit=9)) == 1
    assert len(history.ended_calls(limit=9)) == 2


@pytest.mark.usefixtures("store")
def test_withheld_is_nobodys_number() -> None:
    told = run("purge", "--number", "anonymous")
    assert (told.exit_code, told.stderr.split(":")[0]) == (1, "number-unusable")


@pytest.mark.parametrize(
    "arguments",
    [(), ("--number", "1", "--before", "1d"), ("--before", "1d", "--with-live-block")],
)
def test_it_must_be_said_what_to_erase(arguments: tuple[str, ...]) -> None:
    assert run("purge", *arguments).exit_code == 2


def test_without_a_store_nothing_is_made_by_looking_for_a_person(tmp_path: Path) -> None:
    told = run("purge", "--number", THEIRS)
    assert told.exit_code == 77
    assert list(tmp_path.glob("fluxcc*")) == []
