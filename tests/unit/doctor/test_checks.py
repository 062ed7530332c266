"""All checks in order, whatever does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxcc.config import Settings, StoreSettings
from fluxcc.doctor import checks
from fluxcc.doctor.checks import CHECKS, CONFIGURATION, Check, Result, misconfigured, run_checks
from fluxcc.doctor.finding import Finding, State, warning
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import Fault, LinkLostError

from .builders import installation


def test_what_needs_freeswitch_says_that_it_is_not_there(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(url=f"sqlite:///{tmp_path}/none.db"))
    results = list(run_checks(installation(LinkLostError("gone"), settings=settings)))
    found = {result.check.name: result.finding for result in results}
    assert list(found) == [check.name for check in CHECKS]
    assert found["configuration"].state is State.OK
    assert (found["gate"].state, found["gate"].code) == (State.SKIPPED, "pbx-silent")
    assert found["link"].code == "pbx-unreachable"
    assert found["store"].code == "store-unavailable"
    assert found["daemon"].state is State.OK


def test_each_finding_is_a_result_and_none_is_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = warning("first", "…", "…"), warning("second", "…", "…")

    def ask(installation: Installation) -> list[Finding]:
        installation.pbx.clock()
        return [first]

    several = Check("several", "several", lambda _patient: iter([first, second]))
    silent = Check("silent", "silent", ask)
    right = Check("right", "right", lambda _patient: ())
    monkeypatch.setattr(checks, "CHECKS", (several, silent, right))
    results = list(run_checks(installation(LinkLostError("gone"))))
    assert [(result.check, result.finding.code) for result in results] == [
        (several, "first"),
        (several, "second"),
        (silent, "pbx-silent"),
        (right, "ok"),
    ]


def test_a_wrong_configuration_is_all_that_is_reported() -> None:
    results = list(misconfigured([Fault("pbx.port", "must be from 1 to 65535"), Fault("x", "y")]))
    faults, others = results[:2], results[2:]
    assert [(check, finding.facts["key"]) for check, finding in faults] == [
        (CONFIGURATION, "pbx.port"),
        (CONFIGURATION, "x"),
    ]
    assert {finding.state for _, finding in faults} == {State.GRAVE}
    assert [Result(check, finding).check for check, finding in others] == list(CHECKS[1:])
    assert {(finding.state, finding.code) for _, finding in others} == {
        (State.SKIPPED, "configuration-wrong")
    }


@pytest.mark.parametrize("words", ["name", "title"])
def test_every_check_has_a_name_and_a_title_of_its_own(words: str) -> None:
    given = [getattr(check, words) for check in CHECKS]
    assert all(given)
    assert len(set(given)) == len(given)


def test_the_configuration_comes_first() -> None:
    assert CHECKS[0] is CONFIGURATION
