"""What a PBX to try things on can do, whichever kind it is.

Its two kinds are ``simulated.py`` (the built-in simulator) and ``real.py`` (a FreeSWITCH of its
own with SIPp as the trunk and the telephones). The demo and every scenario test are written
against this page alone, so that the same script runs on both.

Everybody dials over the same small world (``lab/conf``): the trunk's side reaches ``1000`` and
``1001`` (a plain bridge to that agent, group ``sales``) and ``5000`` (the mod_callcenter queue
``sales@default``, answered by 1000 and 1001); the telephones' side reaches ``1000``, ``1001``,
the services ``7001`` (answers, plays a tone) and ``7002`` (busy), and ``9999`` (answers, parks).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol


class Reason(NamedTuple):
    """Why a PBX of one kind cannot be had here, for a person."""

    sentence: str
    """English; translated where it is shown."""
    facts: str = ""
    """What ``{facts}`` in it stands for."""

    def __str__(self) -> str:
        return self.sentence.format(facts=self.facts)


class Caller(Protocol):
    """One person on the trunk's side who has dialled."""

    def wait_answered(self, timeout: float = 10.0) -> None:
        """Return once the call was answered (SIP 200); raise ``LabError`` otherwise."""

    def wait_ended(self, timeout: float = 10.0) -> int:
        """Return the call's final SIP status once it is over.

        200 for a call that was answered, by either end; otherwise the refusal (603, 404, …).
        """

    def hang_up(self) -> None:
        """End the call from the caller's side."""


class Lab(Protocol):
    """A running PBX on loopback; leaving its context stops everything that was started."""

    name: str
    """What it is, for a person: ``FreeSWITCH 1.11.3-dev`` or ``the built-in simulator``."""
    host: str
    port: int
    password: str

    def __enter__(self) -> Lab: ...

    def __exit__(self, *exception: object) -> None: ...

    def call(
        self,
        number: str,
        destination: str,
        *,
        name: str = "",
        from_phones: bool = False,
        call_id: str = "",
        asserted: str = "",
        by_remote_party: bool = False,
    ) -> Caller:
        """Dial ``destination`` from the trunk with the caller ID ``number`` (and display ``name``).

        The call comes in on the trunk's side (context ``public``); with ``from_phones`` on the
        telephones' side (context ``default``). ``number`` goes into the SIP ``From`` user byte for
        byte, so that a test can send what an attacker would. ``name`` may hold surrogate escapes
        for bytes that are not UTF-8. With a ``call_id`` it comes in on another trunk, whose calls'
        SIP Call-IDs become their legs' UUIDs (``inbound-use-callid-as-uuid``).
        With ``asserted``, the caller asks for privacy, and the trunk asserts this number
        (``P-Asserted-Identity`` and ``Privacy: id``, or ``Remote-Party-ID``).
        """

    def hang_up_phone(self, extension: str) -> None:
        """End the call of the agent's telephone by a BYE from the telephone's side."""

    def api(self, command: str) -> str:
        """Run one API command on the PBX (``show channels count``) and return its answer."""

    def install_kit(self, kit: Path | None) -> None:
        """Put the kit (or, with None, no kit) into the PBX's configuration and reload it."""

    def lock(self, password: str) -> None:
        """Have the event socket take this password alone from now on; ``password`` is it, then.

        Every connection is cut. The simulator starts anew for it, without its calls.
        """

    def kill(self) -> None:
        """End the PBX with SIGKILL, as a crash would."""

    def start(self, *, has_tables: bool = True) -> None:
        """Start it (again, after ``kill``) and return when its event socket accepts; without tables
        of its calls (``-nosql``) on demand."""


class LabError(Exception):
    """The PBX, or a caller, did not do what the script expected of it."""
