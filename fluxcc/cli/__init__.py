"""The ``fluxcc`` command: parse, ask the daemon, print, exit code (contract, section 4).

One file a family of commands; each is imported only when it is used, so that ``--help`` and
``--version`` are quick. Looking to add a command? Write it in its family's file and name it in
``COMMANDS``.
"""

from __future__ import annotations

import gc
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

from fluxcc import __version__
from fluxcc.cli.help import in_readers_language, speak, translate
from fluxcc.domain.actions import ON_CALLS
from fluxcc.marking import _


class Entry(NamedTuple):
    """Where a command is, and its line in ``fluxcc --help``."""

    module: str
    """The module that has it as ``NAME_command``."""
    summary: str


COMMANDS = {
    "run": Entry("fluxcc.cli.run", _("Run the daemon in the foreground.")),
    "web": Entry("fluxcc.cli.web", _("Serve the page and the HTTP API.")),
    "demo": Entry("fluxcc.cli.demo", _("Show the main job, start to end, on a PBX of its own.")),
    "status": Entry("fluxcc.cli.live", _("Tell whether the daemon is up and connected.")),
    "doctor": Entry("fluxcc.cli.doctor", _("Check the whole installation, with remedies.")),
    "calls": Entry("fluxcc.cli.live", _("List the calls that are live, or have ended.")),
    **{action.value: Entry("fluxcc.cli.actions", summary) for action, summary in ON_CALLS.items()},
    "block": Entry("fluxcc.cli.blocks", _("Refuse calls from a number for a while.")),
    "unblock": Entry("fluxcc.cli.blocks", _("Let a number through again before its time.")),
    "blocks": Entry("fluxcc.cli.blocks", _("List the blocked numbers.")),
    "check": Entry("fluxcc.cli.blocks", _("Explain a number, and whether it is blocked.")),
    "protect": Entry("fluxcc.cli.protection", _("Protect a number from being blocked.")),
    "unprotect": Entry("fluxcc.cli.protection", _("Allow a number to be blocked again.")),
    "protected": Entry("fluxcc.cli.protection", _("List the numbers that nobody can block.")),
    "group": Entry("fluxcc.cli.provisioning", _("The groups, and the survey after their calls.")),
    "room": Entry("fluxcc.cli.provisioning", _("The agents' conference rooms.")),
    "service": Entry("fluxcc.cli.provisioning", _("The services to transfer customers to.")),
    "user": Entry("fluxcc.cli.users", _("The users of the page.")),
    "token": Entry("fluxcc.cli.tokens", _("The tokens of the HTTP API.")),
    "survey": Entry("fluxcc.cli.survey", _("What customers said to the survey Avali-E.")),
    "audit": Entry("fluxcc.cli.audit", _("Tell who asked for what, and what became of it.")),
    "site": Entry("fluxcc.cli.site", _("The PBXs that share their blocks, and their state.")),
    "config": Entry("fluxcc.cli.config", _("Show the configuration, and check it.")),
    "db": Entry("fluxcc.cli.db", _("Look after the store: upgrade it, erase from it.")),
    "kit": Entry("fluxcc.cli.kit", _("Put the kit into FreeSWITCH's configuration.")),
}
"""Every command, in the order a reader wants them."""


class LazyGroup(click.Group):
    """Knows its commands by name and summary, and imports one only when it is used."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Reads the command line, and says in the reader's language what is wrong with it."""
        speak()
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now, its help in the reader's language."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(import_module(entry.module), f"{cmd_name}_command")
        if not gc.isenabled():
            # ``__main__`` has switched it off. What is imported needs no looking at from now on.
            gc.freeze()
            gc.enable()
        assert isinstance(command, click.Command)  # noqa: S101  # what COMMANDS promises
        return in_readers_language(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was meant, or an error that names those it may have been."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415  # only for a mistake

            near = get_close_matches(args[0], COMMANDS, n=3)
            if near:
                message = translate(_("No such command {name!r}. Did you mean {near}?"))
                ctx.fail(message.format(name=args[0], near=f" {translate(_('or'))} ".join(near)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command and its summary."""
        with formatter.section(translate("Commands")):
            formatter.write_dl([(name, translate(e.summary)) for name, e in COMMANDS.items()])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What may stand behind ``fluxcc``."""
        return [translate(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of ``fluxcc`` itself, in the reader's language."""
        super(LazyGroup, in_readers_language(self)).format_help(ctx, formatter)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration file, in place of /etc/fluxcc/fluxcc.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.version_option(__version__, prog_name="fluxcc")
@click.pass_context
def main(ctx: click.Context, file: Path | None, as_json: bool) -> None:
    """Pranks, conferences, transfers and surveys for agents on FreeSWITCH."""
    from fluxcc.cli.session import Session  # noqa: PLC0415  # --version must not import this

    ctx.obj = Session(file=file, as_json=as_json)
