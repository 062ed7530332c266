"""A setting stands in one place: what people read is made of it, and what may change does."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fluxcc
from fluxcc import bootstrap, logs
from fluxcc.config import Settings, StoreSettings
from fluxcc.config.settings import DECLARED, MAY_CHANGE
from fluxcc.config.values import Duration
from fluxcc.daemon.process import Daemon
from fluxcc.domain.retention import RecordKind

ROOT = Path(fluxcc.__file__).parents[1]
sys.path.insert(0, str(ROOT / "packaging"))
import settings_documents  # noqa: E402  # it is no part of the package

Effect = Callable[[Daemon], Any]


def is_withheld_there(daemon: Daemon) -> bool:
    return not daemon.core.numbers.read("+551133334444").is_usable


EFFECTS: dict[str, tuple[Any, Effect, Any]] = {
    "lang": ("en", lambda d: d.session.intake.board.language, "en"),
    "zone": ("America/Manaus", lambda d: d.session.intake.board.zone, "America/Manaus"),
    "blocks.duration": (Duration(60), lambda d: d.core.rules.block_duration, 60),
    "blocks.internal": (("9",), lambda d: d.core.numbers.is_internal("9"), True),
    "blocks.reject_cause": ("USER_BUSY", lambda d: d.core.attempts.cause, "USER_BUSY"),
    "blocks.scope": ("pbx", lambda d: d.core.rules.block_scope, "pbx"),
    "blocks.never": (("+551133334444",), lambda d: d.core.is_protected("+551133334444"), True),
    "blocks.escalation": (("1h", "2h"), lambda d: d.core.rules.escalation, (3600, 7200)),
    "blocks.memory": (Duration(60), lambda d: d.core.repeaters.memory, 60),
    "blocks.divert": ("7009", lambda d: d.core.attempts.divert, "7009"),
    "numbers.withheld": ((r"1133334444",), is_withheld_there, True),
    "numbers.country": ("PT", lambda d: d.core.numbers.country, "PT"),
    "numbers.area_code": ("55", lambda d: d.core.numbers.area_code, "55"),
    "numbers.area_codes": (
        {"public": "21"},
        lambda d: d.core.numbers.read("988887777", d.core.numbers.homes("", "public")).canonical,
        "+5521988887777",
    ),
    "conference.context": ("rooms", lambda d: d.core.rules.room_context, "rooms"),
    "survey.destination": ("*29", lambda d: d.core.rules.survey_destination, "*29"),
    "survey.context": ("surveys", lambda d: d.core.rules.survey_context, "surveys"),
    "retention.calls": (Duration(5), lambda d: d.core.retention.ages[RecordKind.CALLS], 5),
    "retention.audit": (Duration(90000), lambda d: d.core.retention.ages[RecordKind.AUDIT], 90000),
    "log.format": (
        "json",
        lambda d: type(logging.getLogger().handlers[0].formatter),
        logs.JsonLines,
    ),
    "log.level": ("ERROR", lambda d: logging.getLogger().level, logging.ERROR),
}
"""Key → another value, where its effect shows, and what shows there then."""


@pytest.fixture
def kept_log() -> Any:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    root.handlers = before[1]


def changed(settings: Settings, path: str, value: Any) -> Settings:
    section, _, name = path.rpartition(".")
    if not section:
        return msgspec.structs.replace(settings, **{name: value})
    inner = msgspec.structs.replace(getattr(settings, section), **{name: value})
    return msgspec.structs.replace(settings, **{section: inner})


@pytest.mark.usefixtures("kept_log")
@pytest.mark.parametrize("path", sorted(MAY_CHANGE))
def test_what_may_change_at_run_time_has_its_effect(path: str, tmp_path: Path) -> None:
    value, effect, expected = EFFECTS[path]
    before = Settings(store=StoreSettings(f"sqlite:///{tmp_path}/fluxcc.db"))
    daemon = bootstrap.daemon(before, lambda: changed(before, path, value))
    assert effect(daemon) != expected
    daemon.reload()
    assert effect(daemon) == expected


def test_every_setting_that_may_change_has_an_effect_to_look_for() -> None:
    assert EFFECTS.keys() == MAY_CHANGE


def test_every_setting_says_what_it_means() -> None:
    assert all(each.key.meaning for each in DECLARED)


def test_the_document_is_made_of_the_settings() -> None:
    """Otherwise: make settings."""
    document = settings_documents.DOCUMENT.read_text(encoding="utf-8")
    assert document == settings_documents.document(document)
    assert document.count("| key |") == len({each.section for each in DECLARED})


def test_the_packaged_file_is_made_of_the_settings() -> None:
    """Otherwise: make settings."""
    assert settings_documents.PACKAGED.read_text(encoding="utf-8") == settings_documents.packaged()


def test_a_comment_of_the_packaged_file_breaks_no_command_in_two() -> None:
    command = "`systemctl edit fluxcc`"
    for filler in range(60, 100):
        lines = settings_documents.comment(f"{'x' * filler} {command} and more")
        assert sum(command in line for line in lines) == 1
        assert all(line.startswith("# ") and len(line) <= 100 for line in lines)


def test_what_is_named_like_a_secret_is_declared_as_one() -> None:
    """Otherwise ``fluxcc config show`` would show it."""
    words = re.compile(r"password|secret|token")
    named = {each.path for each in DECLARED if words.search(each.name)}
    files = {path for path in named if path.endswith("_file")}
    assert named - files == {each.path for each in DECLARED if each.key.is_secret}


@pytest.mark.parametrize("section", sorted({each.section for each in DECLARED if each.section}))
def test_a_section_of_the_document_is_about_its_own_keys(section: str) -> None:
    text = settings_documents.DOCUMENT.read_text(encoding="utf-8")
    part = text.split(f"`[{section}]`\n", 1)[1].split("\n## ", 1)[0]
    assert all(f"| `{each.name}` |" in part for each in DECLARED if each.section == section)
