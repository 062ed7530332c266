"""All legs, each living in a greenlet of its own from CHANNEL_CREATE to CHANNEL_DESTROY.

Its counterparts are the parts that make legs (``outside.py``, ``dialing.py``) and those that move
them (``routing.py``, ``bridging.py``). A leg does one step after the other; ``redirect`` gives it
another step, and the one it is in returns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import gevent

from .causes import CAUSES
from .channel import Channel, Headers, State, Step
from .events import EventBus, Value
from .profile import Profile, now_us
from .sip import NOT_AGREED, SEEN, answered_variables, media_variables

PARTED = 0.1
"""Seconds after which a leg goes on though its bridge was not ended yet."""


class Switchboard:
    """The live legs, and what can happen to any one of them."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._legs: dict[str, Channel] = {}
        self.sessions_since_start = 0

    def __iter__(self) -> Iterator[Channel]:
        """Every leg that was not destroyed yet; ``show channels`` lags like this too."""
        return iter(list(self._legs.values()))

    def __len__(self) -> int:
        return len(self._legs)

    def find(self, uuid: str) -> Channel | None:
        """A leg that was not hung up; FreeSWITCH denies any other."""
        leg = self._legs.get(uuid)
        return None if leg is None or leg.is_ended else leg

    def create(
        self,
        name: str,
        profile: Profile,
        variables: dict[str, Value],
        first: Step | None = None,
        *,
        uuid_wanted: str = "",
        originator: Channel | None = None,
        is_hidden: bool = False,
    ) -> Channel:
        """A new leg. It begins with ``first``; without one it waits for ``redirect``."""
        self.sessions_since_start += 1
        leg = Channel(
            name,
            profile,
            variables,
            session_id=self.sessions_since_start,
            uuid_wanted=uuid_wanted,
        )
        if originator is not None:
            leg.meets("originator", originator)
            leg.call_uuid = originator.call_uuid
            leg.variables["call_uuid"] = originator.call_uuid
        self._legs[leg.uuid] = leg
        leg.is_hidden = is_hidden
        if not is_hidden:
            self.fire("CHANNEL_CREATE", leg)
            if leg.direction == "outbound":
                self.fire("CHANNEL_ORIGINATE", leg)
        leg.state = State.CS_CONSUME_MEDIA
        leg.next_step = first
        gevent.spawn(self._live, leg)
        return leg

    def fire(
        self,
        name: str,
        leg: Channel,
        first: Iterable[tuple[str, Value]] = (),
        last: Iterable[tuple[str, Value]] = (),
    ) -> None:
        """An event about ``leg``, with headers before and after the leg's own."""
        self._bus.fire(name, [*first, *leg.headers(), *last])

    def progress(self, leg: Channel) -> None:
        """The other side rings."""
        if leg.progress_us or leg.early_us or leg.is_answered or leg.is_ended:
            return
        self._tell_twin(leg, self.progress)
        leg.progress_us = now_us()
        leg.profile = replace(leg.profile, network_address="127.0.0.1")
        self.fire("CHANNEL_PROGRESS", leg)
        leg.call_state = "RINGING"
        leg.changed()

    def pre_answer(self, leg: Channel) -> None:
        """Media flow before the answer."""
        if leg.early_us or leg.is_answered or leg.is_ended:
            return
        self._tell_twin(leg, self.pre_answer)
        leg.early_us = now_us()
        if leg.twin is None:
            leg.variables.update(media_variables())
        leg.variables["endpoint_disposition"] = "EARLY MEDIA"
        self.fire("CHANNEL_PROGRESS_MEDIA", leg)
        leg.call_state = "EARLY"
        leg.changed()

    def answer(self, leg: Channel) -> None:
        """The leg is answered; nothing happens where it already was.

        Where the codec was still to be agreed on, the media begin with that.
        """
        if leg.is_answered or leg.is_ended:
            return
        if leg.variables.get("endpoint_disposition") == NOT_AGREED and leg.codec == SEEN:
            self.pre_answer(leg)
        self._tell_twin(leg, self.answer)
        leg.answered_us = now_us()
        if leg.twin is None:
            leg.variables.update({**media_variables(leg.codec), **answered_variables()})
        self.fire("CHANNEL_ANSWER", leg)
        leg.variables["endpoint_disposition"] = "ANSWER"
        leg.call_state = "ACTIVE"
        leg.changed()

    def hang_up(self, leg: Channel, cause: str) -> None:
        """End the leg; only the first cause counts."""
        if leg.is_ended:
            return
        self.unhold(leg)
        leg.cause = cause
        self.fire("CHANNEL_HANGUP", leg)
        leg.hangup_us = now_us()
        leg.changed()

    def _tell_twin(self, leg: Channel, what: Callable[[Channel], None]) -> None:
        """What happens to the dialling leg of a loopback pair happens to the called one before."""
        if leg.twin is not None and leg.direction == "inbound":
            what(leg.twin)

    def hold(self, leg: Channel) -> None:
        """The leg's telephone puts the other side on hold; it hears music."""
        if leg.is_holding or leg.is_ended:
            return
        leg.is_holding, leg.call_state = True, "HELD"
        self.fire("CHANNEL_HOLD", leg)
        # With this event FreeSWITCH forgets in ``show channels`` what the leg does.
        leg.application = leg.application_data = ""
        if leg.bridged_to is not None:
            leg.bridged_to.run("playback", "local_stream://moh")

    def unhold(self, leg: Channel) -> None:
        """The telephone no longer holds the other side: it takes it back, or goes."""
        if leg.is_holding:
            leg.is_holding, leg.call_state = False, "UNHELD"
            self.fire("CHANNEL_UNHOLD", leg)

    def resume(self, leg: Channel) -> None:
        """The telephone takes the other side back."""
        if leg.is_holding:
            self.unhold(leg)
            leg.call_state = "ACTIVE"

    def redirect(self, leg: Channel, step: Step) -> None:
        """Interrupt what the leg is doing, and run ``step`` instead."""
        leg.next_step = step
        leg.redirections += 1
        leg.changed()

    def press(self, leg: Channel, keys: str) -> None:
        """The person on the leg presses keys."""
        for key in keys:
            leg.digits.append(key)
            digit: Headers = [
                ("DTMF-Digit", key),
                ("DTMF-Duration", "2000"),
                ("DTMF-Source", "APP"),
            ]
            self._bus.fire("DTMF", [*leg.headers(with_variables=False), *digit])
        leg.changed()

    def _live(self, leg: Channel) -> None:
        if leg.next_step is None:
            leg.wait(lambda: leg.is_called_away)
        while not leg.is_ended and leg.next_step is not None:
            self._wait_parted(leg)
            step, leg.next_step = leg.next_step, None
            step()
        self.hang_up(leg, "NORMAL_CLEARING")
        if leg.twin is not None:
            self.hang_up(leg.twin, leg.cause)
        self._report(leg)
        leg.wait(lambda: not leg.is_held)
        self.fire("CHANNEL_DESTROY", leg)
        del self._legs[leg.uuid]
        leg.is_destroyed = True
        leg.changed()

    @staticmethod
    def _wait_parted(leg: Channel) -> None:
        """A leg that was called away from a bridge goes on when the other one knows of it."""
        if leg.bridged_to is not None:
            leg.wait(lambda: leg.is_ended or leg.bridged_to is None, timeout=PARTED)

    def _report(self, leg: Channel) -> None:
        """CHANNEL_HANGUP_COMPLETE, with what a call record is made of."""
        leg.state = State.CS_REPORTING
        leg.call_state = "HANGUP"
        leg.variables |= _call_record(leg)
        headers: Headers = [("Hangup-Cause", leg.cause), *leg.headers(with_cause=False)]
        self._bus.fire("CHANNEL_HANGUP_COMPLETE", headers)
        leg.changed()


