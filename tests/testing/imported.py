"""What a process has done already that ``fluxcc`` is forked from (`program.Warm`)."""

from __future__ import annotations

from importlib import import_module

from fluxcc import bootstrap
from fluxcc.cli import COMMANDS
from fluxcc.domain.numbers import NumberPlan

for entry in COMMANDS.values():
    import_module(entry.module)
for name in ("fluxcc.store.migrations", "sqlalchemy.dialects.sqlite"):
    import_module(name)
NumberPlan("BR", "11", ()).read(bootstrap.SAMPLE_NUMBER)
