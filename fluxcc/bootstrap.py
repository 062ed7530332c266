"""The one place that names concrete classes: settings in, a daemon out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from fluxcc import __version__
from fluxcc.actions.rules import Rules
from fluxcc.board import Board
from fluxcc.config import Settings
from fluxcc.control import Control
from fluxcc.daemon import Daemon
from fluxcc.domain.calls import Call
from fluxcc.domain.numbers import NumberPlan
from fluxcc.pbx import wire
from fluxcc.pbx.switch import Address, Switch
from fluxcc.reload import Reloader
from fluxcc.runtime import GeventRuntime, SystemClock, vitals
from fluxcc.service.blocking import Blocking
from fluxcc.service.blocklist import Blocklist
from fluxcc.service.directory import Directory
from fluxcc.service.executor import Executor
from fluxcc.service.journal import Journal
from fluxcc.service.performer import Performer
from fluxcc.service.recovery import Recovery
from fluxcc.service.refusal import Refusal
from fluxcc.service.replies import Replies
from fluxcc.service.scheduler import Scheduler
from fluxcc.service.sequel import Sequels
from fluxcc.service.surveys import Surveys
from fluxcc.service.tracker import Tracker
from fluxcc.spool import FolderSpool
from fluxcc.store.database import SqlStore
from fluxcc.systemd import ServiceManager

WARM_UP = "+5511900000000"


def daemon(settings: Settings, read: Callable[[], Settings]) -> Daemon:
    """The whole program, not running yet; ``read`` loads the settings again."""
    clock, runtime = SystemClock(), GeventRuntime()
    numbers = NumberPlan(
        settings.numbers.country, settings.numbers.area_code, settings.blocks.internal
    )
    # libphonenumber reads its metadata at the first number, which takes it a while.
    numbers.read(WARM_UP)
    sql_store = SqlStore(settings.store.url, settings.pbx.node)
    switch = Switch(Address(settings.pbx.host, settings.pbx.port, settings.pbx.password))
    journal = Journal(sql_store, runtime, clock)
    tracker = Tracker(numbers, journal, clock)
    blocklist = Blocklist(numbers)
    blocking = Blocking(blocklist, switch, journal, clock)
    refusal = Refusal(blocking, switch, settings.blocks.reject_cause)
    directory = Directory(switch, settings.conference.room)
    rules = Rules(
        numbers=numbers,
        block_duration=settings.blocks.duration,
        room=settings.conference.room,
        room_context=settings.conference.context,
        survey_destination=settings.survey.destination,
        survey_context=settings.survey.context,
        find_block=blocklist.find,
        find_group=directory.find_group,
        find_room=directory.find_room,
        find_service=directory.find_service,
        has_entry=directory.has,
    )
    executor = Executor(
        tracker=tracker,
        blocklist=blocklist,
        performer=Performer(switch, blocking, directory, journal),
        journal=journal,
        replies=Replies(sql_store, runtime, clock),
        sequels=Sequels(tracker, journal),
        pbx=switch,
        rules=rules,
        runtime=runtime,
        clock=clock,
    )
    spool = FolderSpool(settings.survey.spool)
    surveys = Surveys(tracker, journal, switch, rules, spool)
    directory.on_group = surveys.group_changed

    def write_again() -> None:
        journal.note(*blocklist.blocks(), *directory.entries())
        for call in tracker.calls.values():
            journal.call_changed(call)

    journal.on_recreated = write_again
    board = Board(executor, switch, settings.lang)
    started = time.time()

    def apply(wanted: Settings) -> None:
        """Let count what may change at run time (``reload.AT_RUN_TIME``)."""
        numbers.configure(wanted.numbers.country, wanted.numbers.area_code, wanted.blocks.internal)
        rules.block_duration = wanted.blocks.duration
        rules.room_context = wanted.conference.context
        rules.survey_destination = wanted.survey.destination
        rules.survey_context = wanted.survey.context
        refusal.cause = wanted.blocks.reject_cause
        board.language = wanted.lang
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
            "events": life.events,
            "events_waiting": life.waiting,
            "events_dropped": life.dropped,
            "resyncs": life.resyncs,
            "records_pending": journal.pending,
            "store_failure": journal.failure,
            "contexts_without_gate": refusal.ungated,
        }

    def calls() -> list[dict[str, Any]]:
        return [_describe(call) for call in tracker.calls.values()]

    life = Daemon(
        switch=switch,
        decoder=wire.Decoder(settings.calls.group_variables, settings.calls.agent_variables),
        tracker=tracker,
        refusal=refusal,
        blocking=blocking,
        scheduler=Scheduler(blocking, clock),
        journal=journal,
        board=board,
        control=Control(
            settings.control_socket,
            executor,
            {"status": status, "calls": calls, "vitals": vitals},
            lambda: switch.is_connected,
        ),
        recovery=Recovery(
            store=sql_store,
            blocklist=blocklist,
            directory=directory,
            tracker=tracker,
            journal=journal,
            runtime=runtime,
            clock=clock,
        ),
        directory=directory,
        surveys=surveys,
        spool=spool,
        clock=clock,
        manager=ServiceManager(os.environ),
        reloader=Reloader(settings, read, apply),
        settings={"reject_cause": settings.blocks.reject_cause},
    )
    return life


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
