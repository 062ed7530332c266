"""The operators' protocol: one line of JSON in, one out, and the shapes of both.

The command, ``doctor`` and the daemon read and write the same shapes. No I/O. Counterparts:
``doors.operators`` (the daemon's end), ``operators.client`` (the other end).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from fluxcc.domain.actions import ON_CALLS, Action
from fluxcc.domain.agents import NOBODY, Agent, clean_domain
from fluxcc.domain.blocks import Block
from fluxcc.domain.codes import Status
from fluxcc.domain.provisioning import LOGIN, Entry, UserRole, faults
from fluxcc.domain.requests import (
    LONGEST_REASON,
    LONGEST_SERVICE,
    REQUEST_ID,
    TOKEN,
    UUID,
    Actor,
    Reply,
    Request,
    Role,
    clean_text,
    parse_agent,
)

if TYPE_CHECKING:
    from fluxcc.domain.numbers import Number, NumberPlan

LONGEST_LINE = 64 * 1024
LONGEST_NUMBER = 64
LONGEST_LANGUAGE = 16
LONGEST_BLOCK = 3650 * 86400
UNAVAILABLE = "unavailable"
"""``Answer.error`` where the PBX does not answer."""
NOT_PERMITTED = "not-permitted"
"""``Answer.error`` where the asker may not ask this question."""
STORE_UNAVAILABLE = "store-unavailable"
"""``Purged.code`` where the store cannot be written."""
CLOCK_DOUBTED = "clock-doubted"
"""``Purged.code`` where FreeSWITCH's clock and the machine's differ."""
STATUS, CALLS, BLOCKS, CHECK, VITALS = "status", "calls", "blocks", "check", "vitals"
"""Questions that change nothing."""
WATCH = "watch"
"""A stream of what happens (``protocol.watching``) in place of an answer."""
PURGE = "purge"
"""The erasure of records: neither an action nor a mere question."""


class Ask(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The line that the ``fluxcc`` command sends."""

    do: str
    """An ``Action``, a reading, ``WATCH`` or ``PURGE``."""
    agent: str = ""
    """``1000`` or ``1000@a.example``."""
    domain: str = ""
    """The agent's SIP domain, or the one for which a number is blocked or freed; empty for all."""
    call: str = ""
    number: str = ""
    node: str = ""
    """With ``calls``: of this node of the site only; empty for all."""
    duration: int | None = None
    service: str = ""
    survey: bool = True
    """With ``hangup``: whether the customer may go to the group's survey."""
    entry: Entry | None = None
    """With ``set`` and ``remove``."""
    before: float | None = None
    """With ``purge``: an epoch second. Exactly one of this, ``number`` and ``overdue``."""
    overdue: bool = False
    """With ``purge``: what ``[retention]`` says is too old, however much it is."""
    with_live_block: bool = False
    reason: str = ""
    language: str = ""
    on_behalf_of: str = ""
    """``supervisor:ana``, ``agent:carla``, ``supervisor:token/ci``: role and name of the page's
    user, or of a token, who asks. The web process alone may say so (``doors.askers``)."""
    request: str = ""
    """The asker's request ID, by which nothing is done twice; empty for a new one."""
    after: int | None = None
    """With ``watch``: the number of the last line that was read (``protocol.watching``)."""


class Answer(msgspec.Struct):
    """The line that it gets. Exactly one of ``reply``, ``reading`` and ``error`` is set."""

    reply: Reply | None = None
    status: Status | None = None
    """The status of the reply."""
    reading: Any = None
    """A ``DaemonStatus``, a list of ``LiveCall`` or ``Block``, a ``CheckedNumber``, a
    ``Purged``."""
    error: str = ""
    """``UNAVAILABLE``, ``NOT_PERMITTED``, or what of the line is malformed."""


