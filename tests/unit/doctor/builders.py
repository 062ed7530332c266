"""An installation to look over: a FreeSWITCH and a daemon that answer what the test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec

from fluxcc import __version__
from fluxcc.config import PbxSettings, Settings
from fluxcc.doctor.finding import Finding
from fluxcc.doctor.installation import Installation
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxError
from fluxcc.domain.provisioning import Entry, Group
from fluxcc.domain.sight import Sight
from fluxcc.kit import find_kit
from fluxcc.pbx.contexts import Context, Server
from fluxcc.pbx.inquiry import Inquiry, Profile, SurveyFaults
from fluxcc.pbx.people import QueueAgent
from fluxcc.protocol.operators import (
    DaemonStatus,
)
from fluxcc.protocol.site import SiteStatus
from tests.fakes import NOW

GATE = (
    '<extension name="fluxcc_gate" kit_version="3"><condition field="caller_id_number">'
    '<action application="hangup"/></condition></extension>'
)
ROOM = (
    '<extension name="fluxcc_room" kit_version="3">'
    '<condition field="destination_number" expression="^[*]"/>'
    '<condition field="${hash(select/fluxcc_room/${destination_number})}" expression=".">'
    '<action application="conference"/></condition></extension>'
)
SURVEY = (
    '<extension name="fluxcc_survey" kit_version="3">'
    '<condition field="destination_number" expression="^[*]28$">'
    '<action application="lua"/></condition></extension>'
)
OTHER = '<extension name="other"><condition field="a"/></extension>'
CATCH_ALL = (
    '<extension name="wrong_number"><condition field="destination_number" expression="^.*$">'
    '<action application="playback"/></condition></extension>'
)
STATUS = DaemonStatus(
    version=__version__,
    node="pbx1",
    since=NOW,
    connected=True,
    connected_since=NOW,
    link_loss="",
    calls=0,
    legs=0,
    blocks=0,
    lag=0.0,
    clock_offset=0.0,
    gate_told=True,
    events=0,
    events_waiting=0,
    events_dropped=0,
    resyncs=1,
    records_pending=0,
    store_failure="",
    contexts_without_gate=[],
)
FAR = Settings(pbx=PbxSettings(host="10.0.0.5"))
"""FreeSWITCH runs on another machine."""


class Known(msgspec.Struct, kw_only=True):
    """What a FreeSWITCH says when it is asked."""

    contexts: dict[str, str] = {}
    """Name → the extensions in it."""
    unseen: tuple[str, ...] = ()
    """The contexts that cannot be read."""
    server: Server = Server()
    variables: dict[str, str] = {}
    profiles: list[Profile] = []
    modules: tuple[str, ...] = ()
    users: list[str] = []
    stations: list[tuple[str, str]] = []
    registrations: list[tuple[str, str]] = []
    answered_for: tuple[tuple[str, str], ...] = ()
    """Users whom a served directory knows and does not list."""
    station_contexts: dict[str, str] = {}
    queues: list[str] = []
    queue_agents: list[QueueAgent] = []
    clock: int = int(NOW)
    listen_ip: str = ""
    room: str = ""
    """What mod_hash has for any room that is not in ``rooms``."""
    rooms: dict[str, str] = {}
    """What is dialled → what mod_hash has for it."""
    refuses_everyone: bool = False
    refuses_nobody: bool = False
    cause: str = "CALL_REJECTED"
    """How a call of a blocked caller ends that is placed."""
    cause_unblocked: str = "NO_ROUTE_DESTINATION"
    """How one of anybody else ends."""
    survey_faults: SurveyFaults | None = SurveyFaults([], "")
    """What the survey's script finds; None where it does not run."""


