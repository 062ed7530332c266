"""The world outside the PBX: people who call on the trunk, and telephones that ring.

Its counterpart is a test or the demo, which drives it through the ``sim_*`` commands. Telephones
with an address of their own are in ``telephones.py``; all others do what their number was told to.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import gevent

from .causes import CAUSES
from .channel import Channel
from .configuration import Configuration
from .events import Value
from .profile import Profile
from .sip import NOT_AGREED, asserted_variables, display_name, from_user, inbound_variables
from .switchboard import Switchboard
from .telephones import Telephones

PICK_UP = 0.003
"""Seconds a telephone rings before it is answered."""

_LONGEST_UUID = 256
"""Characters that FreeSWITCH keeps of one."""
PHONE_MODES = ("answer", "ring", "busy")


class Outside:
    """Callers by the UUID of their leg, telephones by the number that is dialled."""

    def __init__(
        self, switchboard: Switchboard, configuration: Configuration, telephones: Telephones
    ) -> None:
        self._switchboard = switchboard
        self._configuration = configuration
        self._telephones = telephones
        self._callers: dict[str, Channel] = {}
        self._modes: dict[str, str] = {}
        self._ports = itertools.count(40000)

    def call(
        self,
        number: str,
        name: str,
        destination: str,
        profile: str,
        route: Callable[[Channel], None],
        *,
        account: str = "",
        domain: str = "",
        call_id: str = "",
        asserted: str = "",
        by_remote_party: bool = False,
    ) -> Channel:
        """A caller with ``From: "name" <sip:number@…>`` dials ``destination``.

        ``account`` is the user of the directory's ``domain`` who is calling: by a digest where the
        profile asks for one, by the caller's address elsewhere. A ``call_id`` is the leg's UUID on
        a profile with ``inbound-use-callid-as-uuid``. Of who asks for privacy a number is asserted.
        """
        typed, user = number, from_user(number)
        shown_user = user.partition(";")[0]
        shown_name = display_name(name) or shown_user or "unknown"
        number_shown = asserted or shown_user  # what is in the From counts no more
        port = next(self._ports)
        settings = self._configuration.profile(profile)
        variables = inbound_variables(user, port, profile, destination, call_id)
        host = f"127.0.0.1:{port}"
        variables |= asserted_variables(asserted, by_remote_party=by_remote_party)
        if account:
            known = self._account(account, domain, has_digest=settings.get("auth-calls") == "true")
            variables |= known
            if "sip_auth_realm" in known:
                host = str(known["sip_auth_realm"])
        if settings.get("inbound-late-negotiation") == "true":
            variables["endpoint_disposition"] = NOT_AGREED
        is_named = settings.get("inbound-use-callid-as-uuid") == "true"
        context = variables.get("user_context") or settings.get("context", "public")
        caller = self._switchboard.create(
            f"sofia/{profile}/{user or 'nobody'}@{host}",
            Profile(
                direction="inbound",
                caller_name=shown_name,
                caller_number=number_shown,
                original_name=shown_name,
                original_number=number_shown,
                destination=destination,
                context=str(context),
                dialplan="XML",
                username=number_shown,
                network_address="127.0.0.1",
                ani=number_shown if typed else "",
                hides_number=bool(asserted),
            ),
            variables,
            uuid_wanted=call_id[:_LONGEST_UUID] if is_named else "",
        )
        self._callers[caller.uuid] = caller
        self._switchboard.redirect(caller, lambda: route(caller))
        return caller

    def _account(self, account: str, domain: str, *, has_digest: bool) -> dict[str, Value]:
        variables: dict[str, Value] = {"user_name": account, "domain_name": domain}
        variables |= self._configuration.user_variables(account, domain)
        if has_digest:
            hosts = ("sip_from_host", "sip_req_host", "sip_to_host")
            variables |= {
                **dict.fromkeys(hosts, domain),
                "sip_authorized": "true",
                "sip_auth_username": account,
                "sip_auth_realm": domain,
            }
        return variables

    def caller(self, uuid: str) -> Channel | None:
        """A caller, also after the call."""
        return self._callers.get(uuid)

    def hang_up(self, caller: Channel) -> None:
        """A BYE from the caller, or a CANCEL before the answer."""
        if caller.is_answered:
            self._leave(caller, "NORMAL_CLEARING", "recv_bye")
        else:
            self._leave(caller, "ORIGINATOR_CANCEL", "recv_cancel")

    def final_status(self, caller: Channel) -> int:
        """The SIP status the caller got in the end."""
        return 200 if caller.is_answered else CAUSES[caller.cause].sip_status

    def set_phone(self, number: str, mode: str) -> None:
        """Set whether a telephone answers, rings for ever, or is busy."""
        self._modes[number] = mode

    def hang_up_phone(self, number: str) -> bool:
        """A BYE from the telephone that was last dialled as ``number``; false where none talks."""
        for leg in reversed(list(self._switchboard)):
            is_phone = leg.direction == "outbound" and leg.first_profile.destination == number
            if is_phone and leg.is_answered and not leg.is_ended:
                self._leave(leg, "NORMAL_CLEARING", "recv_bye")
                return True
        return False

    def _leave(self, leg: Channel, cause: str, how: str) -> None:
        if not leg.is_ended:
            leg.hung_up_by = how
            self._switchboard.hang_up(leg, cause)

    def ring(self, leg: Channel, user: str, host: str) -> None:
        """An INVITE reaches a telephone."""
        device = self._telephones.device(f"{user}@{host}")
        if device is not None:
            self._telephones.ring(device, leg)
        else:
            gevent.spawn(self._respond, leg, self._modes.get(user, "answer"))

    def _respond(self, leg: Channel, mode: str) -> None:
        gevent.sleep(PICK_UP)
        if mode == "busy":
            self._leave(leg, "USER_BUSY", "recv_refuse")
            return
        self._switchboard.progress(leg)
        if mode == "answer":
            self._switchboard.answer(leg)
