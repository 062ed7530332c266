"""The one place that names concrete classes: settings in, a daemon out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector

from fluxcc import __version__, logs
from fluxcc.actions.rules import Rules
from fluxcc.config import Settings
from fluxcc.core.blocks.attempts import Attempts
from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.reclaim import Reclaim
from fluxcc.core.blocks.scheduler import Scheduler
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Batch
from fluxcc.core.provisioning import Provisioning
from fluxcc.core.recovery import Recovery
from fluxcc.core.requests.executor import Executor
from fluxcc.core.requests.follow_up import FollowUps
from fluxcc.core.requests.performer import Performer
from fluxcc.core.requests.replies import Replies
from fluxcc.core.retention import PURGE, DaemonMemory, Erasure, Retention, StoredMemory
from fluxcc.core.surveys import Surveys
from fluxcc.daemon import Daemon
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.calls import Call
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.retention import RecordKind
from fluxcc.doors.board import Board
from fluxcc.doors.operators import Control, purge
from fluxcc.pbx import wire
from fluxcc.pbx.switch import Address, Switch
from fluxcc.reload import Reloader
from fluxcc.runtime import GeventRuntime, PbxClock, SystemClock, vitals
from fluxcc.spool import FolderSpool
from fluxcc.store.database import SqlStore
from fluxcc.systemd import ServiceManager
from fluxcc.watching.actions import Actions
from fluxcc.watching.collector import Readings, Sources
from fluxcc.watching.health import Health
from fluxcc.watching.server import WatchServer

WARM_UP = "+5511900000000"


def daemon(settings: Settings, read: Callable[[], Settings]) -> Daemon:
    """The whole program, not running yet; ``read`` loads the settings again."""
    clock, runtime = PbxClock(SystemClock()), GeventRuntime()
    numbers = NumberPlan(
        settings.numbers.country, settings.numbers.area_code, settings.blocks.internal
    )
    # libphonenumber reads its metadata at the first number, which takes it a while.
    numbers.read(WARM_UP)
    sql_store = SqlStore(settings.store.url, settings.pbx.node)
    switch = Switch(Address(settings.pbx.host, settings.pbx.port, settings.pbx.password))
    journal = Journal(sql_store, runtime, clock)
    tracker = Tracker(numbers, journal, clock, settings.calls.trunk_contexts)
    blocklist = Blocklist(numbers)
    blocking = Blocking(blocklist, switch, journal, clock)
    attempts = Attempts(blocking, switch, settings.blocks.reject_cause)
    provisioning = Provisioning(switch, settings.conference.room)
    rules = Rules(
        numbers=numbers,
        block_duration=settings.blocks.duration,
        room=settings.conference.room,
        room_context=settings.conference.context,
        survey_destination=settings.survey.destination,
        survey_context=settings.survey.context,
        find_block=blocklist.find,
        find_group=provisioning.find_group,
        find_room=provisioning.find_room,
        find_service=provisioning.find_service,
        has_entry=provisioning.has,
    )
    replies = Replies(sql_store, runtime, clock)
    executor = Executor(
        tracker=tracker,
        blocklist=blocklist,
        performer=Performer(switch, blocking, provisioning, journal),
        journal=journal,
        replies=replies,
        follow_ups=FollowUps(tracker, journal),
        pbx=switch,
        rules=rules,
        runtime=runtime,
        clock=clock,
    )
    spool = FolderSpool(settings.survey.spool)
    surveys = Surveys(tracker, journal, switch, rules, spool)
    provisioning.on_group = surveys.group_changed

    def write_again() -> None:
        journal.note(*blocklist.blocks(), *provisioning.entries())
        for call in tracker.calls.values():
            journal.call_changed(call)

    journal.on_recreated = write_again
    board = Board(executor, switch, settings.lang)
    retention = Retention(sql_store, journal, runtime, clock, _ages(settings))
    erasure = Erasure(
        store=sql_store,
        runtime=runtime,
        clock=clock,
        numbers=numbers,
        memory=DaemonMemory(blocking, journal, replies),
        write=journal.commit,
    )
    manager = ServiceManager(os.environ)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    executor.on_reply = Actions(registry).ended
    health = Health(
        is_connected=lambda: switch.is_connected,
        connected_since=lambda: life.connected_since,
        loss=lambda: switch.loss,
        last_turn=lambda: manager.turned,
        journal=journal,
        clock=clock,
    )
    started = time.time()

    def apply(wanted: Settings) -> None:
        """Let count what may change at run time (``reload.AT_RUN_TIME``)."""
        numbers.configure(wanted.numbers.country, wanted.numbers.area_code, wanted.blocks.internal)
        rules.block_duration = wanted.blocks.duration
        rules.room_context = wanted.conference.context
        rules.survey_destination = wanted.survey.destination
        rules.survey_context = wanted.survey.context
        attempts.cause = wanted.blocks.reject_cause
        board.language = wanted.lang
        retention.ages = _ages(wanted)
        logs.set_up(wanted.log.level, wanted.log.format)
        life.publish_settings({"reject_cause": wanted.blocks.reject_cause})

    def status() -> dict[str, Any]:
        return {
            "version": __version__,
            "node": settings.pbx.node,
            "since": started,
            "connected": switch.is_connected,
            "connected_since": life.connected_since,
            "link_loss": switch.loss,
            "calls": len(tracker.calls),
            "legs": len(tracker.legs),
            "blocks": len(blocklist),
            "lag": life.lag,
            "clock_offset": clock.offset,
            "gate_told": blocking.is_told,
            "events": life.events,
            "events_waiting": life.waiting,
            "events_dropped": life.dropped,
            "resyncs": life.resyncs,
            "records_pending": journal.pending,
            "store_failure": journal.failure,
            "contexts_without_gate": attempts.ungated,
        }

    def calls() -> list[dict[str, Any]]:
        return [_describe(call) for call in tracker.calls.values()]

    life = Daemon(
        switch=switch,
        decoder=wire.Decoder(settings.calls.group_variables, settings.calls.agent_variables),
        tracker=tracker,
        attempts=attempts,
        blocking=blocking,
        scheduler=Scheduler(blocking, clock),
        journal=journal,
        board=board,
        control=Control(
            settings.control_socket,
            executor,
            {"status": status, "calls": calls, "vitals": vitals},
            lambda: switch.is_connected,
            {PURGE: lambda ask, who: purge(erasure, ask, who)},
        ),
        recovery=Recovery(
            store=sql_store,
            blocklist=blocklist,
            provisioning=provisioning,
            tracker=tracker,
            journal=journal,
            replies=replies,
            runtime=runtime,
            clock=clock,
        ),
        reclaim=Reclaim(
            pbx=switch,
            store=sql_store,
            blocklist=blocklist,
            numbers=numbers,
            journal=journal,
            runtime=runtime,
            clock=clock,
        ),
        provisioning=provisioning,
        surveys=surveys,
        spool=spool,
        retention=retention,
        watch_server=WatchServer(settings.metrics.address, registry, health),
        clock=clock,
        manager=manager,
        reloader=Reloader(settings, read, apply),
        settings={"reject_cause": settings.blocks.reject_cause},
    )
    registry.register(
        Readings(
            Sources(
                version=__version__,
                node=settings.pbx.node,
                life=life,
                health=health,
                tracker=tracker,
                blocking=blocking,
                attempts=attempts,
                journal=journal,
                store=sql_store,
                surveys=surveys,
                board=board,
                retention=retention,
            )
        )
    )
    return life


def erasure(settings: Settings) -> Erasure:
    """What erases while no daemon runs."""
    clock, sql_store = SystemClock(), SqlStore(settings.store.url, settings.pbx.node)

    def write(row: AuditRecord) -> bool:
        sql_store.write(Batch(audit=(row,)))
        return True

    return Erasure(
        store=sql_store,
        runtime=GeventRuntime(),
        clock=clock,
        numbers=NumberPlan(
            settings.numbers.country, settings.numbers.area_code, settings.blocks.internal
        ),
        memory=StoredMemory(sql_store, clock),
        write=write,
    )


def _ages(settings: Settings) -> dict[RecordKind, float]:
    """For how many seconds each kind of record is kept. A survey belongs to its call, and a block
    that ended to the rows that tell who wanted it."""
    return {
        RecordKind.CALLS: settings.retention.calls,
        RecordKind.SURVEYS: settings.retention.calls,
        RecordKind.BLOCKS: settings.retention.audit,
        RecordKind.AUDIT: settings.retention.audit,
    }


def _describe(call: Call) -> dict[str, Any]:
    return {
        "call": call.customer_uuid or call.legs[0].uuid if call.legs else call.customer_uuid,
        "direction": call.direction.value,
        "number": call.number,
        "agent": call.agent,
        "group": call.group,
        "started": call.started,
        "bridged": call.bridged,
        "talking": call.is_talking,
        "legs": [leg.uuid for leg in call.legs],
    }