class DaemonStatus(msgspec.Struct, kw_only=True):
    """``status``: the daemon's state. Times are epoch seconds."""

    version: str
    node: str
    since: float
    connected: bool
    connected_since: float | None
    link_loss: str
    link_refusal: str = ""
    """Why FreeSWITCH refuses the link: password or address; empty while it does not."""
    calls_listed: bool = True
    """Whether FreeSWITCH lists its calls. With ``-nosql`` those that began while the daemon was not
    connected are not known to it."""
    calls: int
    legs: int
    blocks: int
    lag: float
    """Seconds from the time stamp of the last heartbeat to the moment it was handled."""
    clock_offset: float
    """Seconds by which FreeSWITCH's clock is ahead of the machine's."""
    gate_told: bool
    """Whether mod_hash has every block, room and setting."""
    gate_differences: int = 0
    """Keys in which the gate was found to differ from the blocks, and was told again, since the
    daemon started."""
    events: int
    events_waiting: int
    events_dropped: int
    resyncs: int
    records_pending: int
    store_failure: str
    contexts_without_gate: list[str]
    """The dialplan contexts by which blocked callers came without meeting the gate."""
    contexts_unseen: list[str] = []
    """Those of which it cannot be seen whether they meet it."""
    domains: list[str] = []
    """The SIP domains that were seen of late."""
    unplayable: dict[str, list[str]] = {}
    """Group → the recordings that FreeSWITCH could not read at the group's last survey."""
    spool_unread: str = ""
    """Why the daemon cannot read the survey's spool; empty where it can."""
    spool_unwritten: str = ""
    """Why the survey's script could not write it the last time; empty where it could."""
    spool_files: dict[str, str] = {}
    """Files in the spool that cannot be taken in or removed → why; the first ones by name."""
    persons_unread: list[str] = []
    """The kinds of record of which old ones are still to be read as persons' (``core.filling``)."""
    persons_reached: float | None = None
    """The epoch second up to which the calls are, while they are being read."""
    store_unreadable: dict[str, int] = {}
    """The store's table → how many of its rows cannot be read, and are left alone."""
    records_lost: dict[str, int] = {}
    """Kind of record → how many of history were given up, because the store was away for too
    long."""
    retention_held: dict[str, float] = {}
    """The kinds of record of which more is too old than a usual day leaves, so that nothing of them
    is deleted until a person says so → the share of them that is too old."""
    clock_doubted: bool = False
    """Whether nothing is deleted because FreeSWITCH's clock and the machine's differ."""
    persons_filled: int = 0
    """Old records that were read so since the daemon started."""


class LiveCall(msgspec.Struct, kw_only=True):
    """``calls``: one call that is live."""

    call: str
    """UUID of the customer's leg."""
    direction: str
    number: str
    agent: str
    """The extension."""
    group: str
    started: float
    bridged: float | None
    talking: bool
    legs: list[str]
    domain: str = ""
    node: str = ""
    """The PBX; empty where there is only one."""


class CheckedNumber(msgspec.Struct, kw_only=True):
    """``check``: a number's canonical form, spellings, and block."""

    number: str
    """Canonical."""
    seen: str
    spellings: list[str]
    internal: bool
    blockable: bool
    blocked_until: int | None
    block: Block | None
    """Of several blocks, which are for one SIP domain each, the one that ends last."""
    blocks: list[Block] = []
    protected: bool = False
    """Whether nobody can block it."""
    earlier: int = 0
    """Where blocks grow on repeaters: how many it had of late that count."""
    next_duration: int | None = None
    """Where blocks grow on repeaters: for how many seconds its next one would hold."""


def checked(
    number: str,
    numbers: NumberPlan,
    find_blocks: Callable[[Number], list[Block]],
    is_protected: Callable[[str], bool],
) -> CheckedNumber:
    """What is known of a number, given who knows its live blocks, and what is protected."""
    known = numbers.read(number)
    blocks, is_internal = find_blocks(known), numbers.is_internal(known.seen)
    block = max(blocks, key=lambda each: each.until, default=None)
    return CheckedNumber(
        number=known.canonical,
        seen=known.seen,
        spellings=list(known.spellings),
        internal=is_internal,
        blockable=known.is_usable and not is_internal and not is_protected(known.canonical),
        protected=is_protected(known.canonical),
        blocked_until=block.until if block else None,
        block=block,
        blocks=blocks,
    )


