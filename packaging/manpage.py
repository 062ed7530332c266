#!/usr/bin/env python3
"""Prints fluxcc(1), out of the commands themselves: their usage, help and options.

Not click-man: it sees no command that is imported only when it is used (``fluxcc.cli.LazyGroup``),
and makes a page a command; whoever looks something up at night has one page to search.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator

import click

from fluxcc import __version__
from fluxcc.cli import main

EXIT_CODES = (
    ("0", "Done."),
    ("1", "Refused or failed; the code is on the standard error output."),
    ("2", "The command line is wrong."),
    ("69", "The daemon or FreeSWITCH does not answer."),
    ("77", "Not permitted."),
    ("78", "The configuration is wrong. systemd does not start the service again."),
)
FILES = (
    ("/etc/fluxcc/fluxcc.toml", "The configuration."),
    ("/etc/fluxcc/esl.password", "The password of FreeSWITCH's event socket. Readable by root."),
    ("/var/lib/fluxcc/fluxcc.db", "The store: calls, blocks, surveys, settings, audit."),
    ("/run/fluxcc/control.sock", "Where the daemon listens to this command."),
    ("/usr/share/fluxcc/freeswitch", "The kit: what goes into FreeSWITCH's configuration."),
)
ENVIRONMENT = (
    ("FLUXCC_CONFIG", "The configuration file, where --config does not name one."),
    (
        "FLUXCC_SECTION_KEY",
        "The configuration's KEY in [SECTION], which it overrides: FLUXCC_PBX_PORT.",
    ),
    ("LC_ALL, LC_MESSAGES, LANG", "The language of what is printed: pt_BR, otherwise English."),
    ("NO_COLOR", "No colours, whatever its value."),
)
VERBATIM = "\b"
"""A line of its own before a paragraph that click prints as it is."""


def roff(text: str) -> str:
    """A text that troff prints as it is: an option's hyphen can be copied, no line is a request."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return re.sub(r"^(?=\.)", r"\\&", escaped, flags=re.MULTILINE)


def tagged(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Terms and what they mean."""
    for term, meaning in pairs:
        yield from (".TP", rf"\fB{roff(term)}\fR", roff(meaning))


def paragraphs(help_text: str) -> Iterator[str]:
    """A command's help, its examples left as they are laid out."""
    for paragraph in textwrap.dedent(help_text.partition("\f")[0]).strip().split("\n\n"):
        mark, _, rest = paragraph.partition("\n")
        if mark.strip() == VERBATIM:
            yield from (".PP", ".nf", ".RS 4", roff(textwrap.dedent(rest)), ".RE", ".fi")
        else:
            yield from (".PP", roff(" ".join(paragraph.split())))


def options(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    """Its options, without --help, which all have."""
    records = (
        parameter.get_help_record(context)
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
    )
    return [record for record in records if record is not None and "--help" not in record[0]]


def described(command: click.Command, context: click.Context) -> Iterator[str]:
    """Usage, help and options of one command."""
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (".SS", roff(f"{context.command_path} {usage}"))
    yield from paragraphs(command.help or "")
    yield from tagged(options(command, context))
    if command.epilog:
        yield from paragraphs(command.epilog)


def commands(group: click.Group, context: click.Context) -> Iterator[str]:
    """Every command below a group, groups of their own included, in the group's order."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = click.Context(command, info_name=name, parent=context)
        yield from described(command, below)
        if isinstance(command, click.Group):
            yield from commands(command, below)


def page() -> Iterator[str]:
    """The whole page, line by line."""
    context = click.Context(main, info_name="fluxcc")
    summary = (main.help or "").strip().partition("\n")[0].rstrip(".")
    yield f'.TH FLUXCC 1 "" "fluxcc {__version__}" "fluxcc"'
    yield from (".SH NAME", rf"fluxcc \- {roff(summary[0].lower() + summary[1:])}")
    yield from (".SH SYNOPSIS", r"\fBfluxcc\fR [\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]")
    yield ".SH DESCRIPTION"
    yield from paragraphs(main.help or "")
    yield from paragraphs("Every command knows --help.")
    yield ".SH OPTIONS"
    yield from tagged(options(main, context))
    yield ".SH COMMANDS"
    yield from commands(main, context)
    for title, pairs in (
        ("EXIT STATUS", EXIT_CODES),
        ("FILES", FILES),
        ("ENVIRONMENT", ENVIRONMENT),
    ):
        yield f".SH {title}"
        yield from tagged(pairs)
    yield from (".SH SEE ALSO", r"\fBfreeswitch\fR(1), \fBsystemctl\fR(1), \fBjournalctl\fR(1)")


if __name__ == "__main__":
    # The page is English as a whole, whoever builds it.
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.stdout.write("\n".join(page()) + "\n")
