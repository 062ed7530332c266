"""A diagnosis reaches a FreeSWITCH and a store that are there, and copes where they are not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.config import PbxSettings, Settings, StoreSettings
from fluxcc.core.ports import Batch
from fluxcc.doctor.diagnosis import diagnose
from fluxcc.doctor.finding import State
from fluxcc.domain.provisioning import Service
from fluxcc.kit import find_kit
from fluxcc.kit.installation import Places, install, plan
from fluxcc.lab.simulator.assembly import build
from fluxcc.lab.simulator.server import EventSocket
from fluxcc.store.sql_store import SqlStore
from tests.testing.freeswitch import CONFIGURATION, PASSWORD

from .builders import STATUS


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The event socket of a simulated FreeSWITCH into which the kit was installed."""
    folder = tmp_path / "conf"
    shutil.copytree(CONFIGURATION, folder)
    (tmp_path / "storage").mkdir()
    places = Places(folder, tmp_path / "scripts", tmp_path / "sounds")
    install(plan(find_kit(), places), folder, with_changed=False)
    server = EventSocket(build(folder), 0, PASSWORD)
    server.start()
    yield server.port
    server.stop()


def settings(port: int, store: Path, password: str = PASSWORD) -> Settings:
    return Settings(
        pbx=PbxSettings(port=port, password=password),
        store=StoreSettings(url=f"sqlite:///{store}"),
    )


def faults(settings: Settings, *, places_call: bool = False) -> dict[str, State]:
    """Code → how bad, of everything that is not as it should be."""
    results = diagnose(settings, lambda: STATUS, places_call=places_call)
    return {finding.code: finding.state for _, finding in results if finding.state is not State.OK}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store in which a supervisor has set a service."""
    file = tmp_path / "fluxcc.db"
    opened = SqlStore(f"sqlite:///{file}", Settings().pbx.node)
    opened.open()
    opened.write(Batch(entries=(Service("invoices", "7999"),)))
    opened.close()
    return file


def test_what_the_store_says_is_looked_for_in_freeswitch(port: int, store: Path) -> None:
    assert faults(settings(port, store)) == {"service-without-dialplan": State.GRAVE}


def test_the_gate_is_tried_by_a_call_where_that_was_asked_for(port: int, store: Path) -> None:
    found = faults(settings(port, store), places_call=True)
    assert found == {"service-without-dialplan": State.GRAVE}


def test_a_store_that_is_not_there_is_done_without(port: int, tmp_path: Path) -> None:
    assert faults(settings(port, tmp_path / "none.db")) == {
        "store-unavailable": State.GRAVE,
        "node-unread": State.SKIPPED,
    }


def test_a_freeswitch_that_refuses_is_done_without(port: int, store: Path) -> None:
    assert faults(settings(port, store, password="wrong")) == {
        "password-refused": State.GRAVE,
        "pbx-silent": State.SKIPPED,
    }
