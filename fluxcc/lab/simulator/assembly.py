"""A whole PBX out of a configuration folder: its parts, and what acts on all of them at once."""

from __future__ import annotations

from pathlib import Path

from . import api
from .applications import APPLICATIONS
from .pbx import Pbx
from .scripts import Scripts


def build(folder: Path) -> Pbx:
    """The PBX of a configuration folder."""
    return Pbx(folder, commands=api, applications=APPLICATIONS, script_runner=Scripts)
