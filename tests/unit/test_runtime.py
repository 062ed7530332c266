"""Greenlets: what breaks in one is logged like everything else; several are waited for together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import gevent
import pytest

from fluxcc.runtime import GeventRuntime, log_failures


@pytest.fixture
def _logged() -> Iterator[None]:
    log_failures()
    yield
    del gevent.get_hub().print_exception


@pytest.mark.usefixtures("_logged")
def test_a_greenlet_that_breaks_leaves_a_record_and_nothing_on_stderr(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    gevent.spawn(fail).join()
    (record,) = caplog.records
    assert record.getMessage() == "a greenlet failed"
    assert record.exc_info
    assert str(record.exc_info[1]) == "broken"
    assert capfd.readouterr().err == ""


def test_what_is_done_together_begins_in_order_and_is_waited_for() -> None:
    story: list[str] = []

    def work(name: str, seconds: float) -> None:
        story.append(f"{name} begins")
        gevent.sleep(seconds)
        story.append(f"{name} ends")

    GeventRuntime().together([partial(work, "first", 0.01), partial(work, "second", 0)])
    assert story == ["first begins", "second begins", "second ends", "first ends"]


def test_the_first_failure_of_what_is_done_together_is_told_when_all_has_ended() -> None:
    ended: list[str] = []

    def fail(name: str, seconds: float) -> None:
        gevent.sleep(seconds)
        ended.append(name)
        raise ValueError(name)

    with pytest.raises(ValueError, match="first"):
        GeventRuntime().together([partial(fail, "first", 0.01), partial(fail, "second", 0)])
    assert ended == ["second", "first"]
