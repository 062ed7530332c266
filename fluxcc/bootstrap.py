"""The one place that names concrete classes: settings in, a daemon out.

It puts the real things behind the core's ports, and opens the doors.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector

from fluxcc import __version__, logs
from fluxcc.config import Settings
from fluxcc.core.core import Core, number_plan
from fluxcc.core.ports import Batch
from fluxcc.core.retention import PURGE, Erasure, StoredMemory
from fluxcc.daemon.intake import Intake
from fluxcc.daemon.jobs import jobs
from fluxcc.daemon.process import Daemon
from fluxcc.daemon.session import Session
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.calls import Call
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
    clock, manager = PbxClock(SystemClock()), ServiceManager(os.environ)
    switch = Switch(Address(settings.pbx.host, settings.pbx.port, settings.pbx.password))
    core = Core(
        settings,
        pbx=switch,
        store=SqlStore(settings.store.url, settings.pbx.node),
        spool=FolderSpool(settings.survey.spool),
        clock=clock,
        runtime=GeventRuntime(),
    )
    # libphonenumber reads its metadata at the first number, which takes it a while.
    core.numbers.read(WARM_UP)
    decoder = wire.Decoder(settings.calls.group_variables, settings.calls.agent_variables)
    board = Board(core.executor, switch, settings.lang)
    core.happenings.connected.connect(board.send_unsent)
    intake = Intake(decoder, core, board)
    session = Session(core, switch, decoder, intake, clock, manager)
    health = Health(session, core.journal, clock, lambda: manager.turned)
    sources = Sources(__version__, settings.pbx.node, session, intake, health, core, board)

    def apply(wanted: Settings) -> None:
        core.configure(wanted)
        board.language = wanted.lang
        logs.set_up(wanted.log.level, wanted.log.format)

    return Daemon(
        core,
        session,
        doors=(
            _operators_door(settings, core, session, intake, clock),
            _watch_server(settings, sources),
        ),
        jobs=jobs(core, session),
        manager=manager,
        reload=Reloader(settings, read, apply).reload,
    )


def _operators_door(
    settings: Settings, core: Core, session: Session, intake: Intake, clock: PbxClock
) -> Control:
    started = time.time()

    def status() -> dict[str, Any]:
        return {
            "version": __version__,
            "node": settings.pbx.node,
            "since": started,
            "connected": core.pbx.is_connected,
            "connected_since": session.connected_since,
            "link_loss": session.loss,
            "calls": len(core.tracker.calls),
            "legs": len(core.tracker.legs),
            "blocks": len(core.blocklist),
            "lag": intake.lag,
            "clock_offset": clock.offset,
            "gate_told": core.publisher.is_done,
            "events": intake.handled,
            "events_waiting": session.waiting,
            "events_dropped": session.dropped,
            "resyncs": session.resyncs,
            "records_pending": core.journal.pending,
            "store_failure": core.journal.failure,
            "contexts_without_gate": core.attempts.ungated,
        }

    def calls() -> list[dict[str, Any]]:
        return [_describe(call) for call in core.tracker.calls.values()]

    return Control(
        settings.control_socket,
        core.executor,
        {"status": status, "calls": calls, "vitals": vitals},
        lambda: core.pbx.is_connected,
        {PURGE: lambda ask, who: purge(core.erasure, ask, who)},
    )


def _watch_server(settings: Settings, sources: Sources) -> WatchServer:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Readings(sources))
    sources.core.happenings.request_answered.connect(Actions(registry).ended)
    return WatchServer(settings.metrics.address, registry, sources.health)


def erasure(settings: Settings) -> Erasure:
    """What erases while no daemon runs."""
    clock, store = SystemClock(), SqlStore(settings.store.url, settings.pbx.node)

    def write(row: AuditRecord) -> bool:
        store.write(Batch(audit=(row,)))
        return True

    return Erasure(
        store=store,
        runtime=GeventRuntime(),
        clock=clock,
        numbers=number_plan(settings),
        memory=StoredMemory(store, clock),
        write=write,
    )


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
