"""The watch stream of the operators' door: what happens, one line of JSON each. The shapes.

``Ask(do="watch")`` is answered by a ``Start`` and then, for as long as the connection is open, by
one ``Happening`` a line, the oldest first. ``Ask(do="watch", after=N)`` goes on after the line
``N`` was read: the ``Start`` has no snapshot then. Where the daemon does not have all lines since
``N`` any more (it was restarted, or too much happened) the ``Start`` has one, and ``reset`` says
that what was known before it is void. A ``Start`` with ``reset`` may also come later in the stream:
after an erasure of a person, or where the blocks were read anew from the store.

An empty line says that the daemon lives and has nothing to tell. Numbers grow by one a line, are
below 2**53, and are never used twice, not after a restart either. A call is told as it is when its
line is written: of several changes in a moment, a line may tell the state after the last of them.
A reader that does not keep up is cut off, and may ask for the rest.

Counterparts: ``doors.watch`` (the daemon's end), the web process (the other end). No I/O.
"""

from __future__ import annotations

import msgspec

from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.calls import CallChange, Outcome
from fluxcc.domain.nodes import SiteSight
from fluxcc.domain.requests import Reply
from fluxcc.domain.surveys import Survey
from fluxcc.protocol.operators import DaemonStatus, LiveCall

BEAT = b"\n"
"""The empty line."""


class WatchedCall(LiveCall, kw_only=True):
    """A call, live or just ended."""

    id: int
    """The call's, for as long as it lives and in its node's store; ``call`` may change meanwhile.
    Two nodes of a site may have the same one."""
    outcome: Outcome = Outcome.LIVE
    ended: float | None = None
    cause: str = ""
    """FreeSWITCH's hangup cause of the customer's leg."""
    sequel: tuple[str, ...] = ()
    """As ``domain.calls.Call.sequel``."""
    holder: str = ""
    """The extension that parked the customer, as long as they are parked."""
    foreign: bool = False
    """Whether it is on another node, in a SIP domain that this node does not have: an extension
    without its domain is another person's there."""


class Happening(msgspec.Struct, kw_only=True, tag_field="kind"):
    """One line. Its ``kind`` is ``call``, ``block``, ``attempt``, ``reply``, ``survey``,
    ``status`` or ``site``."""

    number: int
    """The line's, not a telephone's."""
    at: float
    """Epoch seconds by FreeSWITCH's clock."""


class CallHappening(Happening, kw_only=True, tag="call"):
    """A call began, changed or ended, on this node or on another one of the site. Of one that ended
    elsewhere its outcome is not known, and ``live``."""

    change: CallChange
    call: WatchedCall


class BlockHappening(Happening, kw_only=True, tag="block"):
    """A block was made, renewed, or ended."""

    change: BlockChange
    block: Block
    """As everybody may see it (``domain.blocks.without_number``)."""


class AttemptHappening(Happening, kw_only=True, tag="attempt"):
    """A blocked caller dialled."""

    block: Block
    """As above, this attempt counted."""


class ReplyHappening(Happening, kw_only=True, tag="reply"):
    """A request was carried out or refused."""

    reply: Reply
    by: str
    """``agent:1000``, ``supervisor:ana via web``."""
    seconds: float
    """How long it took."""
    entry: str = ""
    """With ``set`` and ``remove``: kind and name of what was set, ``group:8000@a.example``."""


class SurveyHappening(Happening, kw_only=True, tag="survey"):
    """A customer was offered the survey, or pressed something; the survey as it is so far."""

    survey: Survey


class StatusHappening(Happening, kw_only=True, tag="status"):
    """The daemon's state changed: the link to FreeSWITCH, the store, the gate."""

    status: DaemonStatus


class SiteHappening(Happening, kw_only=True, tag="site"):
    """Nodes of the site came, went, or are heard of again; or the site is reached again, or not."""

    site: SiteSight


AnyHappening = (
    CallHappening
    | BlockHappening
    | AttemptHappening
    | ReplyHappening
    | SurveyHappening
    | StatusHappening
    | SiteHappening
)


class Snapshot(msgspec.Struct, kw_only=True):
    """Everything that is live."""

    status: DaemonStatus
    calls: list[WatchedCall]
    """The oldest first."""
    blocks: list[Block]
    """The newest first, as everybody may see them."""
    site: SiteSight = SiteSight()
    """The site, as far as it was looked at; of a PBX that is alone, nothing."""


class Start(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="kind", tag="start"):
    """The stream's first line."""

    number: int
    """The number of the last line that it stands for: the next one's is one more."""
    snapshot: Snapshot | None = None
    """None where the stream goes on after the number that was asked for."""
    reset: bool = False
    """Whether lines are missing between what was known and this."""


Line = Start | AnyHappening
"""What one line of the stream, other than ``BEAT``, is."""


def read_line(line: bytes) -> Start | AnyHappening | None:
    """A line of the stream; None for a beat. Raises ``msgspec.DecodeError``."""
    return msgspec.json.decode(line, type=Line) if line.strip() else None
