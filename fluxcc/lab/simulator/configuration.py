"""The XML configuration folder, read as FreeSWITCH reads it: pre-processed, then parsed as one.

Its counterparts are ``dialplan.py``, ``dialing.py`` (the directory) and ``callcenter.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

_DIRECTIVE = re.compile(r"<X-PRE-PROCESS\s+cmd\s*=\s*\"(\w+)\"\s+data\s*=\s*\"([^\"]*)\"[^>]*>")
_GLOBAL = re.compile(r"\$\$\{([^}]+)\}")
_DROPPED = ("<include>", "</include>", "<?")
"""What is there for validators alone: FreeSWITCH drops a line that has one, with all that is on it.
"""

FOLDERS = {"scripts": "script_dir", "sounds": "sounds_dir", "storage": "storage_dir"}
"""The folders beside the configuration's that FreeSWITCH knows, and the variables that name them.
"""


_Users = dict[tuple[str, str], tuple[ElementTree.Element, ElementTree.Element]]
"""By user and domain: the user's element and the domain's."""


class ConfigurationError(Exception):
    """The folder holds no configuration, or not one that can be parsed."""


class Configuration:
    """The whole document, and the global variables its directives set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.variables: dict[str, str] = {}
        self.folders = {name: folder.absolute().with_name(name) for name in FOLDERS}
        self.reload()

    def reload(self) -> None:
        """Read the folder again; on a fault keep what was read before, and raise."""
        variables = {FOLDERS[name]: str(path) for name, path in self.folders.items()}
        variables["conf_dir"] = str(self._folder.absolute())
        text = "\n".join(_lines(self._folder / "freeswitch.xml", variables))
        try:
            # The administrator's own files are trusted: entities in them are no attack.
            document = ElementTree.fromstring(text)  # noqa: S314
        except ElementTree.ParseError as fault:
            raise ConfigurationError(str(fault)) from fault
        # What was set otherwise outlives it, as in FreeSWITCH.
        self.variables = {**self.variables, **variables}
        self.document = document
        self._known_users: _Users | None = None

    def section(self, name: str) -> list[ElementTree.Element]:
        """What stands in ``<section name=…>``."""
        return [
            child
            for section in self.document.iter("section")
            if section.get("name") == name
            for child in section
        ]

    def module(self, name: str) -> ElementTree.Element | None:
        """``<configuration name=…>``, one module's settings."""
        for configuration in self.section("configuration"):
            if configuration.get("name") == name:
                return configuration
        return None

    def contexts(self) -> dict[str, ElementTree.Element]:
        """The dialplan's contexts by name."""
        return {
            context.get("name", ""): context
            for context in self.section("dialplan")
            if context.tag == "context"
        }

    def dial_string(self, user: str, domain: str) -> str | None:
        """How to reach a user of the directory; None where there is no such user."""
        found = self._users().get((user, domain))
        if found is None:
            return None
        entry, root = found
        return _param(entry, "dial-string") or _param(root, "dial-string") or ""

    def user_variables(self, user: str, domain: str) -> dict[str, str]:
        """What the directory sets on every leg of a user."""
        found = self._users().get((user, domain))
        variables = found[0].findall("variables/variable") if found else []
        return {one.get("name", ""): one.get("value", "") for one in variables}

    def user_data(self, user: str, domain: str, kind: str, name: str) -> str:
        """An attribute (``attr``), a parameter (``param``) or a variable (``var``) of a user; what
        the domain says where the user says nothing. Empty where nobody does."""
        found = self._users().get((user, domain))
        if found is None:
            return ""
        if kind == "attr":
            return found[0].get(name, "")
        path = "variables/variable" if kind == "var" else "params/param"
        said = (one for element in found for one in element.findall(path))
        return next((one.get("value", "") for one in said if one.get("name") == name), "")

    def profile(self, name: str) -> dict[str, str]:
        """The settings of a profile of mod_sofia."""
        module = self.module("sofia.conf")
        for profile in [] if module is None else module.iter("profile"):
            if profile.get("name") == name:
                params = profile.findall("settings/param")
                return {one.get("name", ""): one.get("value", "") for one in params}
        return {}

    def _users(self) -> _Users:
        if self._known_users is None:
            self._known_users = {
                (entry.get("id", ""), root.get("name", "")): (entry, root)
                for root in self.section("directory")
                if root.tag == "domain"
                for entry in root.iter("user")
            }
        return self._known_users


def _param(element: ElementTree.Element, name: str) -> str | None:
    for param in element.findall("params/param"):
        if param.get("name") == name:
            return param.get("value")
    return None


def _lines(file: Path, variables: dict[str, str]) -> Iterator[str]:
    """The file's lines with every include pasted in.

    As in FreeSWITCH a directive takes its whole line with it, be it inside a comment or not.
    """
    try:
        text = file.read_text("utf-8")
    except OSError as fault:
        raise ConfigurationError(str(fault)) from fault
    for line in text.splitlines():
        if any(mark in line for mark in _DROPPED):
            continue
        directive = _DIRECTIVE.search(line)
        if directive is None:
            yield _GLOBAL.sub(lambda found: variables.get(found[1], ""), line)
            continue
        command, data = (
            directive[1],
            _GLOBAL.sub(lambda found: variables.get(found[1], ""), directive[2]),
        )
        if command == "set":
            name, _, value = data.partition("=")
            variables[name] = value
        elif command == "include":
            for included in sorted(file.parent.glob(data)):
                yield from _lines(included, variables)
