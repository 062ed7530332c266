"""SIGHUP: what may change counts, what is wrong changes nothing."""

from __future__ import annotations

import logging

import msgspec
import pytest

from fluxcc.config import Settings
from fluxcc.config.reload import MAY_CHANGE, Reloader
from fluxcc.domain.errors import ConfigurationError, Fault


def with_blocks(settings: Settings, **changes: object) -> Settings:
    return msgspec.structs.replace(
        settings, blocks=msgspec.structs.replace(settings.blocks, **changes)
    )


def test_a_new_duration_counts_without_a_restart(caplog: pytest.LogCaptureFixture) -> None:
    applied: list[Settings] = []
    wanted = with_blocks(Settings(), duration=60)
    with caplog.at_level(logging.INFO):
        Reloader(Settings(), lambda: wanted, applied.append).reload()
    assert applied == [wanted]
    assert caplog.messages == ["the configuration was reloaded"]


def test_a_faulty_configuration_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    applied: list[Settings] = []

    def read() -> Settings:
        raise ConfigurationError([Fault("blocks.duration", "must be a duration")])

    Reloader(Settings(), read, applied.append).reload()
    assert applied == []
    assert "the old one stays in force" in caplog.messages[-1]
    assert vars(caplog.records[0])["key"] == "blocks.duration"


def test_a_key_that_needs_a_restart_is_named(caplog: pytest.LogCaptureFixture) -> None:
    old = Settings()
    wanted = msgspec.structs.replace(old, pbx=msgspec.structs.replace(old.pbx, port=8022))
    Reloader(old, lambda: wanted, lambda settings: None).reload()
    assert [vars(record)["key"] for record in caplog.records if "key" in vars(record)] == [
        "pbx.port"
    ]


def test_every_key_that_may_change_exists() -> None:
    known = {"lang", "zone"} | {
        f"{section.name}.{key.name}"
        for section in msgspec.structs.fields(Settings)
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct)
        for key in msgspec.structs.fields(section.type)
    }
    assert known >= MAY_CHANGE
