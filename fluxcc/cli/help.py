"""``--help`` in the reader's language. Imports nothing slow.

The texts stay where the commands are, in English: docstrings and ``help=``. ``packaging/
click_help.py`` collects them for the catalogues, paragraph by paragraph, as ``translated`` asks
for them.
"""

from __future__ import annotations

import copy
import gettext
import inspect
import os
from collections.abc import Iterator
from typing import TypeVar

import click

from fluxcc import i18n
from fluxcc.marking import _

VERBATIM = "\b"
"""A line of its own before the examples, which are the same in every language."""


def ngettext(one: str, many: str) -> tuple[str, str]:
    return one, many


CLICKS_OWN = (
    _("Usage:"),
    _("Options"),
    _("Commands"),
    _("[OPTIONS]"),
    _("COMMAND [ARGS]..."),
    _("Show the version and exit."),
    _("Show this message and exit."),
    _("Error: {message}"),
    _("Try '{command} {option}' for help."),
    _("Missing command."),
    _("Missing argument"),
    _("Missing option"),
    _("No such command {name!r}."),
    _("No such option {name!r}."),
    _("Invalid value: {message}"),
    _("Invalid value for {param_hint}: {message}"),
    _("Aborted!"),
    _("{name} {filename!r} does not exist."),
    _("{name} {filename!r} is a file."),
    _("{name} {filename!r} is a directory."),
    _("{name} {filename!r} is not readable."),
    _("file"),
    _("directory"),
    _("path"),
    _("Option {name!r} does not take a value."),
    _("Error: invalid input"),
)
"""click's own messages, which it translates by gettext."""
CLICKS_COUNTED = (
    ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ngettext(
        "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."
    ),
    ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""click's own messages with a singular and a plural."""


def speak() -> None:
    """Have click translate its own messages by fluxcc's catalogue, in the locale's language."""
    gettext.bindtextdomain("fluxcc", i18n.LOCALE)
    gettext.textdomain("fluxcc")
    # gettext reads the locale in its own way: for pt_PT it would find nothing.
    os.environ["LANGUAGE"] = i18n.of_locale(os.environ)


def translate(message: str) -> str:
    """A message in the language of the person at the terminal."""
    return i18n.catalogue(i18n.of_locale(os.environ)).gettext(message)


Command = TypeVar("Command", bound=click.Command)


def in_readers_language(command: Command) -> Command:
    """The command with its help in the language of the person at the terminal, and every command
    below it.

    It is a copy: the command itself may be shown in another language later.
    """
    clone = copy.copy(command)
    # click caches the option --help in the command, in the language that was asked for first.
    clone._help_option = None
    clone.help = _paragraphs(command.help)
    clone.short_help = _paragraphs(command.short_help)
    clone.options_metavar = translate(command.options_metavar or "[OPTIONS]")
    clone.params = [_option(parameter) for parameter in command.params]
    if isinstance(command, click.Group) and isinstance(clone, click.Group):
        clone.subcommand_metavar = translate(command.subcommand_metavar)
        clone.commands = {
            name: in_readers_language(child) for name, child in command.commands.items()
        }
    return clone


def sentences(text: str) -> Iterator[str]:
    """The paragraphs of a help text that are to be translated, each on one line."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith(VERBATIM):
            return
        yield " ".join(paragraph.split())


def _paragraphs(text: str | None) -> str | None:
    if not text:
        return text
    start, mark, examples = inspect.cleandoc(text).partition(f"{VERBATIM}\n")
    return "\n\n".join(filter(None, [*map(translate, sentences(start)), mark + examples]))


def _option(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    clone = copy.copy(parameter)
    clone.help = translate(parameter.help)
    return clone
