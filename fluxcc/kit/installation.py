"""Copies the kit into FreeSWITCH's folders, and takes it out again, except for files that an
administrator has changed.

The hash of each installed file stands in ``.fluxcc-kit.json`` in the configuration folder: a file
that still has it was not changed, and may be replaced. So do the folders that were made for them.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

MANIFEST = ".fluxcc-kit.json"
MODE = 0o644
"""FreeSWITCH may run as any user, and nothing in the kit is secret."""
BACKUP_SUFFIX = ".old"
"""Suffix of the backup of a changed file that was replaced; no include of FreeSWITCH's matches
it."""


class Change(StrEnum):
    """What the installation does with a file."""

    NEW = "new"
    SAME = "same"
    UPGRADED = "upgraded"
    """It is unchanged since an older kit was installed."""
    CHANGED = "changed"
    """An administrator changed it: replaced only where that is asked for."""
    EDITED = "edited"
    """One of FreeSWITCH's own files, edited because that was asked for."""


class Places(NamedTuple):
    """Where the kit's parts go."""

    configuration: Path
    scripts: Path
    sounds: Path


class Item(NamedTuple):
    """One file."""

    target: Path
    content: bytes
    change: Change

    def difference(self) -> str:
        """The change as a unified diff; for a recording only its name and size."""
        before = self.target.read_bytes() if self.target.exists() else b""
        try:
            old, new = before.decode(), self.content.decode()
        except UnicodeDecodeError:
            return f"+++ {self.target} ({len(self.content)} bytes)\n"
        lines = difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            str(self.target) if before else os.devnull,
            str(self.target),
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


class Installed(NamedTuple):
    """One file that an installation put there."""

    target: Path
    is_changed: bool
    """An administrator changed it since."""


class Manifest(NamedTuple):
    """What was installed."""

    files: dict[str, str]
    """Path → hash."""
    folders: list[str]
    """Those that were not there before, a folder before the folders in it."""


def plan(kit: Path, places: Places, *, with_dialplan: bool = True) -> list[Item]:
    """Every file of the kit, and what is to be done with it. Raises ``OSError``."""
    installed = _read_manifest(places.configuration).files
    items = []
    for source in sorted(path for path in kit.rglob("*") if path.is_file()):
        part, *rest = source.relative_to(kit).parts
        if part == "dialplan" and not with_dialplan:
            continue
        folder = {"scripts": places.scripts, "sounds": places.sounds}.get(part)
        target = folder.joinpath(*rest) if folder else places.configuration.joinpath(part, *rest)
        # A link is followed, so that the file is replaced and not an administrator's link to it.
        target = target.resolve()
        content = source.read_bytes()
        items.append(Item(target, content, _change(target, content, installed)))
    return items


def install(items: Iterable[Item], configuration: Path, *, with_changed: bool) -> None:
    """Write new and upgraded files; changed ones only ``with_changed``, and with a backup. Raises
    ``OSError``; the manifest then has what was written until then."""
    installed, folders = _read_manifest(configuration)
    try:
        for item in items:
            if item.change is Change.CHANGED and not with_changed:
                continue
            folders += [name for name in _missing_folders(item.target) if name not in folders]
            if item.change is Change.CHANGED:
                _write(
                    item.target.with_name(item.target.name + BACKUP_SUFFIX),
                    item.target.read_bytes(),
                )
            if item.change is not Change.SAME:
                _write(item.target, item.content)
            if item.change is not Change.EDITED:
                installed[str(item.target)] = _hash(item.content)
    finally:
        _write_manifest(configuration, Manifest(installed, folders))


def find_installed(configuration: Path) -> list[Installed]:
    """The files that are there of an installation. Raises ``OSError``."""
    files = _read_manifest(configuration).files.items()
    present = [(Path(name), digest) for name, digest in files if Path(name).exists()]
    return [Installed(path, _hash(path.read_bytes()) != digest) for path, digest in present]


def remove(files: Iterable[Installed], configuration: Path, *, with_changed: bool) -> None:
    """Delete installed files, changed ones only ``with_changed``, and in the end the folders that
    were made for them and are empty. Raises ``OSError``; the manifest then has what is left."""
    installed, folders = _read_manifest(configuration)
    gone = {name for name in installed if not Path(name).exists()}
    try:
        for file in files:
            if with_changed or not file.is_changed:
                file.target.unlink()
                gone.add(str(file.target))
        for folder in reversed(folders):
            with contextlib.suppress(OSError):
                # It is not empty: something else is in it.
                os.rmdir(folder)
    finally:
        left = {name: digest for name, digest in installed.items() if name not in gone}
        if left:
            _write_manifest(configuration, Manifest(left, folders))
        else:
            (configuration / MANIFEST).unlink(missing_ok=True)


def _missing_folders(target: Path) -> list[str]:
    return [str(each) for each in reversed(target.parents) if not each.exists()]


def _change(target: Path, content: bytes, installed: dict[str, str]) -> Change:
    if not target.exists():
        return Change.NEW
    present = target.read_bytes()
    if present == content:
        return Change.SAME
    return Change.UPGRADED if installed.get(str(target)) == _hash(present) else Change.CHANGED


def _write(target: Path, content: bytes) -> None:
    """Replace a file atomically, since FreeSWITCH may reload at any moment. Owner and mode stay."""
    target.parent.mkdir(parents=True, exist_ok=True)
    former = target.stat() if target.exists() else None
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".fluxcc-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), stat.S_IMODE(former.st_mode) if former else MODE)
            if former and os.geteuid() == 0:
                os.fchown(file.fileno(), former.st_uid, former.st_gid)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_manifest(configuration: Path) -> Manifest:
    try:
        document = json.loads((configuration / MANIFEST).read_text("utf-8"))
        files = {str(path): str(digest) for path, digest in document["files"].items()}
        return Manifest(files, [str(folder) for folder in document.get("folders", [])])
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        # Without the hashes every file that differs counts as changed by an administrator.
        return Manifest({}, [])


def _write_manifest(configuration: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest._asdict(), indent=2, sort_keys=True)
    _write(configuration / MANIFEST, f"{text}\n".encode())
