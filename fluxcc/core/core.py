"""The core, put together: one graph for the daemon, for the tests (on fakes) and for benchmarks.

``bootstrap`` puts the real things behind the ports, ``tests.builders.World`` fakes. Other code
reaches a part of the core as an attribute of ``Core``; every connection between parts is made in
this file.
"""

from __future__ import annotations

import logging

from fluxcc.actions.rules import Rules
from fluxcc.config import Settings
from fluxcc.core.blocks.attempts import Attempts
from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.comparison import Comparison
from fluxcc.core.blocks.gate_table import GateTable
from fluxcc.core.blocks.gates import Gates
from fluxcc.core.blocks.reclaim import Reclaim
from fluxcc.core.blocks.repeaters import Repeaters
from fluxcc.core.blocks.rereading import Rereading
from fluxcc.core.blocks.scheduler import Scheduler
from fluxcc.core.blocks.standings import Standings
from fluxcc.core.blocks.unblockable import Unblockable
from fluxcc.core.calls.contacts import Contacts
from fluxcc.core.calls.identity import Stations
from fluxcc.core.calls.snapshot import Snapshots
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.calls.views import Views
from fluxcc.core.domains import Domains
from fluxcc.core.erasure import DaemonLiveData, Erasure
from fluxcc.core.filling import Filling
from fluxcc.core.happenings import Happenings
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Pbx, Runtime, Spool, Store
from fluxcc.core.provisioning import Provisioning
from fluxcc.core.publisher import Publisher
from fluxcc.core.recovery import Recovery
from fluxcc.core.requests.audit_trail import AuditTrail
from fluxcc.core.requests.confirmation import Confirmations
from fluxcc.core.requests.directory import Directory
from fluxcc.core.requests.disclosure import Disclosure
from fluxcc.core.requests.executor import Executor
from fluxcc.core.requests.follow_up import FollowUps
from fluxcc.core.requests.performer import Performer
from fluxcc.core.requests.replies import Replies
from fluxcc.core.requests.surroundings import Surroundings
from fluxcc.core.retention import Retention
from fluxcc.core.shared_entries import SharedEntries
from fluxcc.core.site.membership import Membership
from fluxcc.core.site.port import Site
from fluxcc.core.site.shared_history import SharedHistory
from fluxcc.core.survey_faults import SurveyFaults
from fluxcc.core.surveys import Surveys
from fluxcc.domain.agents import Registration
from fluxcc.domain.blocks import Scope
from fluxcc.domain.errors import PbxError
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.persons import Persons, name_reading
from fluxcc.domain.retention import RecordKind
from fluxcc.kit.names import (
    DIVERT_KEY,
    HOME_PREFIX,
    HOME_VARIABLE,
    PERSON_VARIABLE,
    REJECT_CAUSE_KEY,
)

log = logging.getLogger(__name__)

NO_DIVERT = ":"
"""What mod_hash has where the gate sends nobody elsewhere: nothing that can be dialled."""


