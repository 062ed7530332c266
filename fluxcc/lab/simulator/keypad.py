"""What the keys of a leg's telephone do. Its counterpart is ``keys.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .dialplan import Action


@dataclass(frozen=True)
class Binding:
    """``bind_meta_app``: what one key does."""

    listens: str
    """``a``: the leg that bound it; ``b``: its partner; or both."""
    flags: str
    action: Action


@dataclass
class Keypad:
    """What the keys of one leg do."""

    bindings: dict[str, Binding] = field(default_factory=dict)
    is_meta: bool = False
    """The key before a bound one was pressed."""
    readers: int = 0
    """How many applications inside a bridge take keys for themselves."""
    handler: Callable[[str], bool] | None = None
    """Who hears of a key first; says whether it was meant."""
