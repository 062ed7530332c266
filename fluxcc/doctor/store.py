"""The store: its schema, whether it can be written, whose it is, and the free disk space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fluxcc.config import SQLITE
from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.marking import _
from fluxcc.store.identity import host
from fluxcc.store.upkeep import is_current, read_identity, try_writing

LEAST_FREE = 100 * 1024 * 1024
"""Bytes of free disk below which a warning is given."""


def check_store(installation: Installation) -> Iterator[Finding]:
    """The store can be opened, has this program's schema, and can be written."""
    url = installation.settings.store.url
    try:
        if not is_current(url):
            yield grave(
                "store-not-migrated",
                _("The store has another schema than this fluxcc's."),
                _("Run: fluxcc db upgrade"),
            )
            return
    except StoreUnavailableError as error:
        yield grave(
            "store-unavailable",
            _("The store cannot be opened ({reason})."),
            _(
                "Where there is none yet, run: fluxcc db upgrade. Otherwise correct store.url, or"
                " the file's owner and mode."
            ),
            reason=error,
        )
        return
    yield from _try_writing(url)


def _try_writing(url: str) -> Iterator[Finding]:
    try:
        try_writing(url)
    except StoreUnavailableError as error:
        if _is_another_users(url):
            yield skipped(
                "store-not-ours",
                _("Whether the store can be written is not for this user to find out."),
                _("Run fluxcc doctor as root, or as the user that the daemon runs as."),
            )
            return
        yield grave(
            "store-read-only",
            _("The store cannot be written ({reason}): what happens now is not kept."),
            _("Make its file and folder writable for the daemon, which tries it again."),
            reason=error,
        )


def check_node(installation: Installation) -> Iterator[Finding]:
    """The store is this PBX's own, and everything in it is seen."""
    named = installation.settings.pbx.node
    try:
        found = read_identity(installation.settings.store.url)
    except StoreUnavailableError:
        yield skipped("node-unread", _("Not looked at: the store cannot be read."))
        return
    node = found.node(named)
    if found.kept not in ("", node):
        yield grave(
            "node-differs",
            _(
                "The store is node {kept}'s, and pbx.node says {node}: what {kept} stored counts"
                " no more."
            ),
            _(
                "Stop the daemon and run: fluxcc db rename-node {kept} {node}. Or set pbx.node to"
                " {kept}."
            ),
            kept=found.kept,
            node=node,
        )
    elif not named and node != host():
        yield warning(
            "host-renamed",
            _("This host is called {host}; the store goes on as that of node {node}."),
            _(
                "Nothing is lost. To call the node by another name, stop the daemon and run: fluxcc"
                " db rename-node {host}. To keep it, set pbx.node to {node}."
            ),
            host=host(),
            node=node,
        )
    others = [each for each in found.nodes if each not in (found.kept, node)]
    if others:
        yield warning(
            "rows-of-other-nodes",
            _("The store also has what other nodes stored, which counts no more: {nodes}."),
            _("Stop the daemon and run, for each of them: fluxcc db rename-node NAME {node}"),
            nodes=", ".join(others),
            node=node,
        )


def check_disk(installation: Installation) -> Iterator[Finding]:
    """The disk that SQLite writes to has free space."""
    file = _file(installation.settings.store.url)
    if not file.parent.is_dir():
        return
    free = os.statvfs(file.parent)
    left = free.f_bavail * free.f_frsize
    if left < LEAST_FREE:
        yield warning(
            "disk-nearly-full",
            _("Only {megabytes} MB are left on the disk of {file}."),
            _("Make room, or keep less: retention.calls and retention.audit."),
            megabytes=left // (1024 * 1024),
            file=file,
        )


def _is_another_users(url: str) -> bool:
    file = _file(url)
    return os.geteuid() not in {0, file.stat().st_uid} and not os.access(file, os.W_OK)


def _file(url: str) -> Path:
    return Path(url.removeprefix(SQLITE))
