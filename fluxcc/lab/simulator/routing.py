"""A leg's way through the dialplan: hunt, then run the actions one after the other.

Its counterparts are ``dialplan.py``, which knows what matches, and ``applications.py``, which
knows what each action does.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from .channel import Channel, Headers, State
from .configuration import Configuration
from .dialplan import Action, Hunt
from .expansion import expand
from .profile import Profile
from .switchboard import Switchboard
from .xmlcurl import XmlCurl

NEED_MEDIA = frozenset({"record_session"})
"""Applications before which media must flow."""

Application = Callable[[Channel, str], None]


class Router:
    """Takes legs through the dialplan."""

    def __init__(
        self,
        switchboard: Switchboard,
        configuration: Configuration,
        xml_curl: XmlCurl,
        applications: Mapping[str, Application],
        api: Callable[[str, str], str],
    ) -> None:
        self._switchboard = switchboard
        self._configuration = configuration
        self._xml_curl = xml_curl
        self._applications = applications
        self._api = api

    def route(self, leg: Channel) -> None:
        """Hunt through the leg's context and run what matches."""
        leg.state = State.CS_ROUTING
        if leg.direction == "inbound":
            leg.call_state = "RINGING"
        leg.has_hit_dialplan = True
        hunt = self._hunt(leg, leg.profile)
        if hunt.has_found:
            self.execute(leg, hunt.actions)
        else:
            self._switchboard.hang_up(leg, "NO_ROUTE_DESTINATION")

    def execute_extension(self, leg: Channel, destination: str, context: str) -> None:
        """Run an extension as a subroutine: what was going on goes on after it."""
        inside = leg.context_inside
        leg.context_inside = context or leg.profile.context
        profile = replace(leg.profile, destination=destination, context=leg.context_inside)
        try:
            self.execute_inside(leg, self._hunt(leg, profile).actions)
        finally:
            leg.context_inside = inside

    def execute_inside(self, leg: Channel, actions: list[Action]) -> None:
        """Run the actions within what the leg does now, such as a bridge."""
        for action in actions:
            if leg.is_called_away:
                return
            self._run(leg, action)

    def _hunt(self, leg: Channel, profile: Profile) -> Hunt:
        hunt = Hunt(
            read_field=lambda name: self._field(leg, profile, name),
            expand=lambda text: self.expand(leg, text),
            run_inline=lambda action: self._run_inline(leg, action),
            matched=lambda caught: leg.set_variable("DP_MATCH", caught),
        )
        facts = {
            "Caller-Context": profile.context,
            "Caller-Destination-Number": profile.destination,
            "Caller-Caller-ID-Number": profile.field_named("caller_id_number"),
        }
        context = self._xml_curl.context_of_call(profile.context, facts)
        if context is not None:
            hunt.through(context)
        return hunt

    def execute(self, leg: Channel, actions: list[Action]) -> None:
        """Run the actions until the leg is called away; at their end the leg is hung up."""
        leg.state = State.CS_EXECUTE
        if leg.is_answered:
            leg.call_state = "ACTIVE"
        self.execute_inside(leg, actions)

    def transfer(self, leg: Channel, destination: str, dialplan: str, context: str) -> None:
        """Send the leg to another number: accepted at once, done in its own time."""
        self.flip(leg)
        dialplan = dialplan or leg.profile.dialplan or "XML"
        context = context or leg.profile.context or "default"
        source = f"{int(time.time())}:{uuid.uuid4()}:bl_xfer:{destination}/{context}/{dialplan}"
        leg.profile = leg.profile.transferred(destination, dialplan, context, source)
        leg.note_transfer(source)
        bond = self._switchboard.find(leg.variable("signal_bond"))
        if bond is not None and bond.variable("signal_bond") == leg.uuid:
            bond.variables.pop("signal_bond")
        for name in ("signal_bond", "park_after_bridge"):
            leg.variables.pop(name, None)
        if leg.is_past and leg.bridged_to is not None and not leg.is_ended:
            leg.see_media()
            self._switchboard.hang_up(leg.bridged_to, "BLIND_TRANSFER")
        leg.other = None
        leg.call_uuid = leg.uuid
        leg.variables["call_uuid"] = leg.uuid
        if dialplan.lower() == "inline":
            actions = [_inline_action(word) for word in destination.split(",")]
            self._switchboard.redirect(leg, lambda: self.execute(leg, actions))
        else:
            self._switchboard.redirect(leg, lambda: self.route(leg))

    def flip(self, leg: Channel) -> None:
        """Turn a called leg into a calling one, once: its own number becomes the caller ID."""
        if leg.direction == "outbound" and not leg.profile.is_flipped:
            leg.profile = leg.profile.flipped()
            leg.variables["channel_cid_flipped"] = "yes"
        elif leg.direction == "inbound" and leg.profile.is_flipped:
            leg.profile = leg.profile.flipped()

    def park(self, leg: Channel) -> None:
        """Park the leg until it is transferred or bridged."""
        leg.state = State.CS_PARK
        self.wait_parked(leg)

    def wait_parked(self, leg: Channel) -> None:
        """CHANNEL_PARK, CHANNEL_UNPARK and the time between."""
        self._switchboard.fire("CHANNEL_PARK", leg)
        leg.wait(lambda: leg.is_called_away)
        self._switchboard.fire("CHANNEL_UNPARK", leg)

    def expand(self, leg: Channel, text: str) -> str:
        """``text`` with the leg's variables, global variables and api answers filled in."""
        return expand(
            text,
            lambda name: leg.variable(name) or self._configuration.variables.get(name, ""),
            self._api,
        )

    def _field(self, leg: Channel, profile: Profile, name: str) -> str:
        return self.expand(leg, name) if "$" in name else profile.field_named(name)

    def _run(self, leg: Channel, action: Action) -> None:
        run = self._applications.get(action.application)
        if run is None:
            # So FreeSWITCH treats an application that no loaded module has.
            self._switchboard.hang_up(leg, "DESTINATION_OUT_OF_ORDER")
            return
        data = self.expand(leg, action.data)
        if action.application in NEED_MEDIA:
            self._switchboard.pre_answer(leg)
        leg.run(action.application, data)
        named: Headers = [("Application", action.application)]
        if data:
            named.append(("Application-Data", data))
        last: Headers = [("Application-UUID", str(uuid.uuid4()))]
        self._switchboard.fire("CHANNEL_EXECUTE", leg, last=[*named, *last])
        run(leg, data)
        response: Headers = [("Application-Response", "_none_")]
        self._switchboard.fire("CHANNEL_EXECUTE_COMPLETE", leg, last=[*named, *response, *last])

    def _run_inline(self, leg: Channel, action: Action) -> None:
        if run := self._applications.get(action.application):
            run(leg, self.expand(leg, action.data))


def _inline_action(word: str) -> Action:
    application, _, data = word.partition(":")
    return Action(application, data)
