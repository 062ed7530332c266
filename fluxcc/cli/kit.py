"""``kit``: puts the kit into a PBX, takes it out again, shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fluxcc.cli.kit_files import Folders, Wish, install_files, remove_files
from fluxcc.cli.kit_rows import Named, install_rows, print_sql, remove_rows
from fluxcc.cli.session import Session, json_option, pass_session
from fluxcc.kit import find_kit
from fluxcc.kit.parts import Part, read_part

_FOLDER = click.Path(path_type=Path)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What ``install`` and ``remove`` have in common."""
    for option in reversed(
        [
            click.argument(
                "directory",
                metavar="[DIR]",
                required=False,
                type=click.Path(exists=True, file_okay=False, path_type=Path),
            ),
            click.option("--fusionpbx", is_flag=True, help="The dialplan is in FusionPBX's table."),
            click.option(
                "--fusionpbx-config",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="FusionPBX's config.conf, in place of /etc/fusionpbx/config.conf.",
            ),
            click.option("--database", metavar="URL", help="FusionPBX's database."),
            click.option("--print-sql", is_flag=True, help="Print the SQL and change nothing."),
            click.option("--force", is_flag=True, help="Changed files and rows, too."),
            click.option("--dry-run", is_flag=True, help="Show the difference and change nothing."),
            click.option("--yes", is_flag=True, help="Do not ask before writing."),
        ]
    ):
        command = option(command)
    return command


@click.group("kit")
def kit_command() -> None:
    """What FreeSWITCH needs of fluxcc."""


@kit_command.command("install")
@_options
@click.option("--scripts", type=_FOLDER, help="FreeSWITCH's script folder.")
@click.option("--sounds", type=_FOLDER, help="FreeSWITCH's sound folder.")
@click.option("--gate-first", is_flag=True, help="Let context public begin with the gate.")
@json_option
@pass_session
def install_kit(
    session: Session,
    /,
    *,
    directory: Path | None,
    scripts: Path | None,
    sounds: Path | None,
    gate_first: bool,
    **others: Any,
) -> None:
    """Copy the kit into FreeSWITCH's configuration folder DIR.

    With --fusionpbx its dialplan goes into FusionPBX's database in place of files, and DIR is what
    FusionPBX says.

    The difference is shown first. A file or row that was changed by hand is left alone, unless
    --force is given (files are kept as NAME.old); one that an older kit put there is upgraded.
    Where the scripts and sounds go is asked of FreeSWITCH; where it does not answer, --scripts and
    --sounds say so.

    \b
    fluxcc kit install /etc/freeswitch
    fluxcc kit install /etc/freeswitch --dry-run
    fluxcc kit install --fusionpbx
    """
    folders = Folders(directory, scripts, sounds)
    wish, named = _wish(others), _named(others)
    if others["print_sql"]:
        print_sql(is_removal=False)
    elif others["fusionpbx"]:
        install_rows(session, folders, named, wish)
    else:
        install_files(session, folders, wish, gate_first=gate_first)


@kit_command.command("remove")
@_options
@json_option
@pass_session
def remove_kit(session: Session, /, *, directory: Path | None, **others: Any) -> None:
    """Take the kit out of FreeSWITCH's configuration folder DIR again.

    With --fusionpbx also out of FusionPBX's database. A file or row that was changed by hand is
    left alone, unless --force is given.

    \b
    fluxcc kit remove /etc/freeswitch
    fluxcc kit remove --fusionpbx
    """
    wish, named = _wish(others), _named(others)
    if others["print_sql"]:
        print_sql(is_removal=True)
    elif others["fusionpbx"]:
        remove_rows(session, directory, named, wish)
    else:
        remove_files(session, directory, wish)


@kit_command.command("show")
@click.argument("part", type=click.Choice([part.value for part in Part]))
def show_part(part: str) -> None:
    """Print the XML of a part of the kit's dialplan.

    It is for dialplans that are not in files: what mod_xml_curl is served, say.

    \b
    fluxcc kit show gate
    """
    click.echo(read_part(find_kit(), Part(part)), nl=False)


def _wish(options: dict[str, Any]) -> Wish:
    return Wish(options["force"], options["dry_run"], options["yes"])


def _named(options: dict[str, Any]) -> Named:
    return Named(options["fusionpbx_config"], options["database"])
