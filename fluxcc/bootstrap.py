"""The one place that names concrete classes: settings in, a daemon out.

It puts the real things behind the core's ports, and makes the doors.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector

from fluxcc import __version__, i18n, logs, memory
from fluxcc.config import Settings
from fluxcc.config.reload import Reloader
from fluxcc.core.core import Core, persons
from fluxcc.core.erasure import Erasure, StoredLiveData
from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Batch
from fluxcc.core.site.neighbourhood import Machine, Neighbourhood
from fluxcc.daemon.intake import Intake
from fluxcc.daemon.jobs import jobs
from fluxcc.daemon.process import Daemon
from fluxcc.daemon.session import Session
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.errors import SiteUnavailableError, StartError
from fluxcc.domain.persons import Persons
from fluxcc.doors.askers import Askers
from fluxcc.doors.board import Board
from fluxcc.doors.feed import Feed
from fluxcc.doors.operators import OperatorsDoor
from fluxcc.doors.readings import Readings
from fluxcc.doors.watch import Watch
from fluxcc.pbx import events
from fluxcc.pbx.claim import Claim
from fluxcc.pbx.switch import Address, Switch
from fluxcc.protocol.operators import VITALS
from fluxcc.runtime import GeventRuntime, PbxClock, SystemClock, vitals
from fluxcc.single import FileLock, SignOfLife, name_daemon
from fluxcc.site.neighbours import PostgresqlNeighbours
from fluxcc.site.postgresql import PostgresqlSite
from fluxcc.spool import FolderSpool
from fluxcc.store.engines import parse_url
from fluxcc.store.identity import host
from fluxcc.store.sql_store import SqlStore
from fluxcc.systemd import ServiceManager
from fluxcc.watching.actions import Actions
from fluxcc.watching.collector import Collector, Sources
from fluxcc.watching.health import Health
from fluxcc.watching.server import WatchServer

SAMPLE_NUMBER = "+5511900000000"


def daemon(settings: Settings, read: Callable[[], Settings]) -> Daemon:
    """The whole daemon, not running yet; ``read`` loads the settings again."""
    memory.overwrite_what_is_freed()
    clock, manager = PbxClock(SystemClock()), ServiceManager(os.environ)
    runtime = GeventRuntime()
    switch = Switch(Address(settings.pbx.host, settings.pbx.port, settings.pbx.password))
    known = persons(settings)
    store = _store(settings, known)
    core = Core(
        settings,
        pbx=switch,
        store=store,
        spool=_spool(settings),
        clock=clock,
        runtime=runtime,
        persons=known,
        site=_site(settings, known),
    )
    neighbourhood = _neighbourhood(core, settings)
    _read_ahead(core)
    decoder = events.Decoder(settings.calls.group_variables, settings.calls.agent_variables)
    board = _board(core, settings)
    intake = Intake(decoder, core, board)
    life = SignOfLife()
    claim = Claim(switch.variables, life)
    session = Session(core, switch, decoder, intake, clock, manager, claim)
    health = Health(session, core.journal, clock, lambda: manager.turned)
    sources = Sources(
        __version__, lambda: store.node, session, intake, health, core, board, neighbourhood
    )

    readings = Readings(
        core, session, intake, lambda: store.node, lambda: clock.offset, neighbourhood
    )

    def apply(wanted: Settings) -> None:
        core.configure(wanted)
        board.language, board.zone = wanted.lang, wanted.zone
        logs.set_up(wanted.log.level, wanted.log.format)

    return Daemon(
        core,
        session,
        locks=[*locks(settings), life],
        requests=board,
        doors=(
            OperatorsDoor(
                settings.control_socket,
                core.executor,
                {**readings.by_name(), VITALS: lambda ask, who: vitals()},
                lambda: switch.is_connected,
                Askers(core.provisioning.find_account, settings.web.user),
                Watch(core, Feed(core, readings.state, time.time(), neighbourhood), readings.state),
            ),
            _watch_server(settings, sources),
        ),
        jobs=jobs(core, session) | (neighbourhood.jobs() if neighbourhood else {}),
        manager=manager,
        reload=Reloader(settings, lambda: runtime.offload(read), apply).reload,
    )


def _read_ahead(core: Core) -> None:
    """Read what would stall the event loop at its first use: libphonenumber's metadata, and the
    translations."""
    for language in (i18n.ENGLISH, i18n.PORTUGUESE):
        i18n.catalogue(language)
    core.numbers.read(SAMPLE_NUMBER)


def locks(settings: Settings) -> list[FileLock]:
    """What keeps a second daemon from an SQLite file, by whichever path it knows it."""
    return [FileLock(_store_file(settings))]


def _store_file(settings: Settings) -> Path:
    return Path(str(parse_url(settings.store.url).database)).resolve()


def _store(settings: Settings, known: Persons) -> SqlStore:
    """The daemon's store, not opened yet."""
    url, is_of_site = settings.store.url, bool(settings.site.url)
    return SqlStore(url, settings.pbx.node, known, is_of_site=is_of_site)


def _board(core: Core, settings: Settings) -> Board:
    board = Board(core.executor, core.pbx, settings.lang, settings.zone)
    core.happenings.connected.connect(board.send_unsent)
    core.happenings.person_erased.connect(board.forget)
    return board


def _site(settings: Settings, known: Persons) -> PostgresqlSite | None:
    """The way to the site's database, not connected yet; None where there is no site."""
    if not settings.site.url:
        return None
    try:
        return PostgresqlSite(settings.site.url, settings.site.listen_url, settings.pbx.node, known)
    except SiteUnavailableError as error:
        # It names no PostgreSQL, or there is no driver for one.
        raise StartError(str(error)) from error


def _neighbourhood(core: Core, settings: Settings) -> Neighbourhood | None:
    """The way to the other nodes of the core's site."""
    if core.membership is None:
        return None
    machine = Machine(host(), name_daemon(_store_file(settings)))
    neighbours = PostgresqlNeighbours(settings.site.url)
    return Neighbourhood(core, core.membership, neighbours, machine)


def _spool(settings: Settings) -> FolderSpool:
    return FolderSpool(settings.survey.spool, may_be_missing=not settings.pbx.is_on_this_machine)


def _watch_server(settings: Settings, sources: Sources) -> WatchServer:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Collector(sources))
    sources.core.happenings.request_answered.connect(Actions(registry).ended)
    return WatchServer(settings.metrics.address, registry, sources.health)


def erasure(settings: Settings) -> Erasure:
    """The ``Erasure`` of a command, for use while no daemon is running."""
    clock, known = SystemClock(), persons(settings)
    is_of_site = bool(settings.site.url)
    store = SqlStore(settings.store.url, settings.pbx.node, known, is_of_site=is_of_site)

    def write(row: AuditRecord) -> bool:
        store.write(Batch(audit=(row,)))
        return True

    def mark(number: str) -> bool:
        # The daemon does it when it runs again.
        store.mark_erasure(number)
        return False

    erasure = Erasure(
        store=store,
        spool=_spool(settings),
        runtime=GeventRuntime(),
        clock=clock,
        persons=known,
        live_data=StoredLiveData(store, clock),
        write=write,
        ids=MomentIds(),
    )
    erasure.erase_at_site = mark if is_of_site else None
    return erasure
