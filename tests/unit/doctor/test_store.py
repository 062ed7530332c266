"""The store: its schema, whether it can be written, and the room on its disk."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from fluxcc.config import PbxSettings, Settings, StoreSettings
from fluxcc.core.ports import Batch
from fluxcc.doctor import store
from fluxcc.doctor.finding import State
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.provisioning import Room
from fluxcc.store import identity
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import upgrade

from .builders import codes, installation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the store is to be."""
    return tmp_path / "fluxcc.db"


def with_store(file: Path) -> Installation:
    return installation(settings=Settings(store=StoreSettings(url=f"sqlite:///{file}")))


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch, file: Path) -> Path:
    """A store that can only be read, by root too."""

    def fail(_url: str) -> None:
        raise StoreUnavailableError("read-only")

    file.touch()
    monkeypatch.setattr(store, "is_current", lambda _url: True)
    monkeypatch.setattr(store, "try_writing", fail)
    return file


def test_a_store_of_this_program_is_right(file: Path) -> None:
    upgrade(f"sqlite:///{file}")
    assert codes(store.check_store(with_store(file))) == []


def test_a_store_without_a_schema_is_to_be_upgraded(file: Path) -> None:
    file.touch()
    assert codes(store.check_store(with_store(file))) == ["store-not-migrated"]


def test_a_store_that_is_not_there(file: Path) -> None:
    assert codes(store.check_store(with_store(file / "none"))) == ["store-unavailable"]
    assert not file.exists()


def test_a_store_that_can_only_be_read_is_grave(read_only: Path) -> None:
    assert codes(store.check_store(with_store(read_only))) == ["store-read-only"]


def test_a_file_that_this_user_may_not_write_is_not_judged(
    read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "access", lambda _file, _mode: False)
    assert codes(store.check_store(with_store(read_only))) == ["store-not-ours"]


def used_by(file: Path, *nodes: str) -> None:
    """What daemons of these nodes leave in the store, the first of them at its birth."""
    for node in nodes:
        with closing(SqlStore(f"sqlite:///{file}", node)) as opened:
            opened.write(Batch(entries=(Room("1000"),)))


def named(file: Path, node: str) -> Installation:
    return installation(
        settings=Settings(pbx=PbxSettings(node=node), store=StoreSettings(url=f"sqlite:///{file}"))
    )


def test_a_store_of_this_node_is_right(file: Path) -> None:
    used_by(file, "pbx1")
    assert codes(store.check_node(named(file, "pbx1"))) == []


def test_a_store_of_another_node_is_grave_and_its_remedy_can_be_typed(file: Path) -> None:
    used_by(file, "pbx1")
    (finding,) = store.check_node(named(file, "pbx2"))
    assert (finding.code, finding.state) == ("node-differs", State.GRAVE)
    assert "fluxcc db rename-node pbx1 pbx2" in finding.remedy.format(**finding.facts)


def test_a_host_that_was_renamed_is_told_and_does_no_harm(file: Path) -> None:
    used_by(file, "former")
    (finding,) = store.check_node(named(file, ""))
    assert (finding.code, finding.state) == ("host-renamed", State.WARNING)
    assert finding.facts == {"host": identity.host(), "node": "former"}


def test_what_other_nodes_stored_in_a_file_of_one_pbx_is_warned_of(file: Path) -> None:
    used_by(file, "pbx1", "pbx2", "pbx1")
    (finding,) = store.check_node(named(file, "pbx1"))
    assert (finding.code, finding.facts["nodes"]) == ("rows-of-other-nodes", "pbx2")


def test_a_full_disk_is_warned_of(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    free = SimpleNamespace(f_bavail=1000, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _folder: free)
    (finding,) = store.check_disk(with_store(file))
    assert (finding.code, finding.facts["megabytes"]) == ("disk-nearly-full", 3)
    free.f_bavail = store.LEAST_FREE // free.f_frsize
    assert codes(store.check_disk(with_store(file))) == []


def test_only_a_disk_that_is_there_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "sqlite:////nowhere/fluxcc.db"
    monkeypatch.setattr(os, "statvfs", lambda _folder: pytest.fail("looked at a disk"))
    assert (
        codes(store.check_disk(installation(settings=Settings(store=StoreSettings(url=url))))) == []
    )
