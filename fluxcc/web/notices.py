"""What became of what a visitor asked for, kept until the page that tells it is loaded."""

from __future__ import annotations

import secrets
from collections import OrderedDict

import msgspec

MOST = 1_000


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """The form that takes it back."""

    path: str
    title: str
    fields: dict[str, str]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, in the reader's language."""

    status: str
    """``ok``, ``refused``, ``failed``, ``unknown``."""
    text: str
    advice: str = ""
    """What to do next."""
    code: str = ""
    request: str = ""
    undo: Undo | None = None


class Notices:
    """One per process. A name leads to its notice once, and only who was sent there knows it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Notice] = OrderedDict()

    def keep(self, notice: Notice) -> str:
        """Keep it; the name by which it is taken. The oldest goes where there are too many."""
        name = secrets.token_urlsafe(12)
        self._kept[name] = notice
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return name

    def take(self, name: str) -> Notice | None:
        """The notice of that name, once."""
        return self._kept.pop(name, None)
