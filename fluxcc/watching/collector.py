"""The metrics that are read when Prometheus asks for them, as tables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import Metric, registry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from fluxcc.core.blocks.comparison import Difference
from fluxcc.core.core import Core
from fluxcc.core.site.neighbourhood import Neighbourhood
from fluxcc.core.site.recording import Recording
from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.changes import MarkKind
from fluxcc.domain.nodes import Beat
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.sight import Sight
from fluxcc.doors.board import Board
from fluxcc.doors.observed import Intake, Session
from fluxcc.logs import TALLY
from fluxcc.watching.health import Health


class Sources(NamedTuple):
    """The parts whose state is read."""

    version: str
    node: Callable[[], str]
    session: Session
    intake: Intake
    health: Health
    core: Core
    board: Board
    neighbourhood: Neighbourhood | None = None
    """None where the PBX is alone."""


Reading = tuple[str, str, Callable[[Sources], float]]
"""Name, help text, how it is read."""

GAUGES: tuple[Reading, ...] = (
    ("fluxcc_ready", "1 while /readyz says so", lambda s: not s.health.unready()),
    (
        "fluxcc_link_up",
        "1 while FreeSWITCH is connected and its calls are known",
        lambda s: s.session.is_connected,
    ),
    (
        "fluxcc_link_refused",
        "1 while FreeSWITCH refuses the password or the address",
        lambda s: bool(s.session.refusal),
    ),
    (
        "fluxcc_link_connected_timestamp_seconds",
        "Since when it is connected; 0 while it is not",
        lambda s: s.session.connected_since or 0,
    ),
    (
        "fluxcc_event_lag_seconds",
        "How long after FreeSWITCH's clock its last heartbeat was handled",
        lambda s: s.intake.lag,
    ),
    ("fluxcc_events_waiting", "Events read and not handled yet", lambda s: s.session.waiting),
    ("fluxcc_calls", "Live calls", lambda s: len(s.core.tracker.calls)),
    (
        "fluxcc_legs",
        "Live legs, which are FreeSWITCH's channels",
        lambda s: len(s.core.tracker.legs),
    ),
    ("fluxcc_blocks", "Live blocks", lambda s: len(s.core.blocking.blocklist)),
    (
        "fluxcc_contexts_without_gate",
        "Dialplan contexts that blocked callers reach without meeting the kit's gate",
        lambda s: len(s.core.gates.with_sight(Sight.MISSING)),
    ),
    (
        "fluxcc_contexts_unseen",
        "Dialplan contexts of which it cannot be seen whether blocked callers meet the gate there",
        lambda s: len(s.core.gates.with_sight(Sight.UNSEEN)),
    ),
    (
        "fluxcc_gate_told",
        "1 while mod_hash has every block, room and setting, as far as is known",
        lambda s: s.core.publisher.is_done,
    ),
    (
        "fluxcc_gate_compared_timestamp_seconds",
        "When the gate was last compared with the blocks; 0 where that was not since the start",
        lambda s: s.core.comparison.last or 0,
    ),
    (
        "fluxcc_store_failing",
        "1 while the store cannot be written",
        lambda s: bool(s.core.journal.failure),
    ),
    (
        "fluxcc_store_rows_unreadable",
        "Rows of the store that cannot be read, and are left alone",
        lambda s: sum(s.core.store.unreadable.values()),
    ),
    ("fluxcc_store_pending", "Records not written yet", lambda s: s.core.journal.pending),
    (
        "fluxcc_store_lag_seconds",
        "How long the oldest of them has been waiting",
        lambda s: s.core.journal.lag,
    ),
    (
        "fluxcc_surveys_unplayable",
        "Groups whose last survey had recordings that FreeSWITCH could not play",
        lambda s: len(s.core.surveys.faults.unplayable),
    ),
    (
        "fluxcc_survey_spool_failing",
        "1 while the survey's spool cannot be read by the daemon or written by the script",
        lambda s: s.core.surveys.faults.is_spool_failing,
    ),
    (
        "fluxcc_retention_last_success_timestamp_seconds",
        "When what is too old was last deleted in full; 0 where that was not since the start",
        lambda s: s.core.retention.last_done or 0,
    ),
    (
        "fluxcc_retention_held",
        "Kinds of record of which too much is too old to be deleted without a person's word",
        lambda s: len(s.core.retention.held),
    ),
    (
        "fluxcc_retention_clock_doubted",
        "1 while nothing is deleted because the two clocks differ",
        lambda s: s.core.retention.is_clock_doubted,
    ),
    (
        "fluxcc_site_failing",
        "1 while the database of this PBX's site is not told or read",
        lambda s: bool(s.neighbourhood and s.neighbourhood.failure),
    ),
    (
        "fluxcc_site_nodes",
        "PBXs in the site; 0 where this one is alone",
        lambda s: _beat(s).nodes,
    ),
    (
        "fluxcc_site_nodes_silent",
        "Those of them that are not heard of",
        lambda s: _beat(s).silent,
    ),
    (
        "fluxcc_site_behind",
        "Changes of the site that this PBX had not taken in when it last asked",
        lambda s: s.neighbourhood.presence.behind if s.neighbourhood else 0,
    ),
    (
        "fluxcc_site_name_taken",
        "1 while another daemon is in the site under this PBX's name, and this one is not",
        lambda s: bool(s.neighbourhood and s.neighbourhood.presence.holder),
    ),
    (
        "fluxcc_site_waiting",
        "Records of which the site is still to be told",
        lambda s: s.neighbourhood.waiting.count if s.neighbourhood else 0,
    ),
    (
        "fluxcc_site_waiting_seconds",
        "Age of the oldest of them",
        lambda s: s.neighbourhood.waiting_for if s.neighbourhood else 0,
    ),
    (
        "fluxcc_site_history_failing",
        "1 while the site does not get this PBX's history",
        lambda s: bool((recording := _recording(s)) and recording.failure),
    ),
    (
        "fluxcc_site_erasing",
        "Persons who are still to be erased from the site",
        lambda s: recording.erasing if (recording := _recording(s)) else 0,
    ),
    (
        "fluxcc_site_clock_offset_seconds",
        "By how much FreeSWITCH's clock is ahead of the site's database's",
        lambda s: (s.neighbourhood.presence.offset or 0) if s.neighbourhood else 0,
    ),
    ("fluxcc_threads", "Native threads of the process", lambda s: threading.active_count()),
)
COUNTERS: tuple[Reading, ...] = (
    (
        "fluxcc_site_history_told_total",
        "Records of history of which the site was told",
        lambda s: recording.told if (recording := _recording(s)) else 0,
    ),
    ("fluxcc_connects_total", "Connections made to FreeSWITCH", lambda s: s.session.connects),
    ("fluxcc_resyncs_total", "Snapshots taken of its calls", lambda s: s.session.resyncs),
    ("fluxcc_events_total", "Events handled", lambda s: s.intake.handled),
    (
        "fluxcc_events_dropped_total",
        "Events dropped under overload since the last connect",
        lambda s: s.session.dropped,
    ),
    (
        "fluxcc_events_undecodable_total",
        "Events that nobody could read",
        lambda s: s.intake.undecodable,
    ),
    ("fluxcc_attempts_total", "Calls of blocked callers", lambda s: s.core.blocking.attempts),
    (
        "fluxcc_requests_malformed_total",
        "Malformed requests of boards",
        lambda s: s.board.malformed,
    ),
    (
        "fluxcc_requests_turned_away_total",
        "Requests of boards refused because too many were in work",
        lambda s: s.board.admission.turned_away,
    ),
    (
        "fluxcc_store_batches_total",
        "Transactions written to the store",
        lambda s: s.core.journal.written,
    ),
    (
        "fluxcc_store_recreated_total",
        "Times the store was found corrupt, deleted or replaced",
        lambda s: s.core.store.recreated,
    ),
)

NO_BEAT = Beat(now=0.0, number=0, nodes=0, silent=0, calls=0)


def _beat(sources: Sources) -> Beat:
    """What the site's database said last."""
    there = sources.neighbourhood
    return (there.presence.last if there is not None else None) or NO_BEAT


