"""``kit``: puts the kit into a FreeSWITCH configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fluxcc.cli.session import FAILED, NOT_PERMITTED, Session, json_option, pass_session
from fluxcc.domain.errors import PbxError
from fluxcc.kit import find_kit
from fluxcc.kit.contexts import Reach, read_contexts, with_gate_first
from fluxcc.kit.installation import Change, Item, Places, install, plan
from fluxcc.kit.names import DESTINATION_CONTEXT, GATE_CONTEXT
from fluxcc.marking import _


@click.group("kit")
def kit_command() -> None:
    """The files that FreeSWITCH needs of fluxcc."""


@kit_command.command("install")
@click.argument(
    "directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--scripts", type=click.Path(path_type=Path), help="FreeSWITCH's script folder.")
@click.option("--sounds", type=click.Path(path_type=Path), help="FreeSWITCH's sound folder.")
@click.option("--force", is_flag=True, help="Replace changed files too (kept as NAME.old).")
@click.option("--gate-first", is_flag=True, help="Let context public begin with the gate.")
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
@json_option
@pass_session
def install_kit(
    session: Session,
    /,
    *,
    directory: Path,
    scripts: Path | None,
    sounds: Path | None,
    force: bool,
    gate_first: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Copy the kit into FreeSWITCH's configuration folder DIR.

    The difference is shown first. A file that was changed by hand is left alone, unless --force is
    given; one that an older kit put there is upgraded. Where the scripts and sounds go is asked of
    FreeSWITCH; where it does not answer, --scripts and --sounds say so.

    \b
    fluxcc kit install /etc/freeswitch
    fluxcc kit install /etc/freeswitch --dry-run
    """
    if not (directory / "dialplan").is_dir():
        session.fail(
            FAILED,
            "no-configuration",
            _("{folder} is no FreeSWITCH configuration: it has no folder dialplan."),
            folder=directory,
        )
    places = _find_places(session, directory, scripts, sounds)
    try:
        items = plan(find_kit(), places) + (_gate_first(directory) if gate_first else [])
        _show_difference(session, items)
        is_done = not dry_run and _is_wanted(session, items, yes=yes)
        if is_done:
            install(items, directory, with_changed=force)
        contexts = read_contexts(directory)
    except PermissionError as error:
        session.fail(
            NOT_PERMITTED,
            "not-permitted",
            _("You may not write {file}; run it as root."),
            file=error.filename,
        )
    except OSError as error:
        session.fail(FAILED, "not-installed", _("Not installed: {error}"), error=error)
    if session.as_json:
        session.show_json(_document(items, contexts, is_done=is_done))
    else:
        _say_what_next(session, contexts, is_done=is_done)
    left = [item.target for item in items if item.change is Change.CHANGED and not force]
    if left:
        session.fail(
            FAILED,
            "kit-file-changed",
            _("Left alone, because somebody changed them (--force replaces them): {files}"),
            files=", ".join(map(str, left)),
        )


def _gate_first(directory: Path) -> list[Item]:
    """The edits by which the context that takes calls from trunks begins with the gate."""
    return [
        Item(reach.file, with_gate_first(reach), Change.EDITED)
        for reach in read_contexts(directory)
        if reach.context == GATE_CONTEXT and (reach.before or not reach.is_included)
    ]


def _document(items: list[Item], contexts: list[Reach], *, is_done: bool) -> dict[str, Any]:
    return {
        "done": is_done,
        "files": [{"file": str(item.target), "change": item.change.value} for item in items],
        "contexts": [
            {"context": reach.context, "included": reach.is_included, "before": reach.before}
            for reach in contexts
        ],
    }


def _find_places(
    session: Session, directory: Path, scripts: Path | None, sounds: Path | None
) -> Places:
    if scripts is None or sounds is None:
        known = _ask_freeswitch(session, directory)
        scripts, sounds = scripts or known.get("script_dir"), sounds or known.get("sounds_dir")
    if scripts is None or sounds is None:
        if not sys.stdin.isatty():
            raise click.UsageError(
                session.translate(
                    _(
                        "FreeSWITCH of this configuration does not answer: say with --scripts and"
                        " --sounds where they go."
                    )
                )
            )
        ask = session.translate(_("FreeSWITCH's folder of {kind}"))
        scripts = scripts or click.prompt(
            ask.format(kind="scripts"), type=click.Path(path_type=Path)
        )
        sounds = sounds or click.prompt(ask.format(kind="sounds"), type=click.Path(path_type=Path))
    return Places(directory, scripts, sounds)


def _ask_freeswitch(session: Session, directory: Path) -> dict[str, Path]:
    """The folders that FreeSWITCH names, if it uses this configuration folder."""
    # Importing gevent is slow, and it is not needed where the folders are given.
    from fluxcc.pbx.inquiry import Inquiry  # noqa: PLC0415
    from fluxcc.pbx.switch import Address  # noqa: PLC0415

    pbx = session.settings.pbx
    try:
        with Inquiry(Address(pbx.host, pbx.port, pbx.password)) as inquiry:
            if Path(inquiry.variable("conf_dir")).resolve() != directory.resolve():
                return {}
            names = ("script_dir", "sounds_dir")
            return {name: Path(value) for name in names if (value := inquiry.variable(name))}
    except PbxError:
        return {}


def _show_difference(session: Session, items: list[Item]) -> None:
    if session.as_json:
        return
    for item in items:
        if item.change is not Change.SAME:
            click.echo(item.difference(), nl=False)


def _is_wanted(session: Session, items: list[Item], *, yes: bool) -> bool:
    if yes or not sys.stdin.isatty() or all(item.change is Change.SAME for item in items):
        return True
    return click.confirm(session.translate(_("Write this?")), err=True)


def _say_what_next(session: Session, contexts: list[Reach], *, is_done: bool) -> None:
    if is_done:
        session.say(_("The kit is installed. Let FreeSWITCH read it: fs_cli -x reloadxml"))
    else:
        session.say(_("Nothing was written."))
    for reach in contexts:
        facts = {"context": reach.context, "file": reach.file, "before": reach.before}
        if not reach.is_included:
            session.say(
                _(
                    "Context {context} ({file}) does not include the kit's folder: if it takes"
                    " calls from trunks, blocked callers pass."
                )
                if reach.context != DESTINATION_CONTEXT
                else _(
                    "Context {context} ({file}) does not include the kit's folder: it has no rooms"
                    " and no survey."
                ),
                **facts,
            )
        elif reach.before and reach.context != DESTINATION_CONTEXT:
            session.say(
                _(
                    "In context {context} ({file}) extension {before} comes before the gate: move"
                    " the include to the top, or use --gate-first."
                ),
                **facts,
            )
