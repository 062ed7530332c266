"""What the API and the stream of events tell, as JSON: a published interface (``docs/api.md``).

Fields are added and never renamed. Times are epoch seconds by FreeSWITCH's clock. Counterpart:
``sight``, which fills these in as a visitor may see them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from fluxcc.domain.report import Line, LineAt


class Call(msgspec.Struct, kw_only=True):
    """One call, live or ended."""

    id: int
    """Its number in the store."""
    call: str
    """UUID of the customer's leg, by which it is acted on."""
    state: Literal["live", "ended"]
    direction: str
    number: str
    """The customer's; ``withheld`` where the caller asked for that, and masked for a viewer."""
    shown: str = ""
    """The same for the eye, in groups: ``+55 11 98888-7777``."""
    agent: str
    """The extension; empty where no agent has it."""
    group: str
    domain: str
    """The SIP domain; empty where the PBX has one only."""
    started: float
    bridged: float | None = None
    """When an agent and the customer were first connected."""
    ended: float | None = None
    talking: bool = False
    outcome: str = ""
    """Empty where it is not known: of a call that ended just now on another PBX of a site."""
    cause: str = ""
    """FreeSWITCH's hangup cause."""
    sequel: list[str] = []
    """What happened after the first talk: ``consulted:1001``, ``handed-over:1001``."""
    holder: str = ""
    """The extension that parked the customer, while they are parked."""
    node: str = ""
    """The PBX, in a site of several."""


class Block(msgspec.Struct, kw_only=True):
    """One blocked number."""

    id: str
    name: str
    """What a person calls it by where the number is ``withheld``."""
    number: str
    shown: str = ""
    """The same for the eye, in groups."""
    domain: str
    """The SIP domain in which it is refused; empty for all."""
    since: float
    until: int
    by: str
    reason: str
    state: str
    ended: float | None = None
    ended_by: str = ""
    attempts: int = 0
    last_attempt: float | None = None
    nth: int = 0
    node: str = ""
    """The PBX on which it was marked first, in a site of several."""


class Reply(msgspec.Struct, kw_only=True):
    """What became of an action."""

    request: str
    action: str
    status: str
    code: str
    text: str
    """For a person, in the language of the request."""
    agent: str = ""
    domain: str = ""
    call: str = ""
    number: str = ""
    blocked: bool | None = None
    expires: int | None = None
    block: str = ""
    nth: int = 0
    freed: int = 0
    record_pending: bool = False


class Status(msgspec.Struct, kw_only=True):
    """The daemon, as far as it concerns the page's users."""

    reached: bool
    """Whether the daemon answers; what else is told is the last that was known."""
    connected: bool = False
    """Whether FreeSWITCH answers the daemon."""
    connected_since: float | None = None
    link_loss: str = ""
    node: str = ""
    version: str = ""
    calls: int = 0
    """Live calls that the visitor may see."""
    blocks: int = 0
    """The same of blocks."""
    gate_told: bool = False
    """Whether FreeSWITCH's gate knows every block."""
    store_failure: str = ""
    domains: list[str] = []
    """The SIP domains that the visitor may see."""
    clock: float = 0.0
    """The time of this answer, by FreeSWITCH's clock."""
    nodes: list[str] = []
    """Every PBX of a site of several."""
    silent_nodes: list[str] = []
    """Those of them that have not been heard of for 10 s: what goes on there is not known."""
    site_failure: str = ""
    """Why the site is not reached; empty where it is, or there is none."""


class Survey(msgspec.Struct, kw_only=True):
    """One customer's answers."""

    id: str
    call: str
    number: str
    group: str
    agent: str
    domain: str
    direction: str
    started: float
    offered: float
    questions: int
    answers: list[int | None]
    """One place a question: what was pressed; null for nothing, -1 where it could not be played."""


class CallEvent(msgspec.Struct, kw_only=True):
    """``event: call``."""

    at: float
    change: str
    """``began``, ``bridged``, ``changed``, ``ended``, or ``lost``: its PBX is not heard of any
    more, so that it is not known whether it goes on."""
    call: Call


class BlockEvent(msgspec.Struct, kw_only=True):
    """``event: block``."""

    at: float
    change: str
    """``blocked``, ``renewed``, ``released`` or ``expired``."""
    block: Block


class AttemptEvent(msgspec.Struct, kw_only=True):
    """``event: attempt``: a blocked caller dialled and was refused."""

    at: float
    block: Block


class ReplyEvent(msgspec.Struct, kw_only=True):
    """``event: reply``: an action was answered."""

    at: float
    by: str
    seconds: float
    reply: Reply
    entry: str = ""
    """With ``set`` and ``remove``: kind and name, ``group:sales``."""


class SurveyEvent(msgspec.Struct, kw_only=True):
    """``event: survey``: a customer was asked, or pressed something."""

    at: float
    survey: Survey


class StatusEvent(msgspec.Struct, kw_only=True):
    """``event: status``."""

    at: float
    status: Status


class Snapshot(msgspec.Struct, kw_only=True):
    """``event: reset``: everything that is live; what was known before is void."""

    status: Status
    calls: list[Call]
    blocks: list[Block]


class Number(msgspec.Struct, kw_only=True):
    """What is known of a number."""

    number: str
    """Canonical."""
    spellings: list[str]
    """As callers and trunks may present it."""
    internal: bool
    blockable: bool
    protected: bool
    blocked_until: int | None = None
    blocks: list[Block] = []
    earlier: int = 0
    """Where blocks grow on repeaters: how many it had of late that count."""
    next_duration: int | None = None
    """Where blocks grow on repeaters: for how many seconds its next one would hold."""


class AuditRow(msgspec.Struct, kw_only=True):
    """One request and what became of it."""

    id: int
    at: float
    request: str
    action: str
    by: str
    """``agent:1000``, ``operator:maria``, ``supervisor:ana via web``."""
    status: str
    code: str
    agent: str = ""
    domain: str = ""
    call: str = ""
    number: str = ""
    reason: str = ""
    subject: str = ""
    """What was set, as JSON, or the service that was asked for."""
    sequel: str = ""
    """What became of a transferred call."""
    ended: float | None = None
    blocked: bool | None = None
    expires: int | None = None
    node: str = ""
    """The PBX that carried it out, in a site of several."""


class ReportLine(msgspec.Struct, kw_only=True):
    """The answers to one question of one agent in one group."""

    group: str
    agent: str
    domain: str
    question: int
    offered: int
    answered: int
    share: float
    average: float | None
    distribution: dict[str, int]
    """Answer → how often it was pressed."""
    node: str = ""
    """The PBX, in a site of several."""

    @classmethod
    def of(cls, line: Line) -> ReportLine:
        """The line as it was counted."""
        return cls(
            group=line.group,
            agent=line.agent,
            domain=line.domain,
            question=line.question,
            offered=line.offered,
            answered=line.answered,
            share=line.share,
            average=line.average,
            distribution={str(answer): times for answer, times in line.distribution.items()},
            node=line.node if isinstance(line, LineAt) else "",
        )