def _our_way_to_hang_up(leg: Channel) -> str:
    if leg.is_answered:
        return "send_bye"
    return "send_refuse" if leg.direction == "inbound" else "send_cancel"


def _call_record(leg: Channel) -> dict[str, Value]:
    record: dict[str, Value] = {
        "hangup_cause": leg.cause,
        "hangup_cause_q850": str(CAUSES[leg.cause].q850 if leg.cause in CAUSES else 16),
        "digits_dialed": "none",
    }
    if leg.twin is None:
        record["sip_hangup_disposition"] = leg.hung_up_by or _our_way_to_hang_up(leg)
    times = {
        "start": leg.created_us,
        "profile_start": leg.profile.created_us,
        "answer": leg.answered_us,
        "bridge": leg.bridged_us,
        "progress": leg.progress_us,
        "end": leg.hangup_us,
    }
    for name, moment in times.items():
        if moment:
            local = time.localtime(moment // 1_000_000)
            record[f"{name}_stamp"] = time.strftime("%Y-%m-%d %H:%M:%S", local)
        record[f"{name}_epoch"] = str(moment // 1_000_000)
        record[f"{name}_uepoch"] = str(moment)
    spans = {
        "duration": leg.hangup_us - leg.created_us,
        "bill": leg.hangup_us - leg.answered_us if leg.is_answered else 0,
        "answer": leg.answered_us - leg.created_us if leg.is_answered else 0,
        "wait": leg.bridged_us - leg.created_us if leg.bridged_us else 0,
    }
    for name, span in spans.items():
        seconds, milli, micro = (
            ("duration", "mduration", "uduration")
            if name == "duration"
            else (f"{name}sec", f"{name}msec", f"{name}usec")
        )
        record[seconds] = str(span // 1_000_000)
        record[milli] = str(span // 1000)
        record[micro] = str(span)
    record["caller_id"] = f'"{leg.profile.caller_name}" <{leg.profile.caller_number}>'
    if leg.application:
        record["last_app"] = leg.application
        record["last_arg"] = leg.application_data
    return record
