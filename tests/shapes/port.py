"""What a site on which shapes of calls are set up can do, whichever kind it is.

Its kinds are a real FreeSWITCH with SIP telephones (``site.py``) and the built-in simulator. Every
shape is written against this page alone, so that the same script runs on both.

The world (``conf/``): telephones are directory users ``2000`` … ``2999`` of the domain
``pbx.test`` and dial in the context ``default``; on a site of two domains (``domains.py``) each has
these users, and its own context. People outside are on the trunk, whose calls come into the context
``public`` and go on in the domain that the first digit tells. Whatever the PBX dials over the trunk
reaches the person of that number. What can be dialled stands in ``conf/dialplan``: an extension by
its number, everything else by two digits and the extensions or numbers that it is about (``61`` +
two extensions: ring all).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from fluxcc.lab.port import LabError

from .domains import Home

__all__ = ["Answers", "LabError", "Line", "LineState", "Site", "Telephone", "Via"]

LineState = Literal["new", "ringing", "up", "ended"]
"""``new``: dialled, nothing heard yet. ``ringing``: 180 or 183 was said. ``up``: 200."""
Answers = Literal["answer", "ring", "early", "busy", "decline"]
"""How a telephone treats a call that comes in: takes it at once (after 180), lets it ring (180),
rings with early media (183 with SDP), refuses it as busy (486), declines it (603)."""

Via = Literal["trunk", "carrier", "gsm", "callid", "proxy"]
"""Where somebody's calls come in: the trunk; a carrier whom a directory user's ``cidr`` knows (user
2980); a GSM gateway that authenticates as directory user 2990; a trunk whose legs have the SIP
Call-ID as their UUID; a SIP proxy, behind which telephones are, too (context ``proxy``)."""

PATIENCE = 10.0


class Line(Protocol):
    """One call on a telephone, as its owner sees it. It has one leg on the PBX."""

    @property
    def leg(self) -> str:
        """UUID of the PBX's leg that this line is connected to. Waits until it is known; raises
        ``LabError`` where the PBX made no leg (the call was refused before)."""

    @property
    def telephone(self) -> Telephone:
        """Whose it is."""

    @property
    def is_incoming(self) -> bool:
        """Whether the PBX called."""

    @property
    def number(self) -> str:
        """What was dialled; on an incoming line the caller ID that was presented."""

    @property
    def state(self) -> LineState:
        """Where the call is."""

    @property
    def status(self) -> int:
        """The last SIP status said: 0, 180, 183, 200, or the refusal of a call that never was up
        (486, 487 where the caller gave up, 603, …). It stays 200 once the call was up."""

    @property
    def is_on_hold(self) -> bool:
        """Whether this telephone holds the other side."""

    def answer(self) -> None:
        """Take the call; returns when it is up."""

    def hold(self) -> None:
        """Put the other side on hold by a re-INVITE (``a=sendonly``); returns when it was taken."""

    def resume(self) -> None:
        """Take the other side back from hold by a re-INVITE (``a=sendrecv``)."""

    def refer(self, destination: str) -> None:
        """Hand the other side over unseen (REFER); returns when the PBX has accepted."""

    def refer_replacing(self, other: Line) -> None:
        """Connect the far ends of this line and of another one of the same telephone (REFER with
        Replaces); returns when the PBX has accepted."""

    def press(self, digits: str) -> None:
        """Press keys (telephone events in the media, RFC 4733); returns when all were sent."""

    def hang_up(self) -> None:
        """End the call: BYE, CANCEL while it is dialled, 486 while it rings here. Does nothing on
        a line that has ended."""

    def wait(self, state: LineState, timeout: float = PATIENCE) -> Line:
        """This line, once it is in that state; raises ``LabError`` where it ended before or the
        time is over."""


class Telephone(Protocol):
    """A telephone of an extension; or, on the trunk's side, somebody outside."""

    answers: Answers
    """How it treats calls that come in; ``answer`` unless told otherwise."""
    display: str
    """The name that it shows when it calls; empty: none."""

    @property
    def user(self) -> str:
        """The extension; outside, the number."""

    @property
    def lines(self) -> Sequence[Line]:
        """All calls it ever had, in the order in which they began."""

    def register(self, expires: int = 3600) -> None:
        """Log in (REGISTER with digest); 0 logs out. Raises ``LabError`` where it is refused.
        Somebody outside has nothing to register: does nothing."""

    def dial(self, destination: str, call_id: str = "") -> Line:
        """Dial; returns at once. ``call_id`` is the SIP Call-ID, where it matters."""

    def incoming(self, timeout: float = PATIENCE) -> Line:
        """The next call that came in and was not returned by this yet; waits for one. It is
        ``ringing``, or ``up`` or ``ended`` already where it answers or refuses by itself."""


class Site(Protocol):
    """A running PBX on loopback with the kit; leaving its context stops everything."""

    name: str
    """What it is, for a person: ``FreeSWITCH 1.10.12``."""
    is_real: bool
    """Whether it is a FreeSWITCH; the simulator says no."""
    homes: Sequence[Home]
    """Its domains."""
    host: str
    port: int
    """Of the event socket."""
    password: str

    def __enter__(self) -> Site: ...

    def __exit__(self, *exception: object) -> None: ...

    def api(self, command: str) -> str:
        """Run one API command on the PBX and return its answer."""

    def telephone(self, extension: str, home: Home) -> Telephone:
        """A telephone of this extension of a domain, registered. Asked again it is a second device
        of it."""

    def outside(self, number: str, home: Home, via: Via = "trunk") -> Telephone:
        """The person outside who has this number; always the same one. ``via`` is where their own
        calls come in; whatever is dialled to them over the trunk reaches the one of ``trunk``. The
        GSM gateway is a user of ``home``."""

    def trunk(self, number: str) -> str:
        """The dial string that reaches the person of this number: ``sofia/external/…``."""
