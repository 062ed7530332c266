"""Outbound calls: the directory, legs that go out, and who of several answers first.

Its counterparts are the ``bridge`` application, the ``originate`` command and mod_callcenter on
one side, the telephones in ``outside.py`` on the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import gevent

from .attempt import Attempt, outbound_profile, patience, seconds
from .channel import Channel
from .configuration import Configuration
from .confirming import confirm
from .dialstring import Endpoint, alternatives, split_variables
from .enterprise import SEPARATOR, Race, UnreachableError
from .events import Value
from .loopback import ADDRESS as LOOPBACK
from .loopback import Loopbacks
from .outside import Outside
from .sip import outbound_variables
from .switchboard import Switchboard

_SOFIA = re.compile(r"sofia/(?P<profile>[^/]+)/(?:sip:)?(?P<user>[^@]*)@(?P<host>.+)")
_ERROR = re.compile(r"error/(?P<cause>\w+)", re.IGNORECASE)


class Dialer:
    """Makes legs that go out, and waits for their answer."""

    def __init__(
        self,
        switchboard: Switchboard,
        configuration: Configuration,
        outside: Outside,
        loopbacks: Loopbacks,
        expand: Callable[[str], str],
    ) -> None:
        self._switchboard = switchboard
        self._configuration = configuration
        self._outside = outside
        self._loopbacks = loopbacks
        self._expand = expand
        self.places: dict[str, list[Channel]] = {}
        """Legs that can be picked up, by group."""

    def dial(
        self,
        dial_string: str,
        *,
        caller: Channel | None = None,
        on_behalf_of: Channel | None = None,
        extra: dict[str, Value] | None = None,
        gives_up: Callable[[], bool] = lambda: False,
    ) -> Channel:
        """Ring whom ``dial_string`` names and return the leg that answered first.

        One that sends early media counts as answered. ``caller`` is the leg that dials (as
        ``bridge`` does): the new one takes its caller ID and knows it as its originator.
        ``on_behalf_of`` only gives up waiting when that leg leaves (mod_callcenter rings agents
        so).
        """
        if SEPARATOR in dial_string:
            return self._dial_enterprise(dial_string, caller, on_behalf_of, extra or {}, gives_up)
        return self._dial(dial_string, caller, on_behalf_of, extra or {}, gives_up)

    def _dial_enterprise(
        self,
        dial_string: str,
        caller: Channel | None,
        on_behalf_of: Channel | None,
        extra: dict[str, Value],
        gives_up: Callable[[], bool],
    ) -> Channel:
        common, text = split_variables(dial_string, "<")
        asks = caller or on_behalf_of
        known: dict[str, Value] = {"ignore_early_media": "true"}
        if caller is not None:
            known |= dict.fromkeys(("ent_originate_aleg_uuid", "originating_leg_uuid"), caller.uuid)
        extra = {**known, **extra, **common}
        race = Race()
        taker = race.run(
            [
                partial(self._dial, part, None, asks, extra, gives_up, race)
                for part in text.split(SEPARATOR)
            ]
        )
        if caller is not None:
            caller.meets("originatee", taker)
            caller.profile = caller.profile.talking_to(taker.profile)
            caller.variables["originate_disposition"] = "success"
        return taker

    def _dial(
        self,
        dial_string: str,
        caller: Channel | None,
        on_behalf_of: Channel | None,
        extra: dict[str, Value],
        gives_up: Callable[[], bool],
        race: Race | None = None,
    ) -> Channel:
        groups = alternatives(dial_string)
        is_list = len(groups) > 1 or len(groups[0]) > 1
        failure = UnreachableError("DESTINATION_OUT_OF_ORDER")
        waiting = caller or on_behalf_of
        departed = waiting.departure() if waiting is not None else lambda: False

        def has_left() -> bool:
            # One who consults may hang up before it is answered: the partner is bridged then.
            is_waited_for = caller is not None and caller.is_consulting
            return gives_up() or (departed() and not is_waited_for)

        for group in groups:
            attempt = Attempt(caller, on_behalf_of, is_list, race=race)
            try:
                return self._try(attempt, group, extra, has_left)
            except UnreachableError as one:
                failure = one
            if has_left() or attempt.is_won:
                break
        raise failure

    def _try(
        self,
        attempt: Attempt,
        group: list[Endpoint],
        extra: dict[str, Value],
        has_left: Callable[[], bool],
    ) -> Channel:
        caller = attempt.caller
        for endpoint in group:
            try:
                self._call(attempt, endpoint, extra)
            except UnreachableError as failure:
                attempt.cause = failure.cause
        if caller is not None:
            caller.variables |= {"originate_disposition": "failure", "DIALSTATUS": "INVALIDARGS"}
        with ExitStack() as held:
            for leg in attempt.legs:
                held.enter_context(leg.held())
            taker = self._wait(attempt, has_left)
        if taker is not None:
            return taker
        # The dialling leg goes on after every event about the legs that failed.
        for leg in attempt.legs:
            leg.wait(lambda leg=leg: leg.is_destroyed)  # type: ignore[misc]
        raise UnreachableError(attempt.legs[-1].cause if attempt.legs else attempt.cause)

    def _call(self, attempt: Attempt, endpoint: Endpoint, extra: dict[str, Value]) -> None:
        caller = attempt.caller
        for address, own in self._look_up(endpoint, caller):
            variables = {**extra, **own}
            if address.startswith("pickup/"):
                attempt.legs.append(self._keep_place(address, variables, attempt))
                continue
            if parts := _SOFIA.fullmatch(address):
                leg = self._ring(parts, variables, attempt)
            elif parts := LOOPBACK.fullmatch(address):
                profile = outbound_profile(parts["extension"], variables, attempt)
                leg = self._loopbacks.call(parts, profile, variables, caller)
            else:
                error = _ERROR.fullmatch(address)
                raise UnreachableError(
                    error["cause"].upper() if error else "DESTINATION_OUT_OF_ORDER"
                )
            self._keep(attempt, leg)
            if caller is not None and attempt.is_list and endpoint.address.startswith("user/"):
                caller.meets("originatee", leg)
                caller.variables["signal_bond"] = leg.uuid

    def _keep(self, attempt: Attempt, leg: Channel) -> None:
        attempt.legs.append(leg)
        if attempt.race is not None:
            attempt.race.legs.append(leg)
        if attempt.caller is not None:
            leg.codec = attempt.caller.codec if leg.twin is None else leg.codec
            called = f"{leg.uuid};{leg.profile.callee_name};{leg.profile.callee_number}"
            attempt.caller.variables["originated_legs"] = called
            attempt.caller.variables["originate_signal_bond"] = leg.uuid
        confirm(leg, attempt.caller)

    def _look_up(
        self, endpoint: Endpoint, caller: Channel | None
    ) -> Iterator[tuple[str, dict[str, Value]]]:
        """Turn ``user/EXT[@DOMAIN]`` into the directory's dial string: all that it names."""
        if not endpoint.address.startswith("user/"):
            yield endpoint.address, endpoint.variables
            return
        user, _, domain = endpoint.address.removeprefix("user/").partition("@")
        domain = domain or self._configuration.variables.get("domain", "")
        found = self._configuration.dial_string(user, domain)
        if found is None:
            raise UnreachableError("SUBSCRIBER_ABSENT")
        dialled: dict[str, Value] = {"dialed_user": user, "dialed_domain": domain}
        if caller is not None:
            caller.variables |= dialled
        for name, value in dialled.items():
            found = found.replace(f"${{{name}}}", str(value))
        known = {**dialled, "presence_id": f"{user}@{domain}"}
        for group in alternatives(self._expand(found)):
            for address, variables in group:
                yield address, {**endpoint.variables, **known, **variables}

    def _ring(
        self, address: re.Match[str], variables: dict[str, Value], attempt: Attempt
    ) -> Channel:
        user, host, profile_name = address["user"], address["host"], address["profile"]
        caller = attempt.caller
        profile = outbound_profile(user, variables, attempt)
        inside = caller.context_inside if caller is not None else ""
        context = inside or profile.context
        names = ("originator", "originating_leg_uuid", "signal_bond")
        known: dict[str, Value] = dict.fromkeys(names, caller.uuid) if caller is not None else {}
        domain = str(variables.get("sip_invite_domain", ""))
        leg = self._switchboard.create(
            f"sofia/{profile_name}/{user}@{host}",
            replace(profile, context=context),
            {**outbound_variables(f"{user}@{host}", profile_name, domain), **known, **variables},
            uuid_wanted=str(variables.get("origination_uuid", "")),
            originator=caller,
        )
        self._outside.ring(leg, user, host)
        return leg

    def _keep_place(self, address: str, variables: dict[str, Value], attempt: Attempt) -> Channel:
        """``pickup/GROUP``: a leg in whose place the application ``pickup`` puts another."""
        group = address.partition("/")[2]
        leg = self._switchboard.create(
            address,
            outbound_profile(group, variables, attempt),
            variables,
            originator=attempt.caller,
            is_hidden=True,
        )
        if attempt.caller is not None:
            leg.variables |= {"originator": attempt.caller.uuid, "signal_bond": attempt.caller.uuid}
        self.places.setdefault(group, []).append(leg)
        return leg

    def _wait(self, attempt: Attempt, has_left: Callable[[], bool]) -> Channel | None:
        """Who takes it; all others are hung up. A caller hears of it when it rings."""
        caller = attempt.caller
        waiting = caller or attempt.on_behalf_of
        others = [*attempt.legs[1:], *([waiting] if waiting is not None else [])]
        if not attempt.legs:
            return None
        first = attempt.legs[0]

        def is_decided() -> bool:
            is_settled = attempt.is_over() or attempt.is_won
            return attempt.taker() is not None or is_settled or has_left()

        limits = [
            gevent.spawn_later(limit, self._switchboard.hang_up, leg, "ALLOTTED_TIMEOUT")
            for leg in attempt.legs
            if attempt.is_list and (limit := seconds(leg.variable("leg_timeout"))) is not None
        ]
        timeout = patience(attempt)
        if caller is not None:
            first.wait(
                lambda: is_decided() or any(leg.progress_us for leg in attempt.legs),
                *others,
                timeout=timeout,
            )
            ringing = next((leg for leg in attempt.legs if leg.progress_us), None)
            if ringing is not None:
                if len(attempt.legs) == 1:
                    caller.profile = caller.profile.talking_to(ringing.profile)
                self._switchboard.progress(caller)
                if caller.is_answered:
                    caller.call_state = "RING_WAIT"
        is_in_time = first.wait(is_decided, *others, timeout=timeout)
        gevent.killall(limits, block=False)
        taker = None if has_left() or attempt.is_won else attempt.taker()
        is_lost = taker is not None or attempt.is_won
        lost = "LOSE_RACE" if is_lost else "ORIGINATOR_CANCEL" if is_in_time else "NO_ANSWER"
        for leg in attempt.legs:
            if leg is not taker:
                self._switchboard.hang_up(leg, lost)
        return taker


__all__ = ["Dialer", "UnreachableError"]
