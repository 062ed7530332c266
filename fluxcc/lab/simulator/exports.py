"""``export``: variables that the legs which a leg dials get, too.

Its counterpart is every application that dials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .events import Value

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx


def export(pbx: Pbx, leg: Channel, data: str) -> None:
    """``[nolocal:]NAME=VALUE``."""
    # A "nolocal:" variable is kept under its full name, so that only the called leg knows it.
    name, _, value = data.partition("=")
    leg.set_variable(name, value)
    names = [word for word in leg.variable("export_vars").split(",") if word]
    leg.set_variable("export_vars", ",".join([*names, name]))


def exported(leg: Channel) -> dict[str, Value]:
    """What a leg that this one dials gets."""
    names = [word for word in leg.variable("export_vars").split(",") if word]
    variables: dict[str, Value] = {
        name.removeprefix("nolocal:"): leg.variable(name) for name in names
    }
    if passed := [name for name in names if not name.startswith("nolocal:")]:
        variables["export_vars"] = ",".join(passed)
    return variables
