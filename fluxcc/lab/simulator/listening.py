"""A third one on a call: ``eavesdrop`` (which whispers, too) and ``three_way``.

Its counterpart is ``routing.py``, which runs them. The call itself is told nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .channel import Channel
    from .pbx import Pbx


def listen(pbx: Pbx, leg: Channel, data: str) -> None:
    """``UUID``: listen to that leg, or talk to it, as long as it is there."""
    heard = pbx.switchboard.find(data)
    if heard is None or heard is leg:
        return
    pbx.switchboard.pre_answer(leg)
    leg.wait(lambda: leg.is_called_away or heard.is_ended, heard)
