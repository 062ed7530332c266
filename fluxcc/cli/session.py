"""What every command needs: the configuration, the language, the way to print and to fail."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from fluxcc import i18n
from fluxcc.config import Settings, find_zone, load
from fluxcc.domain.errors import ConfigurationError, Fault

if TYPE_CHECKING:  # importing it is slow, and --help must be quick
    from datetime import tzinfo

    from fluxcc.domain.requests import Reply

FAILED = 1
"""Exit code: refused or failed; the code is on stderr."""
UNAVAILABLE = 69
"""Exit code: the daemon or the PBX does not answer (EX_UNAVAILABLE)."""
NOT_PERMITTED = 77
"""Exit code (EX_NOPERM)."""
MISCONFIGURED = 78
"""Exit code (EX_CONFIG). systemd does not start a service again that ended so."""


class Session:
    """One run of the command."""

    def __init__(self, file: Path | None, *, as_json: bool) -> None:
        self.file = file
        self.as_json = as_json

    @cached_property
    def settings(self) -> Settings:
        """The configuration; ends the program with every fault where it is wrong. The password is
        empty where its file is not for this user."""
        return self.load_settings(is_password_needed=False)

    def load_settings(self, *, is_password_needed: bool) -> Settings:
        """The configuration, read anew."""
        try:
            return load(self.file, os.environ, is_password_needed=is_password_needed)
        except ConfigurationError as error:
            for fault in error.faults:
                click.echo(f"{fault.key}: {self.translate_fault(fault)}", err=True)
            sys.exit(MISCONFIGURED)

    @cached_property
    def language(self) -> str:
        """The language of the person at the terminal."""
        return i18n.of_locale(os.environ)

    @cached_property
    def _home(self) -> tzinfo | None:
        """The daemon's time zone; None for the one of this process."""
        zone = self.settings.zone
        if not zone and not os.environ.get("TZ"):
            # Both are the machine's, and need not be read from its files.
            return None
        return find_zone(zone) or i18n.machine_zone()

    def moment(self, epoch: float) -> str:
        """A moment (epoch seconds) in the terminal's time zone, which is named where it is not the
        daemon's."""
        return i18n.clock_time(epoch, home=self._home)

    def sentence(self, reply: Reply) -> str:
        """The sentence of a reply, for the person at the terminal."""
        return i18n.sentence(reply, self.language, home=self._home)

    def translate(self, message: str) -> str:
        """A message in that language."""
        return i18n.catalogue(self.language).gettext(message)

    def translate_fault(self, fault: Fault) -> str:
        """What is wrong with a setting, in that language."""
        return self.translate(fault.sentence).format(**fault.facts)

    def say(self, message: str, **facts: object) -> None:
        """Print a sentence for a person."""
        click.echo(self.translate(message).format(**facts))

    def warn(self, message: str, **facts: object) -> None:
        """Print a sentence for a person beside what is printed."""
        click.echo(self.translate(message).format(**facts), err=True)

    def show_json(self, document: Any) -> None:
        """Print one JSON document."""
        import json  # noqa: PLC0415  # as for --help

        text = json.dumps(document, ensure_ascii=False, indent=2)
        # What nobody sees is shown: a terminal may be at the other end.
        click.echo(
            "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
        )

    def fail(self, exit_code: int, code: str, message: str, **facts: object) -> NoReturn:
        """End with a code and a sentence on stderr."""
        sentence = self.translate(message).format(**facts)
        click.echo(f"{code}: {sentence}", err=True)
        sys.exit(exit_code)


def printable(text: str) -> str:
    """A text that a caller may have chosen, with unprintable characters replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


pass_session = click.make_pass_decorator(Session)


def _print_json(ctx: click.Context, _param: click.Parameter, is_wanted: bool) -> None:
    session = ctx.find_object(Session)
    if is_wanted and session is not None:
        session.as_json = True


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_print_json,
    help="Print one JSON document.",
)
"""For a command: ``fluxcc blocks --json`` is the same as ``fluxcc --json blocks``."""
