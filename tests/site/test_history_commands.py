"""The commands that read history show the whole site, with a column for the node."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fluxcc.cli import main
from fluxcc.core.ports import Batch
from fluxcc.domain.changes import Stamp, change_of, stamped
from fluxcc.site.postgresql import PostgresqlSite
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit
from tests.site.test_history import expired
from tests.testing.postgresql import stopped_server

CALL = a_call(ended=NOW + 60.0, outcome="answered")
HISTORY = Batch(calls=(CALL,), audit=(an_audit(),), surveys=(a_survey(),))
COMMANDS = (["calls", "--ended"], ["audit"], ["survey", "report"], ["blocks", "--all"])


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The node pbx1, without a site and without a daemon, with a history of its own."""
    for name in list(os.environ):
        if name.startswith("FLUXCC_"):
            monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    settings = {
        "FLUXCC_CONFIG": os.devnull,
        "FLUXCC_CONTROL_SOCKET": str(tmp_path / "control.sock"),
        "FLUXCC_STORE_URL": url,
        "FLUXCC_PBX_NODE": "pbx1",
        "FLUXCC_NUMBERS_AREA_CODE": "11",
        "LC_ALL": "C.UTF-8",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with closing(SqlStore(url, "pbx1")) as store:
        store.write(HISTORY)
        store.write(Batch(blocks=(expired("b1"),)))


@pytest.fixture
def member(
    alone: None, site: PostgresqlSite, site_url: str, monkeypatch: pytest.MonkeyPatch
) -> PostgresqlSite:
    """The same in a site, in which there is a node pbx2 too."""
    monkeypatch.setenv("FLUXCC_SITE_URL", site_url)
    for node in ("pbx1", "pbx2"):
        site.record(node, HISTORY)
        site.record(node, Batch(blocks=(expired(f"b-{node}", origin=node),)))
    return site


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def last_cells(*arguments: str) -> list[str]:
    """The last cell of each row."""
    answer = run(*arguments)
    assert answer.exit_code == 0, answer.stderr
    return sorted(line.split("\t")[-1] for line in answer.stdout.splitlines())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_rows_of_every_node_are_shown_with_it(
    member: PostgresqlSite, command: list[str]
) -> None:
    found = [cell for cell in last_cells(*command) if cell.startswith("pbx")]
    # Beside the requests there is what ran out.
    assert set(found) == {"pbx1", "pbx2"}
    rows = json.loads(run(*command, "--json").stdout)
    assert {row["node"] for row in rows} == {"pbx1", "pbx2"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_one_node_is_asked_for(member: PostgresqlSite, command: list[str]) -> None:
    rows = json.loads(run(*command, "--node", "pbx2", "--json").stdout)
    assert {row["node"] for row in rows} == {"pbx2"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_site_there_is_no_column_and_no_other_node(
    alone: None, command: list[str]
) -> None:
    rows = json.loads(run(*command, "--json").stdout)
    assert len(rows) == 1
    assert "node" not in rows[0]
    answer = run(*command, "--node", "pbx2")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("no-site: ")


def test_a_report_is_of_each_node_also_as_csv(member: PostgresqlSite) -> None:
    lines = run("survey", "report", "--csv").stdout.splitlines()
    assert lines[0].endswith(",domain,node")
    assert sorted(line.rpartition(",")[2] for line in lines[1:]) == ["pbx1", "pbx2"]


def test_this_nodes_own_rows_are_shown_before_the_site_has_them(
    alone: None, site: PostgresqlSite, site_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUXCC_SITE_URL", site_url)
    site.record("pbx2", HISTORY)
    for command in (["calls", "--ended"], ["audit"]):
        rows = json.loads(run(*command, "--json").stdout)
        assert [row["node"] for row in rows] == ["pbx1", "pbx2"]


def test_a_number_is_found_in_any_spelling_on_every_node(member: PostgresqlSite) -> None:
    rows = json.loads(run("calls", "--ended", "--number", "+5511988887777", "--json").stdout)
    assert len(rows) == 2


def test_a_live_block_is_shown_with_the_node_that_marked_it(
    member: PostgresqlSite, site: PostgresqlSite
) -> None:
    block = stamped(a_block("live"), Stamp(NOW * 1_000_000, "pbx2"))
    site.offer([change_of(block)])
    found: list[dict[str, Any]] = json.loads(run("blocks", "--all", "--json").stdout)
    assert ("live", "pbx2") in {(each["id"], each["node"]) for each in found}


def test_where_the_site_does_not_answer_this_nodes_own_rows_are_shown_and_said_to_be(
    alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("FLUXCC_SITE_URL", "postgresql+psycopg://fluxcc@127.0.0.1:1/fluxcc")
    answer = run("audit", "--json")
    assert len(json.loads(answer.stdout)) == 1
    assert "The site cannot be read (" in answer.stderr
    other = run("audit", "--node", "pbx2")
    assert other.exit_code == 69
    assert other.stderr.startswith("site-unavailable: ")


def test_an_operator_does_not_wait_for_ever(member: PostgresqlSite, postgresql_server: str) -> None:
    with stopped_server(postgresql_server):
        answer = run("audit", "--json")
    assert "The site cannot be read (" in answer.stderr
    assert len(json.loads(answer.stdout)) == 1
