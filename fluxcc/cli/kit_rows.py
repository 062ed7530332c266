"""``kit install`` and ``kit remove`` for FusionPBX, whose dialplan is a table of its database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from fluxcc.cli.kit_files import (
    Folders,
    Wish,
    fail_on_changed,
    fail_on_file,
    fail_on_kept,
    find_places,
    is_agreed,
    is_left,
    is_wanted,
    removal_document,
    show_difference,
    show_removal,
)
from fluxcc.cli.session import FAILED, UNAVAILABLE, Session
from fluxcc.domain.errors import PbxError
from fluxcc.kit import find_kit, fusionpbx
from fluxcc.kit.fusionpbx_cache import CacheError, empty, method_of
from fluxcc.kit.installation import Change, Item, find_installed, install, plan, remove
from fluxcc.marking import _

if TYPE_CHECKING:
    from sqlalchemy import URL

    from fluxcc.kit.fusionpbx_table import Earlier


class Named(NamedTuple):
    """What a person named of FusionPBX."""

    configuration: Path | None
    """``config.conf``."""
    database: str | None


class Site(NamedTuple):
    """One FusionPBX."""

    configuration: Mapping[str, str]
    folders: Folders
    """FreeSWITCH's, as named or as FusionPBX says."""
    url: URL

    @property
    def directory(self) -> Path:
        """FreeSWITCH's configuration folder."""
        return self.folders.configuration or Path()


def print_sql(*, is_removal: bool) -> None:
    """Print what has to be run in ``psql`` by a person with access to the database."""
    rows = fusionpbx.plan(find_kit(), [])
    click.echo(fusionpbx.removal() if is_removal else fusionpbx.script(rows), nl=False)


def install_rows(session: Session, folders: Folders, named: Named, wish: Wish) -> None:
    """Put the kit's rows into FusionPBX's table, and its scripts and sounds into folders."""
    from fluxcc.kit.fusionpbx_table import TableError, opened  # noqa: PLC0415  # SQLAlchemy is slow

    site = _find_site(session, folders, named)
    try:
        items = plan(find_kit(), find_places(session, site.folders), with_dialplan=False)
        with opened(site.url) as table:
            rows = fusionpbx.plan(find_kit(), table.read())
            show_difference(session, [*items, *rows])
            is_done = not wish.dry_run and is_wanted(session, [*items, *rows], yes=wish.yes)
            if is_done:
                # The scripts before the rows that run them.
                install(items, site.directory, with_changed=wish.force)
                _keep_changed(rows, site.directory, wish)
                table.put(rows, with_changed=wish.force)
            earlier = table.earlier()
    except TableError as error:
        _fail_on_table(session, error)
    except OSError as error:
        fail_on_file(session, error)
    if session.as_json:
        session.show_json(_document(items, rows, earlier, is_done=is_done))
    else:
        _say_what_next(session, earlier, is_done=is_done)
    if is_done:
        _empty_cache(session, site)
    fail_on_changed(
        session,
        [item.target for item in items if is_left(item, wish)]
        + [row.title for row in rows if is_left(row, wish)],
    )


def remove_rows(session: Session, directory: Path | None, named: Named, wish: Wish) -> None:
    """Take the kit's rows out of FusionPBX's table, and its scripts and sounds out of folders."""
    from fluxcc.kit.fusionpbx_table import TableError, opened  # noqa: PLC0415  # SQLAlchemy is slow

    site = _find_site(session, Folders(directory, None, None), named)
    try:
        files = find_installed(site.directory)
        with opened(site.url) as table:
            rows = [row for row in fusionpbx.plan(find_kit(), table.read()) if row.present]
            show_removal(session, [row.title for row in rows] + [file.target for file in files])
            is_agreed_on = is_agreed(session, yes=wish.yes or not (rows or files))
            is_done = not wish.dry_run and is_agreed_on
            left = [row for row in rows if is_left(row, wish)]
            if is_done:
                table.remove([row.identity for row in rows if row not in left])
        if is_done:
            # The rows before the scripts that they run.
            remove(files, site.directory, with_changed=wish.force)
    except TableError as error:
        _fail_on_table(session, error)
    except OSError as error:
        fail_on_file(session, error)
    if session.as_json:
        document = removal_document(files, wish, is_done=is_done)
        document["removed"] += [row.identity for row in rows if row not in left]
        document["left"] += [row.identity for row in left]
        session.show_json(document)
    else:
        session.say(_("The kit is removed.") if is_done else _("Nothing was changed."))
    if is_done:
        _empty_cache(session, site)
    fail_on_kept(
        session,
        [row.title for row in left]
        + [file.target for file in files if file.is_changed and not wish.force],
    )


