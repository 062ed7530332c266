"""One leg, and how events describe it.

Its counterparts are ``switchboard.py``, which changes legs, and every event about one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from gevent import Timeout
from gevent.event import Event as Signal

from .events import Value, array_text
from .keypad import Keypad
from .profile import Profile
from .sip import PASSED_ON, SEEN, media_variables

_INDEXED = re.compile(r"(.+)\[([0-9]+)\]")
"""An element of a variable that is a list."""

Headers = list[tuple[str, Value]]
Step = Callable[[], None]
"""A leg's next step; it returns when it is done or the leg is sent elsewhere."""


class State(Enum):
    """FreeSWITCH's channel states with their numbers, as far as events show them."""

    CS_INIT = 1
    CS_ROUTING = 2
    CS_SOFT_EXECUTE = 3
    CS_EXECUTE = 4
    CS_EXCHANGE_MEDIA = 5
    CS_PARK = 6
    CS_CONSUME_MEDIA = 7
    CS_HIBERNATE = 8
    CS_HANGUP = 10
    CS_REPORTING = 11


@dataclass(frozen=True)
class OtherLeg:
    """The leg that called this one or was called by it (``Other-Type`` and ``Other-Leg-*``)."""

    kind: str
    """``originator`` or ``originatee``."""
    channel: Channel
    profile: Profile
    """As it was when the two met; a transfer since then does not show."""


