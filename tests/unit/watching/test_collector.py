"""The metrics: what is now, and what was counted."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fluxcc.core.retention import FIRST_AFTER
from fluxcc.domain.actions import Action
from fluxcc.doors.admission import MOST_OF_AN_AGENT
from fluxcc.pbx.events import RequestHeaders
from fluxcc.watching import actions, collector
from tests.builders import NUMBER, a_request, an_operators
from tests.fakes import NOW

from .conftest import Watched


def test_every_metric_is_told_and_no_other(watched: Watched) -> None:
    told = {
        sample.name
        for family in text_string_to_metric_families(generate_latest(watched.registry).decode())
        for sample in family.samples
    }
    histogram = {f"{actions.TIMED}{tail}" for tail in ("_bucket", "_sum", "_count")}
    assert told == collector.NAMES | {actions.COUNTED} | histogram


def test_metrics_say_what_is_now(watched: Watched) -> None:
    world = watched.world
    world.blocks(number="+5521977776666")
    world.received_call()
    assert watched.value("fluxcc_calls") == 1
    assert watched.value("fluxcc_legs") == 2
    assert watched.value("fluxcc_blocks") == 1
    assert watched.value("fluxcc_link_up") == 1
    assert watched.value("fluxcc_events_waiting") == 4
    assert watched.value("fluxcc_events_dropped_total") == 5
    assert watched.value("fluxcc_event_lag_seconds") == 0.25
    assert watched.value("fluxcc_info", version="1.2.3", node="pbx1") == 1
    assert watched.value("fluxcc_store_pending") == 1
    world.journal.flush()
    assert watched.value("fluxcc_store_pending") == 0


def test_a_lost_link_shows_at_once_and_until_the_snapshot_was_taken(watched: Watched) -> None:
    watched.world.pbx.lose()
    assert watched.value("fluxcc_link_up") == 0
    watched.world.pbx.come_back()
    watched.session.connected_since = None
    assert watched.value("fluxcc_link_up") == 0
    assert watched.value("fluxcc_link_connected_timestamp_seconds") == 0


def test_what_becomes_of_blocks_and_who_tried_is_counted(watched: Watched) -> None:
    world = watched.world
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.caller_dials()
    world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert watched.value("fluxcc_attempts_total") == 1
    for change, count in (("blocked", 1), ("renewed", 0), ("released", 1), ("expired", 0)):
        assert watched.value("fluxcc_block_changes_total", change=change) == count


def test_surveys_and_malformed_requests_are_counted(watched: Watched) -> None:
    world = watched.world
    record = {"Fluxcc-Survey": "s1", "Fluxcc-Questions": "1", "Fluxcc-Answer-1": "5"}
    world.spool.files = {"a": [record], "b": [{"Fluxcc-Survey": "s2"}]}
    world.surveys.empty_spool()
    assert watched.value("fluxcc_surveys_total", result="taken") == 1
    assert watched.value("fluxcc_surveys_total", result="malformed") == 1
    watched.board.answer(RequestHeaders(request="r", action="fly", agent="1000"))
    assert watched.value("fluxcc_requests_malformed_total") == 1


def test_requests_beyond_what_is_carried_out_at_once_are_counted(watched: Watched) -> None:
    for number in range(MOST_OF_AN_AGENT + 3):
        watched.board.admission.admit(("", "1000", ""), str(number))
    assert watched.value("fluxcc_requests_turned_away_total") == 3


def test_the_stores_lag_is_how_long_the_oldest_record_waits(watched: Watched) -> None:
    world = watched.world
    world.store.failure = "the disk is full"
    world.caller_dials()
    world.journal.wait_for_work()
    world.journal.flush()
    world.clock.step(30)
    lag = watched.value("fluxcc_store_lag_seconds")
    assert lag is not None
    assert lag >= 30
    assert watched.value("fluxcc_store_failing") == 1
    world.store.failure = ""
    world.journal.flush()
    assert watched.value("fluxcc_store_lag_seconds") == 0
    assert watched.value("fluxcc_store_failing") == 0


def test_retention_is_told(watched: Watched) -> None:
    name = "fluxcc_retention_last_success_timestamp_seconds"
    assert watched.value(name) == 0
    watched.world.clock.step(FIRST_AFTER)
    watched.world.retention.step()
    assert watched.value(name) == NOW + FIRST_AFTER
    assert watched.value("fluxcc_retention_deleted_total", kind="calls") == 0


def test_no_metric_has_a_telephone_number_in_it(watched: Watched) -> None:
    watched.world.received_call()
    watched.world.ask(a_request())
    assert NUMBER[-8:] not in generate_latest(watched.registry).decode()