def _find_site(session: Session, folders: Folders, named: Named) -> Site:
    from fluxcc.kit.fusionpbx_table import (  # noqa: PLC0415  # SQLAlchemy is slow
        TableError,
        database_url,
        parse_url,
    )

    file = named.configuration or fusionpbx.find_configuration()
    if file is None and named.database is None:
        session.fail(
            FAILED,
            "no-fusionpbx",
            _(
                "FusionPBX's configuration is not on this machine ({files}): name it with"
                " --fusionpbx-config, or the database with --database."
            ),
            files=", ".join(map(str, fusionpbx.CONFIGURATIONS)),
        )
    try:
        configuration = fusionpbx.read_configuration(file) if file else {}
        url = parse_url(named.database) if named.database else database_url(configuration)
    except TableError as error:
        session.fail(
            FAILED,
            "no-database",
            _(
                "FusionPBX's database is not known ({error}): name FusionPBX's config.conf with"
                " --fusionpbx-config, or the database with --database."
            ),
            error=error
            if file or named.database
            else " or ".join(map(str, fusionpbx.CONFIGURATIONS)),
        )
    except OSError as error:
        fail_on_file(session, error)
    known = Folders(
        *(
            given or (Path(value) if (value := configuration.get(f"switch.{name}.dir")) else None)
            for given, name in zip(folders, ("conf", "scripts", "sounds"), strict=True)
        )
    )
    if known.configuration is None:
        raise click.UsageError(session.translate(_("Say which configuration folder is meant.")))
    return Site(configuration, known, url)


def _document(
    items: list[Item], rows: list[fusionpbx.Row], earlier: list[Earlier], *, is_done: bool
) -> dict[str, Any]:
    return {
        "done": is_done,
        "files": [{"file": str(item.target), "change": item.change.value} for item in items],
        "rows": [
            {"row": row.identity, "part": row.part.value, "change": row.change.value}
            for row in rows
        ],
        "earlier": [each._asdict() for each in earlier],
    }


def _say_what_next(session: Session, earlier: list[Earlier], *, is_done: bool) -> None:
    session.say(
        _("The kit is installed, and in force from the next call on.")
        if is_done
        else _("Nothing was written.")
    )
    for each in earlier:
        session.say(
            _(
                "The dialplan {name} of context {context} has an order of 0 or less, and may come"
                " before the gate: give it a higher one."
            ),
            **each._asdict(),
        )


def _keep_changed(rows: list[fusionpbx.Row], folder: Path, wish: Wish) -> None:
    """Keep a changed row that is replaced, as ``installation`` keeps a changed file."""
    for row in rows:
        if row.change is Change.CHANGED and wish.force and row.present is not None:
            kept = folder / f".fluxcc-{row.part}.xml.old"
            kept.write_text(row.present[fusionpbx.XML] or "", "utf-8")


def _empty_cache(session: Session, site: Site) -> None:
    """Empty FusionPBX's cache; where that fails the rows are there, and do not count yet."""
    from fluxcc.pbx.inquiry import Inquiry  # noqa: PLC0415  # gevent is slow
    from fluxcc.pbx.switch import Address  # noqa: PLC0415

    pbx = session.settings.pbx
    absence = ""
    try:
        try:
            with Inquiry(Address(pbx.host, pbx.port, pbx.password)) as inquiry:
                empty(site.configuration, inquiry.flush_memcache)
                inquiry.announce_flush(method_of(site.configuration))
        except PbxError as error:
            absence = str(error)
        if absence:
            # Files can be deleted all the same.
            empty(site.configuration, lambda: absence)
    except CacheError as error:
        _fail_on_cache(session, error)


def _fail_on_cache(session: Session, error: CacheError) -> None:
    session.fail(
        FAILED,
        "cache-not-emptied",
        _(
            "The rows are written, but FusionPBX's cache could not be emptied ({error}): press"
            " Flush Cache in FusionPBX under Status, SIP Status."
        ),
        error=error,
    )


def _fail_on_table(session: Session, error: Exception) -> None:
    session.fail(
        UNAVAILABLE,
        "database-unavailable",
        _(
            "FusionPBX's database does not do it: {error} (with --print-sql you get the SQL for"
            " those who have access.)"
        ),
        error=error,
    )