class Channel:
    """A leg: its profile, its variables, its state, and its next step."""

    def __init__(
        self,
        name: str,
        profile: Profile,
        variables: dict[str, Value],
        *,
        session_id: int,
        uuid_wanted: str = "",
    ) -> None:
        self.uuid = uuid_wanted or str(uuid.uuid4())
        self.name = name
        self.direction = profile.direction
        self.profile = self.first_profile = profile
        self.call_uuid = self.uuid
        self.variables: dict[str, Value] = {
            "direction": self.direction,
            "uuid": self.uuid,
            "call_uuid": self.uuid,
            "session_id": str(session_id),
            "channel_name": name,
            **variables,
        }
        self.state = State.CS_INIT
        self.call_state = "DOWN"
        self.application = self.application_data = ""
        self.other: OtherLeg | None = None
        self.bridged_to: Channel | None = None
        self.has_hit_dialplan = self.direction == "inbound"
        self.created_us = profile.created_us
        self.progress_us = self.answered_us = self.bridged_us = self.hangup_us = 0
        self.cause = self.hung_up_by = ""
        self.is_destroyed = False
        self.is_holding = False
        """Its telephone has put the other side on hold."""
        self.is_consulting = False
        """It asks a third one, inside the bridge that it is in (``att_xfer``)."""
        self.is_hidden = False
        """The place of one who may still come (``pickup/``), which is not shown."""
        self.picked_by: Channel | None = None
        """Who came to that place."""
        self.early_us = 0
        self.codec = SEEN
        """Of the media that this leg's PBX sees; empty where it never saw any."""
        self.is_past = False
        """The media go past the PBX."""
        self.is_to_be_confirmed = False
        """The one who takes it has still to press a key (``group_confirm_key``)."""
        self.twin: Channel | None = None
        """The other leg of a loopback pair."""
        self.keypad = Keypad()
        self.context_inside = ""
        """The context of the extension that runs inside a bridge."""
        self.digits: list[str] = []
        """Keys the person on this leg has pressed and nothing has taken yet."""
        self.next_step: Step | None = None
        self.redirections = 0
        self._holders = 0
        self._watchers: list[Signal] = []

    @property
    def is_ended(self) -> bool:
        """Hung up, though events about it may still come."""
        return bool(self.cause)

    @property
    def is_answered(self) -> bool:
        """Answered at some time."""
        return self.answered_us > 0

    @property
    def is_early(self) -> bool:
        """Media flow, though nobody has answered yet."""
        return self.early_us > 0 and not self.is_answered

    @property
    def is_called_away(self) -> bool:
        """Whether what the leg is doing must end, because it was hung up or sent elsewhere."""
        return self.is_ended or self.next_step is not None

    def departure(self) -> Callable[[], bool]:
        """For a greenlet that is not the leg's own: whether it has left what it does now."""
        redirections = self.redirections
        return lambda: self.is_ended or self.redirections != redirections

    @property
    def is_passed_on(self) -> bool:
        """The media go through the PBX unseen."""
        return self.codec == PASSED_ON

    @property
    def has_codec(self) -> bool:
        """Whether a codec is shown."""
        is_known = self.direction == "inbound" or self.is_answered or self.is_early
        return bool(self.codec) and (is_known or self.twin is not None)

    def see_media(self) -> None:
        """The media come here, where they did not."""
        if self.is_past or not self.codec:
            self.codec = SEEN
            self.variables |= media_variables()

    @property
    def is_held(self) -> bool:
        """Something still works with the leg, so that it cannot be destroyed yet."""
        return self._holders > 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the leg from being destroyed, as a session's read lock does."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self.changed()

    def changed(self) -> None:
        """Wake every greenlet that waits for a change of this leg."""
        for watcher in self._watchers:
            watcher.set()

    def wait(
        self, until: Callable[[], bool], *others: Channel, timeout: float | None = None
    ) -> bool:
        """Sleep until a change of this leg or of ``others`` makes ``until`` true; say whether."""
        signal = Signal()
        watched = (self, *others)
        for channel in watched:
            channel._watchers.append(signal)
        try:
            with Timeout(timeout, False):
                while not until():
                    signal.clear()
                    signal.wait()
            return until()
        finally:
            for channel in watched:
                channel._watchers.remove(signal)

    def meets(self, kind: str, leg: Channel) -> None:
        """Note ``leg`` as the one that called this one, or that this one called."""
        if self.other is None or self.other.kind != kind or self.other.channel is not leg:
            self.other = OtherLeg(kind, leg, leg.profile)

    def run(self, application: str, data: str) -> None:
        """Note what the leg does now."""
        self.application, self.application_data = application, data
        self.variables["current_application"] = application
        self.set_variable("current_application_data", data)

    def set_variable(self, name: str, value: Value) -> None:
        """Set a variable; an empty value takes it away."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    def note_transfer(self, source: str) -> None:
        """Remember where the leg was sent: the last time by itself, and every time in a row."""
        known = self.variables.get("transfer_history")
        earlier = known if isinstance(known, list) else [known] if known else []
        self.variables["transfer_history"] = [*earlier, source] if earlier else source
        self.variables["transfer_source"] = source

    def variable(self, name: str) -> str:
        """A variable, or a field of the profile by the same name; empty where there is none."""
        if indexed := _INDEXED.fullmatch(name):
            values = self.variables.get(indexed[1])
            place = int(indexed[2])
            return values[place] if isinstance(values, list) and place < len(values) else ""
        value = self.variables.get(name)
        return array_text(value) if value is not None else self.profile.field_named(name)

    def is_set(self, name: str) -> bool:
        """Whether the variable says yes, in any of FreeSWITCH's words for it."""
        word = self.variable(name).lower()
        return word in ("yes", "on", "true", "t", "enabled", "active", "allow") or (
            word.isdigit() and int(word) > 0
        )

    def headers(self, *, with_cause: bool = True, with_variables: bool = True) -> Headers:
        """The leg as FreeSWITCH's events show it."""
        headers = self._state_headers(with_cause)
        headers += _profile_headers("Caller", self.profile, self, self._times())
        if self.other is not None:
            leg = self.other.channel
            # FreeSWITCH copies the originator's profile before any time is known in it.
            times = [0] * 6 if self.other.kind == "originator" else leg._times()
            headers.append(("Other-Type", self.other.kind))
            headers += _profile_headers("Other-Leg", self.other.profile, leg, times)
        if with_variables:
            headers += [(f"variable_{name}", value) for name, value in self.variables.items()]
        return headers

    def _state_headers(self, with_cause: bool) -> Headers:
        early = "early" if self.is_early else "ringing"
        answer = "hangup" if self.is_ended else "answered" if self.is_answered else early
        headers: Headers = [
            ("Channel-State", self.state.name),
            ("Channel-Call-State", self.call_state),
            ("Channel-State-Number", str(self._state_wanted().value)),
            ("Channel-Name", self.name),
            ("Unique-ID", self.uuid),
            ("Call-Direction", self.direction),
            ("Presence-Call-Direction", self.direction),
            ("Channel-HIT-Dialplan", "true" if self.has_hit_dialplan else "false"),
        ]
        if presence := self.variables.get("presence_id"):
            headers.append(("Channel-Presence-ID", presence))
        headers += [("Channel-Call-UUID", self.call_uuid), ("Answer-State", answer)]
        if with_cause and self.is_ended:
            headers.append(("Hangup-Cause", self.cause))
        if self.has_codec:
            for way in ("Read", "Write"):
                headers += [
                    (f"Channel-{way}-Codec-Name", self.codec),
                    (f"Channel-{way}-Codec-Rate", "8000"),
                    (f"Channel-{way}-Codec-Bit-Rate", "0" if self.is_passed_on else "64000"),
                ]
        return headers

    def _state_wanted(self) -> State:
        """Events name the state that still runs, and number the one that was asked for."""
        if self.state is State.CS_INIT:
            return State.CS_ROUTING
        if self.is_ended and self.state is not State.CS_REPORTING:
            return State.CS_HANGUP
        return self.state

    def _times(self) -> list[int]:
        return [
            self.created_us,
            self.answered_us,
            self.progress_us,
            self.early_us,
            self.hangup_us,
            self.bridged_us,
        ]


