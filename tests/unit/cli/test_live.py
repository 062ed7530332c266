"""``fluxcc calls --ended``: what is told of a call, to a person and to a program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from fluxcc import i18n
from fluxcc.cli import main
from fluxcc.core.ports import Batch
from fluxcc.domain.calls import CallRecord
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import NOW, a_call

TALK = {"bridged": NOW + 10.0, "parted": NOW + 50.0, "ended": NOW + 60.0, "outcome": "answered"}


@pytest.fixture
def store(
    bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SqlStore]:
    """A store of this daemon's, without any call yet."""
    monkeypatch.setenv("FLUXCC_STORE_URL", f"sqlite:///{tmp_path}/fluxcc.db")
    monkeypatch.setenv("FLUXCC_PBX_NODE", "pbx1")
    with closing(SqlStore(f"sqlite:///{tmp_path}/fluxcc.db", "pbx1")) as store:
        yield store


def told(*options: str) -> str:
    answer = CliRunner().invoke(main, ["calls", "--ended", *options])
    assert answer.exit_code == 0, answer.stderr
    return answer.stdout


def cells(*calls: CallRecord, store: SqlStore) -> list[list[str]]:
    """The rows in a pipe, once the store has these."""
    store.write(Batch(calls=calls))
    return [line.split("\t") for line in told().splitlines()]


def test_a_row_has_the_agent_the_times_of_the_talk_and_what_happened(store: SqlStore) -> None:
    call = a_call(**TALK, sequel="consulted:1001 handed-over:1001")
    assert cells(call, store=store) == [
        [
            i18n.clock_time(call.started),
            "received",
            "+5511988887777",
            "1000",
            "sales",
            i18n.clock_time(NOW + 10),
            i18n.clock_time(NOW + 50),
            "answered",
            "consulted 1001, handed over to 1001",
            "c" * 36,
        ]
    ]


def test_of_a_call_that_nobody_answered_there_are_no_times(store: SqlStore) -> None:
    ((*_, first, last, outcome, sequel, _leg),) = cells(
        a_call(ended=NOW + 5.0, outcome="unanswered"), store=store
    )
    assert (first, last, outcome, sequel) == ("", "", "unanswered", "")


@pytest.mark.parametrize(
    ("sequel", "words"),
    [
        ("consulted:+551133334444", "consulted +551133334444"),
        ("handed-over:{who}", "handed over to {who}"),
        ("handed-over:a:b", "handed over to a:b"),
        ("something-new:1001", "something-new:1001"),
        ("consulted:\x1b[2J", "consulted \N{REPLACEMENT CHARACTER}[2J"),
    ],
)
def test_what_happened_is_said_whatever_it_was(store: SqlStore, sequel: str, words: str) -> None:
    (row,) = cells(a_call(**TALK, sequel=sequel), store=store)
    assert row[-2] == words


def test_it_is_said_in_the_readers_language(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    call = a_call(**TALK, sequel="consulted:1001 handed-over:1001")
    (row,) = cells(call, store=store)
    assert row[-2] == "consultou 1001, passou para 1001"


def test_on_a_terminal_the_columns_have_headings(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(Batch(calls=(a_call(**TALK),)))
    monkeypatch.setattr("fluxcc.cli.table.sys", _OnTerminal)
    headings = told().splitlines()[0]
    assert headings.split("  ")[0] == "since"
    assert "talked from" in headings
    assert "meanwhile" in headings


class _OnTerminal:
    class stdout:  # noqa: N801  # in place of the module's
        @staticmethod
        def isatty() -> bool:
            return True


def test_a_program_is_told_all_but_what_is_the_daemons_own(store: SqlStore) -> None:
    call = a_call(**TALK, sequel="consulted:1001", state="[]")
    store.write(Batch(calls=(call,)))
    (row,) = json.loads(told("--json"))
    assert row == {
        name: value for name, value in msgspec.to_builtins(call).items() if name != "state"
    }
    assert (row["parted"], row["sequel"]) == (NOW + 50.0, "consulted:1001")
