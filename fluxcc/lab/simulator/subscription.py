"""Which events one client of the event socket wants: ``event``, ``nixevent`` and ``filter``.

Its counterpart is ``server.py``. The replies are FreeSWITCH's own.
"""

from __future__ import annotations

import re

from .events import EVENT_NAMES, Event

NO_KEYWORDS = "-ERR no keywords supplied"


class Subscription:
    """Names, subclasses and filters, as the client set them."""

    def __init__(self) -> None:
        self.form = "plain"
        self._names: set[str] = set()
        self._subclasses: set[str] = set()
        self._filters: list[tuple[str, str]] = []

    def listen(self, words: list[str]) -> str:
        """``event [json|plain|xml] NAME… [CUSTOM SUBCLASS…]``.

        Everything after ``CUSTOM`` is a subclass; a name that FreeSWITCH does not know is ignored;
        a format once chosen stays.
        """
        if words and words[0].lower() in ("json", "plain", "xml"):
            self.form = words.pop(0).lower()
        names, subclasses = _split_at_custom(words)
        if not names:
            return NO_KEYWORDS
        self._names |= names
        self._subclasses |= subclasses
        return f"+OK event listener enabled {self.form}"

    def nix(self, words: list[str]) -> str:
        """``nixevent NAME… [CUSTOM SUBCLASS…]``."""
        names, subclasses = _split_at_custom(words)
        if not names:
            return NO_KEYWORDS
        self._subclasses -= subclasses
        names.discard("CUSTOM")
        if "ALL" in names:
            self._names.clear()
        elif names:
            if "ALL" in self._names:
                self._names = set(EVENT_NAMES) - {"ALL"}
            self._names -= names
        return "+OK events nixed"

    def stop(self) -> str:
        """``noevents``."""
        self._names.clear()
        self._subclasses.clear()
        return "+OK no longer listening for events"

    def filter(self, arguments: str) -> str:
        """``filter [delete] HEADER [VALUE]``."""
        words = arguments.split(" ", 2)
        if words[0].lower() == "delete":
            return self._delete_filter(words[1:])
        header, _, value = arguments.partition(" ")
        if not header or not value:
            return "-ERR invalid syntax"
        self._filters.append((header, value))
        return f"+OK filter added. [{header}]=[{value}]"

    def wants(self, event: Event) -> bool:
        """Whether the client asked for ``event``."""
        if "ALL" not in self._names:
            if event.name not in self._names:
                return False
            subclass = event.get("Event-Subclass")
            if event.name == "CUSTOM" and subclass and subclass not in self._subclasses:
                return False
        return not self._filters or self._passes(event)

    def _delete_filter(self, words: list[str]) -> str:
        if not words:
            return "-ERR invalid syntax"
        header, value = words[0], words[1] if len(words) > 1 else ""
        if header.lower() == "all":
            self._filters.clear()
        else:
            self._filters = [
                (name, wanted)
                for name, wanted in self._filters
                if name.lower() != header.lower() or (value and wanted != value)
            ]
        return f"+OK filter deleted. [{header}][{value}]"

    def _passes(self, event: Event) -> bool:
        """One filter that matches lets the event through; a ``-`` one that matches stops it."""
        passes = False
        for header, pattern in self._filters:
            value = event.get(header)
            if value is None:
                continue
            wanted = pattern.lstrip("+- ")
            is_negative = "-" in pattern[: len(pattern) - len(wanted)]
            if pattern.startswith("/"):
                matches = re.search(wanted.strip("/"), value) is not None
            else:
                matches = value.lower() == wanted.lower()
            if matches and is_negative:
                return False
            passes = passes or matches
        return passes


def _split_at_custom(words: list[str]) -> tuple[set[str], set[str]]:
    upper = [word.upper() for word in words]
    border = upper.index("CUSTOM") + 1 if "CUSTOM" in upper else len(words)
    return {word for word in upper[:border] if word in EVENT_NAMES}, set(words[border:])
