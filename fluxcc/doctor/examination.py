"""All checks in order, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fluxcc.doctor import (
    clock,
    daemon,
    destinations,
    gate,
    kit,
    link,
    modules,
    numbers,
    spool,
    store,
)
from fluxcc.doctor.finding import Finding, State, grave, skipped
from fluxcc.doctor.patient import Patient
from fluxcc.domain.errors import Fault, PbxError
from fluxcc.marking import _

Look = Callable[[Patient], Iterable[Finding]]

OK = Finding("ok", State.OK, "")


class Check(NamedTuple):
    """One thing that is looked at."""

    name: str
    """For programs, like a finding's code."""
    look: Look


class Result(NamedTuple):
    """What one check found; ``OK`` where it found nothing."""

    check: str
    finding: Finding


CONFIGURATION = "configuration"
CHECKS = (
    Check("link", link.check_link),
    Check("password", link.check_password),
    Check("listener", link.check_listener),
    Check("modules", modules.check_modules),
    Check("kit-dialplan", kit.check_dialplan),
    Check("kit-scripts", kit.check_scripts),
    Check("kit-prompts", kit.check_prompts),
    Check("gate", gate.check_gate),
    Check("refusal", gate.check_refusal),
    Check("clock", clock.check_clock),
    Check("store", store.check_store),
    Check("disk", store.check_disk),
    Check("daemon", daemon.check_daemon),
    Check("outside", numbers.check_outside),
    Check("users", numbers.check_users),
    Check("rooms", destinations.check_rooms),
    Check("surveys", destinations.check_surveys),
    Check("services", destinations.check_services),
    Check("spool", spool.check_spool),
)


def examine(patient: Patient) -> Iterator[Result]:
    """Run every check; one that cannot be done says why, and the next one follows."""
    yield Result(CONFIGURATION, OK)
    for check in CHECKS:
        try:
            findings = list(check.look(patient))
        except PbxError:
            reason = _("Not looked at: FreeSWITCH does not answer.")
            findings = [skipped("pbx-silent", reason)]
        for finding in findings or [OK]:
            yield Result(check.name, finding)


def misconfigured(faults: Iterable[Fault]) -> Iterator[Result]:
    """What can be said where the configuration is wrong: its faults, and nothing else."""
    for fault in faults:
        finding = grave(
            "configuration-fault",
            "{key}: {problem}",
            _("Correct it in the configuration file or in the environment, then look again."),
            key=fault.key,
            problem=fault,
        )
        yield Result(CONFIGURATION, finding)
    for check in CHECKS:
        reason = _("Not looked at: the configuration is wrong.")
        yield Result(check.name, skipped("configuration-wrong", reason))
