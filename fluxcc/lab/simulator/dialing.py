"""Outbound calls: dial strings, the directory, and a leg that goes out.

Its counterparts are the ``bridge`` application, the ``originate`` command and mod_callcenter on
one side, the telephones in ``outside.py`` on the other.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .channel import Channel, Profile
from .configuration import Configuration
from .events import Value
from .outside import Outside
from .sip import outbound_variables
from .switchboard import Switchboard

DEFAULT_TIMEOUT = 60.0

_VARIABLES = re.compile(r"(?P<open>[{\[<])(?P<inside>[^}\]>]*)[}\]>]")
_UNSAFE = '\r\n #%&+:;<=>?@[\\]^`{|}"'
"""What mod_sofia does not leave in a destination number (``protect_dest_uri``): ``+`` is ``%2B``
in every event about a leg that went out."""
_SOFIA = re.compile(r"sofia/(?P<profile>[^/]+)/(?:sip:)?(?P<user>[^@]*)@(?P<host>.+)")


class UnreachableError(Exception):
    """Nobody was reached; the argument is FreeSWITCH's cause."""

    @property
    def cause(self) -> str:
        """FreeSWITCH's word for it."""
        return str(self.args[0])


class Dialer:
    """Makes legs that go out, and waits for their answer."""

    def __init__(
        self, switchboard: Switchboard, configuration: Configuration, outside: Outside
    ) -> None:
        self._switchboard = switchboard
        self._configuration = configuration
        self._outside = outside

    def dial(
        self,
        dial_string: str,
        *,
        caller: Channel | None = None,
        on_behalf_of: Channel | None = None,
        extra: dict[str, Value] | None = None,
    ) -> Channel:
        """Ring whom ``dial_string`` names and return the answered leg.

        ``caller`` is the leg that dials (as ``bridge`` does): the new one takes its caller ID and
        knows it as its originator. ``on_behalf_of`` only gives up waiting when that leg leaves
        (mod_callcenter rings agents so).
        """
        variables, endpoint = split_variables(dial_string)
        user_variables, endpoint = self._look_up(endpoint, caller)
        inner, endpoint = split_variables(endpoint)
        variables = {**(extra or {}), **variables, **user_variables, **inner}
        parts = _SOFIA.fullmatch(endpoint)
        if parts is None:
            raise UnreachableError("DESTINATION_OUT_OF_ORDER")
        leg = self._ring(parts, variables, caller)
        with leg.held():
            self._wait_for_answer(leg, variables, caller, on_behalf_of)
        if leg.is_ended:
            # The dialling leg goes on after every event about the leg that failed.
            leg.wait(lambda: leg.is_destroyed)
            raise UnreachableError(leg.cause)
        return leg

    def _look_up(self, endpoint: str, caller: Channel | None) -> tuple[dict[str, Value], str]:
        """Turn ``user/EXT[@DOMAIN]`` into the directory's dial string."""
        if not endpoint.startswith("user/"):
            return {}, endpoint
        user, _, domain = endpoint.removeprefix("user/").partition("@")
        domain = domain or self._configuration.variables.get("domain", "")
        found = self._configuration.dial_string(user, domain)
        if found is None:
            raise UnreachableError("SUBSCRIBER_ABSENT")
        dialled: dict[str, Value] = {"dialed_user": user, "dialed_domain": domain}
        if caller is not None:
            caller.variables |= dialled
        for name, value in dialled.items():
            found = found.replace(f"${{{name}}}", str(value))
        return {**dialled, "presence_id": f"{user}@{domain}"}, found

    def _ring(
        self, address: re.Match[str], variables: dict[str, Value], caller: Channel | None
    ) -> Channel:
        user, host, profile_name = address["user"], address["host"], address["profile"]
        leg = self._switchboard.create(
            f"sofia/{profile_name}/{user}@{host}",
            _outbound_profile(user, variables, caller),
            {**outbound_variables(f"{user}@{host}", profile_name), **variables},
            uuid_wanted=str(variables.get("origination_uuid", "")),
            originator=caller,
        )
        if caller is not None:
            leg.variables |= {
                "originator": caller.uuid,
                "originating_leg_uuid": caller.uuid,
                "signal_bond": caller.uuid,
            }
            caller.variables["originated_legs"] = f"{leg.uuid};Outbound Call;{user}"
        self._outside.ring(leg, user)
        return leg

    def _wait_for_answer(
        self,
        leg: Channel,
        variables: dict[str, Value],
        caller: Channel | None,
        on_behalf_of: Channel | None,
    ) -> None:
        """Return when the leg was answered or hung up; a caller hears of it when it rings."""
        timeout = DEFAULT_TIMEOUT
        for name in ("leg_timeout", "originate_timeout", "call_timeout"):
            if str(variables.get(name, "")).isdigit():
                timeout = float(str(variables[name]))
                break

        waiting = caller or on_behalf_of
        has_left = waiting.departure() if waiting is not None else lambda: False

        def is_decided() -> bool:
            return leg.is_answered or leg.is_ended or has_left()

        others = [waiting] if waiting is not None else []
        if caller is not None:
            leg.wait(lambda: leg.progress_us > 0 or is_decided(), *others, timeout=timeout)
            if leg.progress_us:
                caller.profile = caller.profile.talking_to(leg.profile)
                self._switchboard.progress(caller)
        is_in_time = leg.wait(is_decided, *others, timeout=timeout)
        if not leg.is_answered or leg.is_ended:
            self._switchboard.hang_up(leg, "ORIGINATOR_CANCEL" if is_in_time else "NO_ANSWER")


def split_variables(dial_string: str) -> tuple[dict[str, Value], str]:
    """The ``{…}`` and ``[…]`` in front of an endpoint as variables, and the endpoint."""
    variables: dict[str, Value] = {}
    text = dial_string.strip()
    while found := _VARIABLES.match(text):
        for pair in found["inside"].split(","):
            name, is_pair, value = pair.partition("=")
            if is_pair:
                variables[name.strip()] = value.strip("'")
        text = text[found.end() :].strip()
    return variables, text


def _protected(user: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in _UNSAFE else c for c in user)


def _outbound_profile(user: str, variables: dict[str, Value], caller: Channel | None) -> Profile:
    if caller is not None:
        # A caller whose own profile was flipped passes on what it shows now.
        return replace(
            caller.profile,
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
