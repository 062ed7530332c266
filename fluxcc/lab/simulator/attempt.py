"""One attempt to reach a person: who asks, who is called, how long, and what they are shown.

Its counterpart is ``dialing.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .channel import Channel
from .enterprise import Race
from .events import Value
from .profile import Profile

DEFAULT_TIMEOUT = 60.0

_UNSAFE = '\r\n #%&+:;<=>?@[\\]^`{|}"'
"""What mod_sofia does not leave in a destination number (``protect_dest_uri``): ``+`` is ``%2B``
in every event about a leg that went out."""


@dataclass
class Attempt:
    """Everybody who is called at once."""

    caller: Channel | None
    on_behalf_of: Channel | None
    is_list: bool
    """The dial string names more than one endpoint."""
    legs: list[Channel] = field(default_factory=list)
    cause: str = ""
    """Why the last one could not be called."""
    race: Race | None = None
    """It is one dial string of several (enterprise originate)."""

    @property
    def shown(self) -> Profile | None:
        """The profile of whom is called for; none where the PBX calls by itself."""
        if self.race is not None and self.on_behalf_of is not None:
            return self.on_behalf_of.profile
        return self.caller.profile if self.caller is not None else None

    @property
    def is_won(self) -> bool:
        """Another dial string of the same race was taken."""
        return self.race is not None and self.race.is_won

    def taker(self) -> Channel | None:
        """Who has taken it, or lets its early media be heard."""
        for leg in self.legs:
            if leg.picked_by is not None:
                return leg
            ignores_early = leg.is_set("ignore_early_media")
            is_taken = leg.is_answered and not leg.is_to_be_confirmed
            if not leg.is_ended and (is_taken or (leg.is_early and not ignores_early)):
                return leg
        return None

    def is_over(self) -> bool:
        """Nobody is left to take it."""
        return all(leg.is_ended for leg in self.legs)


def seconds(text: str) -> float | None:
    """A time limit, where one is given."""
    return float(text) if text.isdigit() else None


def patience(attempt: Attempt) -> float:
    """For how long it may ring."""
    names = ("originate_timeout", "call_timeout")
    for leg in (*attempt.legs, attempt.caller):
        for name in names if attempt.is_list else ("leg_timeout", *names):
            if leg is not None and (limit := seconds(leg.variable(name))) is not None:
                return limit
    return DEFAULT_TIMEOUT


def _shown(profile: Profile, variables: dict[str, Value], asks: Channel | None) -> Profile:
    """The profile with the caller ID that was chosen in its place."""
    chosen = [
        str(variables.get(f"origination_caller_id_{kind}", ""))
        or (asks.variable(f"effective_caller_id_{kind}") if asks is not None else "")
        for kind in ("name", "number")
    ]
    return replace(
        profile,
        caller_name=chosen[0] or profile.caller_name,
        caller_number=chosen[1] or profile.caller_number,
    )


def _protected(user: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in _UNSAFE else c for c in user)


def outbound_profile(user: str, variables: dict[str, Value], attempt: Attempt) -> Profile:
    """The profile of a leg to ``user``."""
    if attempt.shown is not None:
        # A caller whose own profile was flipped passes on what it shows now.
        shown = _shown(attempt.shown, variables, attempt.caller or attempt.on_behalf_of)
        return replace(
            shown,
            direction="outbound",
            destination=_protected(user),
            callee_name="Outbound Call",
            callee_number=user,
            transfer_source="",
            is_flipped=False,
            index=1,
        )
    name = str(variables.get("origination_caller_id_name", ""))
    number = str(variables.get("origination_caller_id_number", "0000000000"))
    return Profile(
        direction="outbound",
        caller_name=name,
        caller_number=number,
        original_name=name,
        original_number=number,
        destination=_protected(user),
        context="default",
        dialplan="",
        callee_name="Outbound Call",
        callee_number=user,
        ani=number,
        source="src/switch_ivr_originate.c",
    )
