"""What breaks in a greenlet is logged like everything else."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from fluxcc.runtime import log_failures


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