class Purged(msgspec.Struct, kw_only=True):
    """``purge``: what was erased."""

    code: str
    counts: dict[str, int] = {}
    """Kind of record → how many."""
    blocked_until: int | None = None
    """The epoch second at which a live block ends, which was not ended; None without one."""
    reached: list[str] = []
    """Each ``Place`` where nothing of the person is any more."""
    left: dict[str, str] = {}
    """Each ``Place`` that was not reached, or not in full → what is there, where that is known."""
    error: str = ""


def read_ask(line: bytes) -> Ask:
    """A line of JSON. Raises ``ValueError``."""
    try:
        ask = msgspec.json.decode(line, type=Ask)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    check_number(ask)
    if ask.do == WATCH and ask.on_behalf_of:
        # The web process watches for all users at once, and tells each what is theirs.
        raise ValueError("watch goes without on_behalf_of")
    return ask


def check_number(ask: Ask) -> None:
    """Raises ``ValueError`` for a number that must not go into the audit as it is, and from there
    to terminals."""
    if len(ask.number) > LONGEST_NUMBER or not ask.number.isprintable():
        raise ValueError("number is malformed")


def read_behalf(text: str) -> tuple[str, str, bool]:
    """``Ask.on_behalf_of`` in its parts: role, name, and whether it is a token's. Raises
    ``ValueError``."""
    role, _, name = text.partition(":")
    is_token = name.startswith(TOKEN)
    name = name.removeprefix(TOKEN)
    if role not in set(UserRole) or not LOGIN.fullmatch(name):
        raise ValueError("on_behalf_of is malformed")
    return role, name, is_token


def read_request(ask: Ask, who: Actor) -> Request:
    """A line as a request. What a user of one SIP domain does not say of domains means that one;
    an agent means the own extension. Raises ``ValueError``."""
    action = Action(ask.do)
    check_number(ask)
    if ask.request and not REQUEST_ID.fullmatch(ask.request):
        raise ValueError("request is malformed")
    agent = _read_agent(ask, who)
    if ask.domain and not clean_domain(ask.domain):
        raise ValueError("domain is malformed")
    if ask.call and not UUID.fullmatch(ask.call):
        raise ValueError("call is malformed")
    if action in (Action.BLOCK, Action.UNBLOCK):
        if not ask.number:
            raise ValueError("number is malformed")
    elif action in ON_CALLS and not agent and not ask.call:
        raise ValueError("agent or call is missing")
    if (ask.entry is not None) != (action in (Action.SET, Action.REMOVE)):
        raise ValueError("an entry goes with set and remove, and with nothing else")
    if ask.entry is not None and faults(ask.entry):
        raise ValueError("; ".join(faults(ask.entry)))
    if ask.duration is not None and not 0 < ask.duration <= LONGEST_BLOCK:
        raise ValueError("duration is malformed")
    return Request(
        id=ask.request or new_request_id(),
        action=action,
        actor=who,
        agent=agent,
        domain=clean_domain(ask.domain) or who.domain,
        call=ask.call,
        number=ask.number,
        duration=ask.duration,
        service=clean_text(ask.service, LONGEST_SERVICE),
        has_survey=ask.survey,
        entry=ask.entry,
        reason=clean_text(ask.reason, LONGEST_REASON),
        language=clean_text(ask.language, LONGEST_LANGUAGE),
    )


def _read_agent(ask: Ask, who: Actor) -> Agent:
    own = parse_agent(who.name) if who.role is Role.AGENT else NOBODY
    try:
        agent = parse_agent(ask.agent, ask.domain) if ask.agent else own
    except ValueError as error:
        raise ValueError("agent or domain is malformed") from error
    if own and (agent.extension != own.extension or agent.domain not in ("", own.domain)):
        raise ValueError("an agent has no say about others")
    if own:
        return own
    return Agent(agent.extension, agent.domain or who.domain) if agent else NOBODY


def new_request_id() -> str:
    """A request ID for a request that brings none."""
    return f"operator-{uuid4().hex}"
