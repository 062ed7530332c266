"""What the dialplan's actions do: one function for each application of mod_dptools and friends.

Its counterpart is ``routing.py``, which runs them. An application returns when it is over, or when
its leg is called away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent

from . import consulting, fetching, keys, listening, recording
from .causes import OF_SIP_STATUS, cause_named
from .channel import Channel
from .dialing import UnreachableError
from .enterprise import SEPARATOR
from .exports import export, exported
from .sounds import play

if TYPE_CHECKING:
    from .pbx import Pbx

_LOG = logging.getLogger(__name__)


def _answer(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.switchboard.answer(leg)


def _pre_answer(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.switchboard.pre_answer(leg)


def _hangup(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.switchboard.hang_up(leg, cause_named(data))


def _respond(pbx: Pbx, leg: Channel, data: str) -> None:
    status = data.split(" ", 1)[0]
    code = int(status) if status.isdigit() else 0
    pbx.switchboard.hang_up(leg, OF_SIP_STATUS.get(code, "NORMAL_CLEARING"))


def _set(pbx: Pbx, leg: Channel, data: str) -> None:
    name, _, value = data.partition("=")
    leg.set_variable(name.strip(), "" if value == "_undef_" else value)


def _unset(pbx: Pbx, leg: Channel, data: str) -> None:
    leg.set_variable(data, "")


def _log(pbx: Pbx, leg: Channel, data: str) -> None:
    _LOG.info("%s: %s", leg.uuid, data)


def _eval(pbx: Pbx, leg: Channel, data: str) -> None:
    """What stands in ``data`` was done while it was expanded."""


def _execute_extension(pbx: Pbx, leg: Channel, data: str) -> None:
    destination, _, context = [*data.split(), "", "", ""][:3]
    pbx.router.execute_extension(leg, destination, context)


def _ring_ready(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.switchboard.progress(leg)


def _sleep(pbx: Pbx, leg: Channel, data: str) -> None:
    if data.isdigit():
        leg.wait(lambda: leg.is_called_away, timeout=int(data) / 1000)


def _park(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.router.wait_parked(leg)


def _playback(pbx: Pbx, leg: Channel, data: str) -> None:
    play(pbx, leg, data)


def _transfer(pbx: Pbx, leg: Channel, data: str) -> None:
    words = data.split()
    which = words.pop(0) if words[0].startswith("-") else ""
    destination, dialplan, context = [*words, "", "", ""][:3]
    moved = leg.bridged_to if which else leg
    if moved is not None:
        pbx.router.transfer(moved, destination, dialplan, context)
    if which == "-both":
        pbx.router.transfer(leg, destination, dialplan, context)


def _bridge(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.signalling.prepare(leg)
    try:
        called = pbx.dialer.dial(data, caller=leg, extra=exported(leg))
    except UnreachableError as failure:
        leg.variables |= {"originate_disposition": failure.cause, "DIALSTATUS": failure.cause}
        if not leg.is_called_away and not leg.is_set("continue_on_fail"):
            pbx.switchboard.hang_up(leg, failure.cause)
        return
    if SEPARATOR not in data:
        leg.variables |= {"originate_disposition": "SUCCESS", "DIALSTATUS": "SUCCESS"}
        leg.set_variable("originate_signal_bond", "")
    called = called.picked_by or called
    with called.held():
        # The caller's side of the PBX notices the answer a moment after the called one's.
        gevent.sleep(0)
        pbx.signalling.talk(leg, called)


def _event(pbx: Pbx, leg: Channel, data: str) -> None:
    pairs = [pair.partition("=") for pair in data.split(",")]
    headers = {name.strip(): value for name, _, value in pairs}
    subclass = headers.pop("Event-Subclass", "")
    name = headers.pop("Event-Name", "CUSTOM")
    pbx.bus.fire(name, [*leg.headers(), *headers.items()], subclass=subclass)


def _hash(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.hash.command(data)


def _callcenter(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.callcenter.queue_member(leg, data)


def _fifo(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.fifos.enter(leg, data)


def _conference(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.conferences.join(leg, data)


def _lua(pbx: Pbx, leg: Channel, data: str) -> None:
    pbx.scripts.run_on(leg, data)


APPLICATIONS: dict[str, Callable[[Pbx, Channel, str], None]] = {
    "answer": _answer,
    "att_xfer": consulting.att_xfer,
    "bind_meta_app": keys.bind_meta_app,
    "bridge": _bridge,
    "callcenter": _callcenter,
    "conference": _conference,
    "eavesdrop": listening.listen,
    "eval": _eval,
    "event": _event,
    "execute_extension": _execute_extension,
    "export": export,
    "fifo": _fifo,
    "hangup": _hangup,
    "hash": _hash,
    "intercept": fetching.intercept,
    "log": _log,
    "lua": _lua,
    "park": _park,
    "pickup": fetching.pickup,
    "play_and_get_digits": keys.play_and_get_digits,
    "playback": _playback,
    "pre_answer": _pre_answer,
    "read": keys.read,
    "record": recording.record,
    "record_session": recording.record_session,
    "respond": _respond,
    "ring_ready": _ring_ready,
    "set": _set,
    "sleep": _sleep,
    "stop_record_session": recording.stop_record_session,
    "three_way": listening.listen,
    "transfer": _transfer,
    "unbind_meta_app": keys.unbind_meta_app,
    "valet_park": fetching.valet_park,
    "unset": _unset,
}
