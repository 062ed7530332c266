"""``kit install`` and ``kit remove`` for a PBX whose dialplan is in files, and what both share with
``kit_rows``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

import click

from fluxcc.cli.session import FAILED, NOT_PERMITTED, Session
from fluxcc.domain.errors import PbxError
from fluxcc.kit import find_kit
from fluxcc.kit.contexts import Reach, read_contexts, with_gate_first, with_gate_first_undone
from fluxcc.kit.fusionpbx import serves
from fluxcc.kit.installation import (
    Change,
    Installed,
    Item,
    Places,
    find_installed,
    install,
    plan,
    remove,
)
from fluxcc.kit.names import DESTINATION_CONTEXT, GATE_CONTEXT
from fluxcc.marking import _


class Wish(NamedTuple):
    """What a person wants besides."""

    force: bool
    dry_run: bool
    yes: bool


class Folders(NamedTuple):
    """The folders that a person named."""

    configuration: Path | None
    scripts: Path | None
    sounds: Path | None


class Changing(Protocol):
    """A file or a row that is looked at before it is written."""

    @property
    def change(self) -> Change:
        """What is done with it."""

    def difference(self) -> str:
        """The change as a unified diff."""


def install_files(session: Session, folders: Folders, wish: Wish, *, gate_first: bool) -> None:
    """Copy the kit into FreeSWITCH's folders, and say what is in force then."""
    directory = configuration_of(session, folders.configuration)
    if serves(directory):
        session.fail(
            FAILED,
            "fusionpbx",
            _(
                "FusionPBX makes this FreeSWITCH's dialplan from its database: files would change"
                " nothing. Run: fluxcc kit install --fusionpbx"
            ),
        )
    places = find_places(session, folders)
    try:
        items = plan(find_kit(), places) + (_gate_first(directory) if gate_first else [])
        show_difference(session, items)
        is_done = not wish.dry_run and is_wanted(session, items, yes=wish.yes)
        if is_done:
            install(items, directory, with_changed=wish.force)
        contexts = read_contexts(directory)
    except OSError as error:
        fail_on_file(session, error)
    if session.as_json:
        session.show_json(_document(items, contexts, is_done=is_done))
    else:
        _say_what_next(session, contexts, is_done=is_done)
    fail_on_changed(session, [item.target for item in items if is_left(item, wish)])
    if is_done and not any(reach.is_included for reach in contexts):
        session.fail(
            FAILED,
            "kit-not-included",
            _(
                "Nothing of the kit is in force: no context in {folder} takes it in. Include its"
                " files there; for a dialplan that FreeSWITCH is served, see fluxcc kit show."
            ),
            folder=directory / "dialplan",
        )


def remove_files(session: Session, directory: Path | None, wish: Wish) -> None:
    """Take the kit out of FreeSWITCH's folders."""
    directory = configuration_of(session, directory)
    try:
        files = find_installed(directory)
        lines = with_gate_first_undone(directory)
        show_removal(session, [*(file.target for file in files), *lines])
        is_done = not wish.dry_run and is_agreed(session, yes=wish.yes or not files)
        if is_done:
            # First the includes, so that a reload in between finds none that leads nowhere.
            edits = [Item(file, content, Change.EDITED) for file, content in lines.items()]
            install(edits, directory, with_changed=False)
            remove(files, directory, with_changed=wish.force)
    except OSError as error:
        fail_on_file(session, error)
    if session.as_json:
        session.show_json(removal_document(files, wish, is_done=is_done))
    elif is_done:
        session.say(_("The kit is removed. Let FreeSWITCH read it: fs_cli -x reloadxml"))
    else:
        session.say(_("Nothing was changed."))
    fail_on_kept(session, [file.target for file in files if file.is_changed and not wish.force])


# What kit_rows needs, too


def find_places(session: Session, folders: Folders) -> Places:
    """Where the kit's parts go: as named, else as FreeSWITCH says, else as typed."""
    directory, scripts, sounds = folders
    directory = directory or Path()
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


def show_difference(session: Session, items: Sequence[Changing]) -> None:
    """Print what would change."""
    if session.as_json:
        return
    for item in items:
        if item.change is not Change.SAME:
            click.echo(item.difference(), nl=False)


def show_removal(session: Session, things: list[Any]) -> None:
    """Print what would go."""
    if not session.as_json:
        for thing in things:
            click.echo(f"--- {thing}")


def is_wanted(session: Session, items: Sequence[Changing], *, yes: bool) -> bool:
    """Whether to write: a person at a terminal is asked where anything changes."""
    return is_agreed(session, yes=yes or all(item.change is Change.SAME for item in items))


def is_agreed(session: Session, *, yes: bool) -> bool:
    """Whether a person at a terminal agrees."""
    if yes or not sys.stdin.isatty():
        return True
    return click.confirm(session.translate(_("Write this?")), err=True)


def is_left(item: Changing, wish: Wish) -> bool:
    """Whether it is left alone, because an administrator changed it."""
    return item.change is Change.CHANGED and not wish.force


def fail_on_changed(session: Session, left: list[Any]) -> None:
    """End where something was left alone."""
    if left:
        session.fail(
            FAILED,
            "kit-file-changed",
            _("Left alone, because somebody changed them (--force replaces them): {files}"),
            files=", ".join(map(str, left)),
        )


def fail_on_kept(session: Session, left: list[Any]) -> None:
    """End where something was not removed."""
    if left:
        session.fail(
            FAILED,
            "kit-file-changed",
            _("Not removed, because somebody changed them (--force removes them): {files}"),
            files=", ".join(map(str, left)),
        )


def configuration_of(session: Session, directory: Path | None) -> Path:
    """FreeSWITCH's configuration folder. Ends the program where it is none."""
    if directory is None:
        raise click.UsageError(session.translate(_("Say which configuration folder is meant.")))
    if not (directory / "dialplan").is_dir():
        session.fail(
            FAILED,
            "no-configuration",
            _("{folder} is no FreeSWITCH configuration: it has no folder dialplan."),
            folder=directory,
        )
    return directory


def fail_on_file(session: Session, error: OSError) -> NoReturn:
    """End because a file or folder cannot be read or written."""
    if isinstance(error, PermissionError):
        session.fail(
            NOT_PERMITTED,
            "not-permitted",
            _("You may not write {file}; run it as root."),
            file=error.filename,
        )
    session.fail(FAILED, "not-installed", _("Not installed: {error}"), error=error)


def removal_document(files: list[Installed], wish: Wish, *, is_done: bool) -> dict[str, Any]:
    """The JSON of a removal."""
    left = [file for file in files if file.is_changed and not wish.force]
    return {
        "done": is_done,
        "removed": [str(file.target) for file in files if file not in left],
        "left": [str(file.target) for file in left],
    }


# Internals


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


def _say_what_next(session: Session, contexts: list[Reach], *, is_done: bool) -> None:
    if not is_done:
        session.say(_("Nothing was written."))
    elif any(reach.is_included for reach in contexts):
        session.say(_("The kit is installed. Let FreeSWITCH read it: fs_cli -x reloadxml"))
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
