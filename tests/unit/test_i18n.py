"""The catalogues say everything, in both languages, and say it of what the program has.

Whatever fails here is mended by ``make catalogues`` and, where a sentence is new, its translation
in ``fluxcc/locale/pt_BR/LC_MESSAGES/fluxcc.po``.
"""

from __future__ import annotations

import gettext
import string
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import fluxcc
from fluxcc import i18n
from fluxcc.domain import codes
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.requests import Reply

PACKAGE = Path(fluxcc.__file__).parent
PACKAGING = PACKAGE.parent / "packaging"
TEMPLATE = PACKAGE / "locale/fluxcc.pot"
TRANSLATIONS = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/fluxcc.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def sentences(catalogue: Catalog) -> dict[str | tuple[str, str], Message]:
    return {message.id: message for message in catalogue if message.id}


def forms(sentence: str | tuple[str, ...]) -> tuple[str, ...]:
    """The sentence of one and of many; of most there is only one."""
    return (sentence,) if isinstance(sentence, str) else sentence


def placeholders(sentence: str) -> set[tuple[str, str | None]]:
    """Names and formats: ``{lag:.3f}`` → ``("lag", ".3f")``."""
    return {(name, shape) for _, name, shape, _ in string.Formatter().parse(sentence) if name}


def test_the_template_has_what_the_package_marks() -> None:
    with (PACKAGING / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PACKAGING)
        found = {found[2] for found in extract_from_dir(PACKAGE, methods, options)}
    assert set(sentences(read(TEMPLATE))) == found


def test_portuguese_is_there() -> None:
    assert [path.parts[-3] for path in TRANSLATIONS] == [i18n.PORTUGUESE]


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.parts[-3])
class TestTranslation:
    def test_has_every_sentence_and_no_other(self, path: Path) -> None:
        translated = {
            name for name, message in sentences(read(path)).items() if all(forms(message.string))
        }
        assert translated == set(sentences(read(TEMPLATE)))

    def test_leaves_nothing_to_a_guess(self, path: Path) -> None:
        assert not [name for name, message in sentences(read(path)).items() if message.fuzzy]

    def test_fills_in_the_same_facts(self, path: Path) -> None:
        wrong = [
            sentence
            for name, message in sentences(read(path)).items()
            for sentence, translation in zip(forms(name), forms(message.string), strict=True)
            if placeholders(sentence) != placeholders(translation)
        ]
        assert not wrong

    def test_is_the_one_that_is_compiled(self, path: Path) -> None:
        with path.with_suffix(".mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)
        for name, message in sentences(read(path)).items():
            if isinstance(name, str):
                assert compiled.gettext(name) == message.string
            else:
                found = tuple(compiled.ngettext(*name, count) for count in (1, 2))
                assert found == message.string


def test_every_code_has_a_sentence_and_a_status() -> None:
    assert codes.SENTENCES.keys() == set(Code)
    assert {code.status for code in Code} == set(Status)


@pytest.mark.parametrize("language", [i18n.ENGLISH, i18n.PORTUGUESE])
@pytest.mark.parametrize("code", list(Code))
def test_every_reply_can_be_told(code: Code, language: str) -> None:
    reply = Reply(request="1", action="prank", code=code, number="+5511988887777", expires=1)
    assert "{" not in i18n.sentence(reply, language)


def test_a_reply_speaks_the_language_asked_for() -> None:
    reply = Reply(request="1", action="hangup", code=Code.ENDED)
    assert i18n.sentence(reply, "en") == "The call was ended."
    assert i18n.sentence(reply, "pt_BR") == "A chamada foi encerrada."


def test_a_reply_tells_that_its_record_is_pending() -> None:
    reply = Reply(request="1", action="hangup", code=Code.ENDED, record_pending=True)
    assert i18n.sentence(reply, "en") == f"The call was ended. {codes.RECORD_PENDING}"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("pt_BR", "pt_BR"),
        ("pt_BR.UTF-8", "pt_BR"),
        ("PT", "pt_BR"),
        ("en_US.UTF-8", "en"),
        ("C.UTF-8", "otherwise"),
        ("", "otherwise"),
    ],
)
def test_a_language_is_picked_by_its_beginning(wanted: str, language: str) -> None:
    assert i18n.pick(wanted, "otherwise") == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LC_ALL": "pt_BR.UTF-8", "LANG": "en_US.UTF-8"}, "pt_BR"),
        ({"LC_ALL": "", "LC_MESSAGES": "pt_PT", "LANG": "en_US.UTF-8"}, "pt_BR"),
        ({"LANG": "pt_BR.UTF-8"}, "pt_BR"),
        ({"LC_ALL": "C.UTF-8", "LANG": "pt_BR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_a_terminal_speaks_as_its_locale_says(environment: dict[str, str], language: str) -> None:
    assert i18n.of_locale(environment) == language


def test_a_time_has_its_date_unless_it_is_today() -> None:
    now = time.time()
    assert i18n.clock_time(now) == time.strftime("%H:%M:%S", time.localtime(now))
    assert i18n.clock_time(now - 2 * 86400) == time.strftime(
        "%Y-%m-%d %H:%M:%S", time.localtime(now - 2 * 86400)
    )


SAO_PAULO, MANAUS = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Manaus")
AT = 1795860000.0
"""2026-11-28, 10:00 in Greenwich; one reads it with its date on any other day."""


def test_a_time_is_told_in_the_readers_zone_which_is_named_where_it_is_not_the_daemons() -> None:
    assert i18n.clock_time(AT, SAO_PAULO, SAO_PAULO).endswith("07:00:00")
    assert i18n.clock_time(AT, MANAUS, SAO_PAULO).endswith("06:00:00 America/Manaus")
    assert i18n.clock_time(AT, ZoneInfo("America/Bahia"), SAO_PAULO).endswith("07:00:00")


def test_a_terminal_in_another_zone_than_the_machine_is_told_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "America/Manaus")
    time.tzset()
    try:
        assert i18n.clock_time(AT, home=SAO_PAULO).endswith("06:00:00 -04")
        assert i18n.clock_time(AT, home=MANAUS).endswith("06:00:00")
        assert i18n.clock_time(AT).endswith("06:00:00")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_reply_tells_its_times_so_too() -> None:
    reply = Reply(request="1", action="prank", code=Code.BLOCKED, number="+1", expires=int(AT))
    assert "06:00:00 America/Manaus" in i18n.sentence(reply, "en", MANAUS, SAO_PAULO)


def test_the_machines_zone_is_what_its_file_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(i18n, "MACHINE_ZONE", tmp_path / "localtime")
    assert i18n.machine_zone() is None
    (tmp_path / "localtime").write_bytes(b"no zone")
    assert i18n.machine_zone() is None
    monkeypatch.setattr(i18n, "MACHINE_ZONE", Path("/usr/share/zoneinfo/America/Manaus"))
    assert i18n.clock_time(AT, i18n.machine_zone(), MANAUS).endswith("06:00:00")