def _profile_headers(prefix: str, profile: Profile, channel: Channel, times: list[int]) -> Headers:
    logical = profile.direction if prefix == "Caller" else "inbound"
    created, answered, progress, early, hangup, bridged = map(str, times)
    hides = "true" if profile.hides_number else "false"
    fields = [
        ("Direction", profile.direction),
        ("Logical-Direction", logical),
        ("Username", profile.username),
        ("Dialplan", profile.dialplan),
        ("Caller-ID-Name", profile.caller_name),
        ("Caller-ID-Number", profile.caller_number),
        ("Orig-Caller-ID-Name", profile.original_name),
        ("Orig-Caller-ID-Number", profile.original_number),
        ("Callee-ID-Name", profile.callee_name),
        ("Callee-ID-Number", profile.callee_number),
        ("Network-Addr", profile.network_address),
        ("ANI", profile.ani),
        ("Destination-Number", profile.destination),
        ("Unique-ID", channel.uuid),
        ("Source", profile.source),
        ("Transfer-Source", profile.transfer_source),
        ("Context", profile.context),
        ("RDNIS", profile.rdnis),
        ("Channel-Name", channel.name),
        ("Profile-Index", str(profile.index) if prefix == "Caller" else ""),
        ("Profile-Created-Time", str(profile.created_us)),
        ("Channel-Created-Time", created),
        ("Channel-Answered-Time", answered),
        ("Channel-Progress-Time", progress),
        ("Channel-Progress-Media-Time", early),
        ("Channel-Hangup-Time", hangup),
        ("Channel-Transfer-Time", "0"),
        ("Channel-Resurrect-Time", "0"),
        ("Channel-Bridged-Time", bridged),
        ("Channel-Last-Hold", "0"),
        ("Channel-Hold-Accum", "0"),
        ("Screen-Bit", "true"),
        ("Privacy-Hide-Name", hides),
        ("Privacy-Hide-Number", hides),
    ]
    # FreeSWITCH leaves out a field that is empty.
    return [(f"{prefix}-{name}", value) for name, value in fields if value]
