"""The operators' door: parse, ask, print, exit code (contract, section 4).

One file a family of commands; each is imported only when it is used, so that ``--help`` and
``--version`` are quick. Looking to add a command? Write it in its family's file and name it in
``COMMANDS``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from fluxcc import __version__

COMMANDS = {
    "run": "fluxcc.cli.run",
    "demo": "fluxcc.cli.demo",
    "status": "fluxcc.cli.live",
    "calls": "fluxcc.cli.live",
    "prank": "fluxcc.cli.actions",
    "conference": "fluxcc.cli.actions",
    "transfer": "fluxcc.cli.actions",
    "hangup": "fluxcc.cli.actions",
    "block": "fluxcc.cli.blocks",
    "unblock": "fluxcc.cli.blocks",
    "blocks": "fluxcc.cli.blocks",
    "check": "fluxcc.cli.blocks",
    "group": "fluxcc.cli.settings",
    "room": "fluxcc.cli.settings",
    "service": "fluxcc.cli.settings",
    "survey": "fluxcc.cli.survey",
    "audit": "fluxcc.cli.audit",
}
"""Command → the module that has it as ``NAME_command``."""


class LazyGroup(click.Group):
    """Knows its commands' names without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order a reader wants them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(import_module(module), f"{cmd_name}_command")
        assert isinstance(command, click.Command)  # noqa: S101  # what COMMANDS promises
        return command


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