class Core:
    """Everything that decides, behind the five ports."""

    def __init__(
        self,
        settings: Settings,
        *,
        pbx: Pbx,
        store: Store,
        spool: Spool,
        clock: Clock,
        runtime: Runtime,
        persons: Persons,
        site: Site | None = None,
    ) -> None:
        """``persons`` are those of settings and store; ``site`` goes with ``[site] url``."""
        self.pbx, self.store, self.spool = pbx, store, spool
        self.clock, self.runtime = clock, runtime
        self.happenings = Happenings()
        self._audit_ids = MomentIds()
        self.numbers, self.persons = persons.numbers, persons
        self.journal = Journal(store, runtime, clock, self.happenings)
        self._build_calls(settings)
        entries, room = SharedEntries(settings.site_node, clock), settings.conference.room
        self.provisioning = Provisioning(pbx, self.happenings, self.domains, entries, room)
        self._build_blocks(settings)
        self.publisher = Publisher(
            pbx,
            self.blocking,
            self.provisioning,
            self.domains,
            runtime,
            gate_settings(settings),
            gate_rules(self.numbers),
        )
        self.rules = self._build_rules(settings)
        self._build_requests()
        self.surveys = Surveys(
            self.views,
            self.journal,
            pbx,
            self.rules,
            spool,
            runtime,
            SurveyFaults(self.provisioning),
            self.happenings.survey_answered,
        )
        self._build_retention(settings)
        self.recovery = Recovery(
            store,
            self.blocking,
            self.provisioning,
            self.snapshots,
            self.domains,
            self.journal,
            self.replies,
            runtime,
        )
        self.is_recovered = False
        """Whether what the store knows was taken over."""
        self.membership = None if site is None else self._join(site)
        self._connect()

    def _join(self, site: Site) -> Membership:
        parts = self.store, self.blocking, self.journal, self.runtime, self.clock
        joined = Membership(site, *parts, self.happenings, self._audit_ids)
        joined.take_entries(self.provisioning, self.unblockable.free)
        joined.merging.is_protected = self.is_protected
        joined.reading.may_begin = lambda: self.is_recovered
        told = site, self.standings.node, self.store, self.journal, self.runtime, self.clock
        joined.share(SharedHistory(*told, self.persons, self.retention), self.erasure)
        return joined

    def _build_calls(self, settings: Settings) -> None:
        self.contacts = Contacts()
        stations = Stations(
            self.numbers,
            self.contacts,
            settings.calls.trunk_contexts,
            settings.calls.trunk_users,
        )
        self.domains = Domains(self.journal, self.happenings, self.clock)
        self.tracker = Tracker(stations, self.domains, self.journal, self.clock, self.happenings)
        self.views = Views(self.tracker, self.domains)
        self.snapshots = Snapshots(self.tracker, stations, self.journal, self.happenings)

    def _build_blocks(self, settings: Settings) -> None:
        self.blocklist = Blocklist(self.numbers, self.happenings.block_changed)
        self.repeaters = Repeaters(settings.blocks.memory)
        self.gate_table = GateTable(self.blocklist, self.pbx, self.runtime, self.clock)
        self.standings = Standings(settings.site_node, self.blocklist, self.clock)
        self.blocking = Blocking(
            self.blocklist,
            self.repeaters,
            self.gate_table,
            self.pbx,
            self.journal,
            self.clock,
            self.standings,
        )
        self.unblockable = Unblockable(
            settings.blocks.never, self.numbers, self.provisioning, self.blocking, self.runtime
        )
        self.comparison = Comparison(
            self.blocklist, self.gate_table, self.pbx, self.runtime, self.clock
        )
        self.scheduler = Scheduler(self.blocking, self.clock)
        self.rereading = Rereading(
            self.blocklist, self.repeaters, self.journal, self.runtime, self.clock
        )
        self.gates = Gates(self.pbx, self.runtime, self.clock)
        self.attempts = Attempts(
            self.blocking,
            self.gates,
            self.domains,
            self.pbx,
            self.runtime,
            settings.blocks.reject_cause,
            settings.blocks.divert,
            self.happenings.caller_refused,
        )
        self.reclaim = Reclaim(
            self.pbx,
            self.store,
            self.blocking,
            self.numbers,
            self.journal,
            self.runtime,
            self.clock,
        )
        self.reclaim.is_protected = self.is_protected

    def _build_rules(self, settings: Settings) -> Rules:
        surroundings = Surroundings(self.pbx)
        return Rules(
            numbers=self.numbers,
            block_duration=settings.blocks.duration,
            escalation=settings.blocks.steps,
            room=settings.conference.room,
            room_context=settings.conference.context,
            survey_destination=settings.survey.destination,
            survey_context=settings.survey.context,
            block_scope=Scope(settings.blocks.scope),
            are_several_domains=lambda: self.domains.are_several,
            find_blocks=self.blocklist.find_all,
            named_block=self.blocklist.named,
            live_blocks=self.blocklist.blocks,
            nth_block=self.blocking.nth,
            is_protected=self.is_protected,
            make_block=self.blocking.make,
            find_group=self.provisioning.find_group,
            find_room=self.provisioning.find_room,
            find_service=self.provisioning.find_service,
            agent_context=surroundings.agent_context,
            room_members=surroundings.room_members,
            media_of=surroundings.media_of,
            find_entry=self.provisioning.find,
        )

    def _build_requests(self) -> None:
        self.replies = Replies(self.store, self.runtime, self.clock)
        self.audit = AuditTrail(
            self.journal,
            self.clock,
            FollowUps(self.tracker.watchers, self.views, self.journal),
            self._audit_ids,
        )
        self.disclosure = Disclosure(self.audit)
        self.executor = Executor(
            Directory(self.pbx, self.views, self.domains, self.clock),
            self.rules,
            Performer(
                self.pbx,
                self.blocking,
                self.provisioning,
                self.runtime,
                self.views,
                self.clock,
            ),
            Confirmations(self.tracker, self.pbx, self.runtime, self.clock),
            self.audit,
            self.replies,
            self.happenings,
            self.clock,
        )

    def _build_retention(self, settings: Settings) -> None:
        self.retention = Retention(
            self.store, self.journal, self.runtime, self.clock, ages(settings), self._audit_ids
        )
        self.filling = Filling(self.store, self.runtime, self.clock, self.persons)
        live_data = DaemonLiveData(
            blocking=self.blocking,
            replies=self.replies,
            tracker=self.tracker,
            pbx=self.pbx,
            persons=self.persons,
            runtime=self.runtime,
            happenings=self.happenings,
        )
        self.erasure = Erasure(
            store=self.store,
            spool=self.spool,
            runtime=self.runtime,
            clock=self.clock,
            persons=self.persons,
            live_data=live_data,
            write=self.journal.commit_after_all,
            ids=self._audit_ids,
        )

    def _connect(self) -> None:
        happenings = self.happenings
        happenings.leg_came_in.connect(self.attempts.check)
        happenings.call_bridged.connect(self.surveys.company_changed)
        happenings.customer_moved_on.connect(self.surveys.company_changed)
        happenings.group_changed.connect(self.surveys.group_changed)
        happenings.store_recreated.connect(self.write_again)
        happenings.connected.connect(self.reclaim_blocks)
        happenings.connected.connect(self.replies.learn_again)
        happenings.agent_appeared.connect(self.publisher.agent_appeared)
        happenings.person_erased.connect(self.audit.forget)
        happenings.person_erased.connect(self.provisioning.shared.forget)
        happenings.person_erased.connect(self.surveys.forget)

    def configure(self, wanted: Settings) -> None:
        """Apply the settings that may change at run time; they hold from the next action on."""
        earlier = gate_rules(self.numbers)
        self.numbers.configure(*wanted.numbering)
        self.persons.reading = name_reading(wanted.numbers)
        self.rules.block_duration = wanted.blocks.duration
        self.rules.escalation = wanted.blocks.steps
        self.repeaters.memory = wanted.blocks.memory
        self.unblockable.configure(wanted.blocks.never)
        self.rules.block_scope = Scope(wanted.blocks.scope)
        self.rules.room_context = wanted.conference.context
        self.rules.survey_destination = wanted.survey.destination
        self.rules.survey_context = wanted.survey.context
        self.attempts.cause = wanted.blocks.reject_cause
        self.attempts.divert = wanted.blocks.divert
        self.retention.ages = ages(wanted)
        is_same = gate_rules(self.numbers) == earlier
        gained, lost = ([], []) if is_same else self.rereading.step()
        # In this order no caller gets through in between.
        self._tell_gate(gained)
        self.publisher.configure(gate_settings(wanted), gate_rules(self.numbers))
        self._tell_gate(lost)
        self.unblockable.free()
        if not is_same:
            self.happenings.numbers_reread()

    def _tell_gate(self, keys: list[str]) -> None:
        try:
            self.gate_table.tell(keys)
        except PbxError as error:
            log.warning("the gate was not told; it is later", extra={"reason": str(error)})

    def recover(self) -> bool:
        """Take over the store's state; False where it cannot be read now."""
        if not self.is_recovered and self.recovery.step():
            self.is_recovered = True
            self.unblockable.free()
        return self.is_recovered

    def is_protected(self, number: str) -> bool:
        """Whether nobody can block this canonical number."""
        return self.unblockable.has(number)

    def telephone_registered(self, registration: Registration) -> None:
        """A telephone is registered: its domain counts, and its contact is its agent's."""
        self.contacts.note(registration)
        self.domains.see(registration.agent)

    def reclaim_blocks(self) -> None:
        """Take over the blocks that only mod_hash knows, once, after what the store knows."""
        if self.is_recovered and self.gate_table.is_told:
            self.reclaim.begin()

    def hash_loaded(self) -> None:
        """mod_hash was loaded, and is empty."""
        self.runtime.spawn(self.publisher.renew)

    def write_again(self) -> None:
        """Write live blocks, live calls and all entries into a store that was created anew."""
        self.journal.note(*self.blocklist.blocks(), *self.provisioning.records())
        self.domains.write_again()
        for call in self.tracker.calls.values():
            self.journal.call_changed(call)