class FakeInquiry:
    """``pbx.inquiry.Inquiry`` of a FreeSWITCH that is as it was given."""

    def __init__(self, **known: Any) -> None:
        """The fields of ``Known``."""
        self._known = Known(**known)
        self.blocked: list[str] = []
        self.called: list[tuple[str, str]] = []
        self.tried: list[Group] = []
        """The groups whose recordings were tried."""
        self.asked_about: list[tuple[str, str]] = []
        self.asked_for: list[str] = []
        """The contexts whose XML was asked for."""

    def context(self, name: str) -> Context:
        """Missing where there is none."""
        self.asked_for.append(name)
        if name in self._known.unseen:
            return Context(Sight.UNSEEN)
        extensions = self._known.contexts.get(name, "")
        if not extensions:
            return Context(Sight.MISSING)
        return Context(Sight.THERE, f'<context name="{name}">{extensions}</context>')

    def server(self) -> Server:
        """What the dialplan comes from."""
        return self._known.server

    def variable(self, name: str) -> str:
        """Empty where it is not set."""
        return self._known.variables.get(name, "")

    def profiles(self) -> list[Profile]:
        """The SIP profiles."""
        return self._known.profiles

    def listen_ip(self) -> str:
        """As event_socket.conf has it."""
        return self._known.listen_ip

    def has_module(self, name: str) -> bool:
        """Whether it is loaded."""
        return name in self._known.modules

    def users(self) -> list[str]:
        """The directory's."""
        return self._known.users

    def stations(self) -> list[tuple[str, str]]:
        """The directory's, with their domains."""
        return self._known.stations

    def registrations(self) -> list[tuple[str, str]]:
        """Those who are registered, with their domains."""
        return self._known.registrations

    def has_user(self, user: str, domain: str) -> bool:
        """Whether the directory answers for that user."""
        self.asked_about.append((user, domain))
        return (user, domain) in self._known.answered_for

    def station_context(self, agent: Agent) -> str:
        """As the directory has it."""
        return self._known.station_contexts.get(str(agent), "")

    def queues(self) -> list[str]:
        """mod_callcenter's."""
        return self._known.queues

    def queue_agents(self) -> list[QueueAgent]:
        """mod_callcenter's."""
        return self._known.queue_agents

    def clock(self) -> int:
        """Epoch seconds, the fraction cut off."""
        return self._known.clock

    def refuses(self, _gate: object, number: str) -> bool:
        """As a right gate does it, where nothing else was asked for."""
        is_refused = number in self.blocked and not self._known.refuses_nobody
        return is_refused or self._known.refuses_everyone

    @contextmanager
    def rehearsed_block(self, number: str) -> Iterator[None]:
        """Blocked inside of the ``with``."""
        self.blocked.append(number)
        yield
        self.blocked.remove(number)

    def call(self, number: str, context: str) -> str:
        """How the call ended."""
        self.called.append((number, context))
        return self._known.cause if number in self.blocked else self._known.cause_unblocked

    def survey_faults(self, group: Group) -> SurveyFaults | None:
        """For whichever group."""
        self.tried.append(group)
        return self._known.survey_faults

    def evaluate(self, _text: str) -> str:
        """Nothing is in mod_hash."""
        return ""

    def room(self, dialled: str) -> str:
        """Empty where there is none."""
        return self._known.rooms.get(dialled, self._known.room)


def installation(
    inquiry: FakeInquiry | PbxError | None = None,
    *,
    settings: Settings | None = None,
    entries: list[Entry] | None = None,
    status: Callable[[], DaemonStatus] = lambda: STATUS,
    now: float = NOW,
    places_call: bool = False,
    site: Callable[[], SiteStatus] = lambda: SiteStatus(node=""),
) -> Installation:
    """An installation in which nothing is wrong that is not given."""
    return Installation(
        settings=settings or Settings(),
        kit=find_kit(),
        inquiry=cast(Inquiry, inquiry or FakeInquiry()),
        ask_daemon=status,
        entries=entries or [],
        now=lambda: now,
        places_call=places_call,
        ask_site=site,
    )


def codes(findings: Iterable[Finding]) -> list[str]:
    """The codes of what was found, each with sentences that its facts fill."""
    found = list(findings)
    for each in found:
        each.problem.format(**each.facts)
        each.remedy.format(**each.facts)
    return [each.code for each in found]
