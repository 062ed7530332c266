"""What a declaration of settings is made of: the key beside each field, and how they are read back.

Counterpart: ``settings``, which declares every setting in these words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from fluxcc.config.values import Rule

PREFIX = "FLUXCC_"
"""What every setting's name in the environment begins with."""


class Key(msgspec.Struct, frozen=True):
    """What is to be known of a setting besides its type and its default."""

    meaning: str
    """Markdown in English, for the tables of docs/configuration.md."""
    rule: Rule | None = None
    """What its type alone does not tell."""
    may_change: bool = False
    """Whether a reload lets it count from the next action on; otherwise a restart does."""
    is_secret: bool = False
    """Whether ``fluxcc config show`` hides its value, and the packaged file leaves it out."""
    default_told: str = ""
    """How the document tells the default, where that is no plain value: Markdown."""
    comment: str = ""
    """What the packaged file says above it."""
    example: str = ""
    """Its value where the packaged file has it commented out and the default differs by machine."""
    packaged: str = ""
    """Its value in the packaged file, where that is not the default."""


class Declared(msgspec.Struct, frozen=True):
    """One setting as it is declared."""

    section: str
    """Empty for what stands in no section."""
    name: str
    kind: Any
    """Its type."""
    key: Key

    @property
    def path(self) -> str:
        """``blocks.duration``."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def variable(self) -> str:
        """Its name in the environment: ``FLUXCC_BLOCKS_DURATION``."""
        return f"{PREFIX}{self.path.replace('.', '_')}".upper()

    def value(self, settings: msgspec.Struct) -> Any:
        """What it is in these settings."""
        return getattr(getattr(settings, self.section) if self.section else settings, self.name)


def declared(shape: type[msgspec.Struct]) -> Iterator[Declared]:
    """Every setting of ``shape``, in order: a field that is itself a struct is a section."""
    for field in msgspec.structs.fields(shape):
        if isinstance(field.type, type):
            for inner in msgspec.structs.fields(field.type):
                yield Declared(field.name, inner.name, *get_args(inner.type))
        else:
            yield Declared("", field.name, *get_args(field.type))