def number_plan(settings: Settings) -> NumberPlan:
    """The number plan that the settings describe."""
    return NumberPlan(*settings.numbering)


def gate_settings(settings: Settings) -> dict[str, str]:
    """What the gate reads in mod_hash: key → value. One without a value has a sign there that is
    none, so that it can be seen to be known."""
    return {
        REJECT_CAUSE_KEY: settings.blocks.reject_cause,
        DIVERT_KEY: settings.blocks.divert or NO_DIVERT,
    }


def gate_rules(numbers: NumberPlan) -> dict[str, str]:
    """The global variables by which the kit's gates tell whose number a caller ID is."""
    homes = {f"{HOME_PREFIX}{name}": code for name, code in numbers.area_codes.items()}
    return {PERSON_VARIABLE: numbers.rule, HOME_VARIABLE: numbers.area_code, **homes}


def persons(settings: Settings) -> Persons:
    """Persons as the settings tell them apart."""
    return Persons(number_plan(settings), name_reading(settings.numbers))


def ages(settings: Settings) -> dict[RecordKind, float]:
    """For how many seconds each kind of record is kept: surveys as long as calls, ended blocks as
    long as the audit."""
    return {
        RecordKind.CALLS: settings.retention.calls,
        RecordKind.SURVEYS: settings.retention.calls,
        RecordKind.BLOCKS: settings.retention.audit,
        RecordKind.AUDIT: settings.retention.audit,
    }
