"""History in a site whose database does not answer: this PBX's own, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fluxcc.config import PbxSettings, Settings, SiteSettings, StoreSettings
from fluxcc.core.ports import Batch
from fluxcc.store.sql_store import SqlStore
from fluxcc.web.problems import ProblemError
from fluxcc.web.records import LEFT_ALONE, Records, Told
from tests.contract.records import an_audit


class Time:
    """A monotonic clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def records(tmp_path: Path, clock: Time) -> Iterator[Records]:
    """Beside a store with one row, in a site whose database is nowhere."""
    url = f"sqlite:///{tmp_path / 'fluxcc.db'}"
    store = SqlStore(url, "pbx1")
    store.open()
    store.write(Batch(audit=(an_audit(),)))
    store.close()
    settings = Settings(
        pbx=PbxSettings(node="pbx1"),
        store=StoreSettings(url=url),
        site=SiteSettings(url=f"postgresql+psycopg://nobody@/none?host={tmp_path}"),
    )
    with closing(Records(settings, clock)) as opened:
        yield opened


def rows(records: Records, node: str = "") -> Told[list[Any]]:
    async def asked() -> Told[list[Any]]:
        return await records.past(lambda past: list(past.audit(limit=9)), node)

    return asyncio.run(asked())


def test_it_is_this_pbxs_alone_and_said_so(records: Records) -> None:
    for node in ("", "pbx1"):
        found, is_alone = rows(records, node)
        assert ([row.node for row in found], is_alone) == (["pbx1"], True)


def test_another_pbxs_cannot_be_read(records: Records) -> None:
    with pytest.raises(ProblemError) as raised:
        rows(records, "pbx2")
    assert (raised.value.status, raised.value.code) == (503, "site-unavailable")


def test_a_database_that_did_not_answer_is_left_alone_for_a_while(
    records: Records, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(records, "_run_on_site", asking(records, asked))
    for seconds, times in ((0.0, 1), (LEFT_ALONE - 0.1, 1), (LEFT_ALONE, 2)):
        clock.now = seconds
        assert rows(records).is_alone
        assert len(asked) == times


def asking(records: Records, asked: list[object]) -> Any:
    """What asks the database, counted."""
    real = records._run_on_site

    def ask(query: Any, node: str) -> Any:
        asked.append(query)
        return real(query, node)

    return ask
