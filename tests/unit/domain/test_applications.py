"""Which of the dialplan's applications have taken a leg."""

from __future__ import annotations

import pytest

from fluxcc.domain.applications import ENDING, PREPARING, Application
from fluxcc.domain.causes import NORMAL


@pytest.mark.parametrize(
    "name",
    [
        *("bridge", "park", "fifo", "callcenter", "conference", "playback", "ivr", "voicemail"),
        *("echo", "play_and_get_digits", "say", "lua", "eavesdrop", "att_xfer", "valet_park"),
        "one that nobody knows",
    ],
)
def test_what_talks_or_connects_has_taken_it_however_it_ends(name: str) -> None:
    assert Application(name).is_talking
    assert Application(name).has_taken(NORMAL)


@pytest.mark.parametrize(
    "name",
    [
        *("set", "export", "unset", "hash", "log", "eval", "sleep", "info", "answer"),
        *("pre_answer", "ring_ready", "sched_hangup", "bind_meta_app", "record_session"),
        "execute_extension",
    ],
)
@pytest.mark.parametrize("cause", [NORMAL, "ALLOTTED_TIMEOUT"])
def test_what_prepares_has_not(name: str, cause: str) -> None:
    assert name in PREPARING
    assert not Application(name).is_talking
    assert not Application(name).has_taken(cause)


@pytest.mark.parametrize("name", sorted(ENDING))
def test_what_ends_it_has_where_it_says_why(name: str) -> None:
    assert Application(name).has_taken("USER_BUSY")
    assert not Application(name).has_taken(NORMAL)


def test_nothing_at_all_has_not() -> None:
    assert not Application("").is_talking
    assert not Application("").has_taken(NORMAL)


@pytest.mark.parametrize(
    ("application", "longest"),
    [
        (Application("set", "a=b"), 0.5),
        (Application("sleep", "1000"), 1.5),
        (Application("sleep", "${x}"), None),
        (Application("sleep", "9" * 4000), None),
        (Application("sleep", "²"), None),
        (Application("curl", "http://x"), None),
    ],
)
def test_how_long_one_that_prepares_may_have_a_leg(
    application: Application, longest: float | None
) -> None:
    assert application.longest == longest
