"""``group_confirm_key``: the one who takes a call has to press a key before it is theirs.

Its counterpart is ``dialing.py``, which goes on ringing the others meanwhile.
"""

from __future__ import annotations

import gevent

from .channel import Channel


def confirm(leg: Channel, caller: Channel | None) -> None:
    """Watch over a leg that is called, where its variables ask for a key.

    ``caller`` is the leg that dials, whose variables of that name count too; they are copied.
    """
    for name in ("group_confirm_key", "group_confirm_file"):
        if not leg.variable(name) and caller is not None:
            leg.set_variable(name, caller.variable(name))
    if key := leg.variable("group_confirm_key"):
        leg.is_to_be_confirmed = True
        gevent.spawn(_wait_for, key, leg)


def _wait_for(key: str, leg: Channel) -> None:
    with leg.held():
        leg.wait(lambda: leg.is_ended or (leg.is_answered and key in leg.digits))
        leg.digits.clear()
        leg.is_to_be_confirmed = False
        leg.changed()
