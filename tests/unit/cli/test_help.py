"""``--help`` is in the reader's language, all of it, and as quick as ever."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from fluxcc import i18n
from fluxcc.cli import COMMANDS, main
from fluxcc.cli.help import CLICKS_COUNTED, CLICKS_OWN, sentences

PORTUGUESE = {"LC_ALL": "pt_BR.UTF-8"}
ENGLISH = {"LC_ALL": "C.UTF-8"}
HEAVY = {"alembic", "gevent", "greenswitch", "phonenumbers", "sqlalchemy"}


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from walk(child, (*path, name))


AS_WRITTEN: dict[str, click.Command] = {
    "": main,
    **{
        path: command
        for name, entry in COMMANDS.items()
        for path, command in walk(getattr(import_module(entry.module), f"{name}_command"), (name,))
    },
}


def texts(command: click.Command) -> list[str]:
    """Every sentence that its help has, in English."""
    options = [p.help for p in command.params if isinstance(p, click.Option) and p.help]
    return [*sentences(command.help or ""), *options]


def shown(path: str, environment: dict[str, str]) -> str:
    done = CliRunner().invoke(
        main,
        [*path.split(), "--help"],
        env=environment,
        terminal_width=10_000,
        max_content_width=10_000,
    )
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("path", AS_WRITTEN)
class TestHelp:
    def test_is_portuguese_to_the_last_sentence(self, path: str) -> None:
        output = shown(path, PORTUGUESE)
        translate = i18n.catalogue(i18n.PORTUGUESE).gettext
        english = [*texts(AS_WRITTEN[path]), "Usage:", "[OPTIONS]", "Options:", "Commands:"]
        assert not [text for text in english if text in output]
        assert not [t for t in texts(AS_WRITTEN[path]) if translate(t) not in output]
        assert output.startswith("Uso: ")

    def test_stays_english_elsewhere(self, path: str) -> None:
        shown(path, PORTUGUESE)
        output = shown(path, ENGLISH)
        assert not [text for text in texts(AS_WRITTEN[path]) if text not in output]
        assert output.startswith("Usage: ")
        assert "Show this message and exit." in output

    def test_has_its_examples_in_both(self, path: str) -> None:
        examples = inspect.cleandoc(AS_WRITTEN[path].help or "").partition("\b\n")[2]
        for environment in (PORTUGUESE, ENGLISH):
            output = shown(path, environment)
            assert not [line for line in examples.splitlines() if f"\n  {line}\n" not in output]


def test_the_list_of_commands_is_portuguese() -> None:
    output = shown("", PORTUGUESE)
    assert not [name for name, entry in COMMANDS.items() if entry.summary in output]
    assert "\nComandos:\n" in output


def test_groups_list_their_commands_in_portuguese() -> None:
    output = shown("db", PORTUGUESE)
    assert "Apaga de vez o que se guarda" in output
    assert "Erase" not in output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("prnk", "Erro: Não existe o comando 'prnk'. Você quis dizer prank?"),
        ("block", "Erro: Falta o argumento 'NUMBER'."),
        ("block 1 --for soon", "'soon' deve ser uma duração como 90s, 30m, 2h ou 1d"),
        ("status a b", "Erro: Argumentos a mais: a b"),
        ("", "Uso: fluxcc [OPÇÕES] COMANDO [ARGUMENTOS]..."),
    ],
)
def test_a_wrong_command_line_is_told_in_portuguese(arguments: str, told: str) -> None:
    assert told in CliRunner().invoke(main, arguments, env=PORTUGUESE, prog_name="fluxcc").output


def test_clicks_own_words_are_translated() -> None:
    translate = i18n.catalogue(i18n.PORTUGUESE).gettext
    assert not [sentence for sentence in CLICKS_OWN if translate(sentence) == sentence]
    count = i18n.catalogue(i18n.PORTUGUESE).ngettext
    assert not [pair for pair in CLICKS_COUNTED for n in (1, 2) if count(*pair, n) in pair]


@pytest.mark.parametrize("option", ["--help", "--version"])
@pytest.mark.parametrize("environment", [PORTUGUESE, ENGLISH])
def test_imports_nothing_that_takes_its_time(option: str, environment: dict[str, str]) -> None:
    program = (
        "import sys; from fluxcc.cli import main\n"
        f"main([{option!r}], standalone_mode=False)\n"
        f"print('heavy:', sorted({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.endswith("heavy: []\n")


@pytest.mark.parametrize("arguments", ["config check", "--json config check", "blocks", "doctor"])
def test_a_wrong_configuration_is_told_in_portuguese(arguments: str) -> None:
    environment = PORTUGUESE | {"FLUXCC_CONFIG": os.devnull, "FLUXCC_PBX_PORT": "0"}
    told = CliRunner().invoke(main, arguments, env=environment)
    assert told.exit_code
    assert "deve ser de 1 a 65535" in told.output