def _recording(sources: Sources) -> Recording | None:
    """What tells the site the history."""
    membership = sources.core.membership
    shared = membership.history if membership is not None else None
    return shared.recording if shared is not None else None


HISTORY = (MarkKind.CALL, MarkKind.AUDIT, MarkKind.SURVEY, MarkKind.ENDED)


def _history_lost(sources: Sources) -> Mapping[str, float]:
    """What was deleted before the site had it."""
    recording = _recording(sources)
    return {kind: recording.lost[kind] if recording else 0 for kind in HISTORY}


def _requests(sources: Sources) -> Mapping[str, float]:
    """What became of requests between the PBXs of a site."""
    there = sources.neighbourhood
    if there is None:
        return dict.fromkeys(("sent", "served", "unanswered"), 0)
    sent = there.forwarding
    return {"sent": sent.sent, "served": sent.served, "unanswered": sent.unanswered}


LOSABLE = (RecordKind.CALLS, RecordKind.AUDIT, RecordKind.SURVEYS)
LOGGED = ("INFO", "WARNING", "ERROR", "CRITICAL")

Table = tuple[str, str, str, Callable[[Sources], Mapping[str, float]]]
"""Name, help text, label, how the count of each of the label's values is read."""

LABELLED: tuple[Table, ...] = (
    (
        "fluxcc_block_changes_total",
        "What became of blocks",
        "change",
        lambda s: {change: s.core.blocking.changes[change] for change in BlockChange},
    ),
    (
        "fluxcc_gate_differences_total",
        "Keys in which the gate differed from the blocks, and was told again",
        "kind",
        lambda s: {kind: s.core.comparison.found[kind] for kind in Difference},
    ),
    (
        "fluxcc_surveys_total",
        "Surveys taken in, and records of them that nobody could read",
        "result",
        lambda s: {"taken": s.core.surveys.taken, "malformed": s.core.surveys.malformed},
    ),
    (
        "fluxcc_site_requests_total",
        "Requests that went to other PBXs of the site, came from them, or had no reply in time",
        "result",
        _requests,
    ),
    (
        "fluxcc_site_history_lost_total",
        "Records deleted for their age before the site had them",
        "kind",
        _history_lost,
    ),
    (
        "fluxcc_store_lost_total",
        "Records of history given up because the store was away for too long",
        "kind",
        lambda s: {kind: s.core.journal.lost.get(kind, 0) for kind in LOSABLE},
    ),
    (
        "fluxcc_retention_deleted_total",
        "Records deleted because they were too old",
        "kind",
        lambda s: {kind: s.core.retention.deleted[kind] for kind in RecordKind},
    ),
    (
        "fluxcc_log_records_total",
        "Records logged",
        "level",
        lambda s: {level: TALLY.records[level] for level in LOGGED},
    ),
)
INFO = "fluxcc_info"
NAMES = frozenset({INFO, *(entry[0] for entry in (*GAUGES, *COUNTERS, *LABELLED))})


class Collector(registry.Collector):
    """Reads every metric when Prometheus asks."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Every metric of the tables."""
        sources = self._sources
        for name, help_text, read in GAUGES:
            yield GaugeMetricFamily(name, help_text, value=float(read(sources)))
        for name, help_text, read in COUNTERS:
            yield CounterMetricFamily(name, help_text, value=float(read(sources)))
        for name, help_text, label, read_all in LABELLED:
            family = CounterMetricFamily(name, help_text, labels=[label])
            for value, count in read_all(sources).items():
                family.add_metric([value], count)
            yield family
        about = GaugeMetricFamily(INFO, "Version and node", labels=["version", "node"])
        about.add_metric([sources.version, sources.node()], 1)
        yield about
