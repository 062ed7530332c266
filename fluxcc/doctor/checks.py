"""All checks in order, and what they found.

Counterparts: the files of checks beside this one, ``cli.doctor`` (prints the results).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fluxcc.doctor import (
    clock,
    daemon,
    destinations,
    domains,
    gate,
    kit,
    link,
    modules,
    numbers,
    prompts,
    site,
    spool,
    store,
)
from fluxcc.doctor.finding import Finding, State, grave, skipped
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import Fault, PbxError
from fluxcc.marking import _

Look = Callable[[Installation], Iterable[Finding]]

OK = Finding("ok", State.OK, "")
"""What a check found that yielded nothing."""


class Check(NamedTuple):
    """One check."""

    name: str
    """For programs, like a finding's code; never renamed. ``docs/commands.md`` lists it."""
    title: str
    """For people; translated where it is shown."""
    look: Look
    """Yields what is wrong. Where it raises ``PbxError``, the check counts as skipped."""


class Result(NamedTuple):
    """What one check found; ``OK`` where it found nothing."""

    check: Check
    finding: Finding


CONFIGURATION = Check("configuration", _("configuration"), lambda _installation: ())
"""An ``Installation`` has settings, so they were read without a fault. Where they have faults,
``misconfigured`` says so in place of ``run_checks``."""
CHECKS = (
    CONFIGURATION,
    Check("link", _("link to FreeSWITCH"), link.check_link),
    Check("password", _("password"), link.check_password),
    Check("listener", _("who reaches the event socket"), link.check_listener),
    Check("listing", _("list of calls"), link.check_listing),
    Check("modules", _("FreeSWITCH's modules"), modules.check_modules),
    Check("kit-dialplan", _("kit: dialplan"), kit.check_dialplan),
    Check("kit-scripts", _("kit: scripts"), kit.check_scripts),
    Check("kit-prompts", _("survey's recordings"), prompts.check_prompts),
    Check("gate", _("gate in place"), gate.check_gate),
    Check("domain-gates", _("gates of domains"), gate.check_domain_gates),
    Check("refusal", _("gate refuses"), gate.check_refusal),
    Check("clock", _("clock"), clock.check_clock),
    Check("store", _("store"), store.check_store),
    Check("disk", _("disk"), store.check_disk),
    Check("node", _("the PBX's name"), store.check_node),
    Check("daemon", _("daemon"), daemon.check_daemon),
    Check("site", _("site of several PBXs"), site.check_site),
    Check("site-rights", _("rights in the site"), site.check_rights),
    Check("outside", _("outside numbers"), numbers.check_outside),
    Check("users", _("internal numbers"), numbers.check_users),
    Check("twins", _("extensions in domains"), domains.check_twins),
    Check("queues", _("queues in domains"), domains.check_queues),
    Check("agents", _("agents of mod_callcenter"), domains.check_queue_agents),
    Check("rooms", _("rooms"), destinations.check_rooms),
    Check("surveys", _("surveys"), destinations.check_surveys),
    Check("services", _("services"), destinations.check_services),
    Check("divert", _("where blocked callers go"), destinations.check_divert),
    Check("spool", _("survey's spool"), spool.check_spool),
)


def run_checks(installation: Installation) -> Iterator[Result]:
    """Run every check; one that cannot be done says why, and the next one follows."""
    for check in CHECKS:
        try:
            findings = list(check.look(installation))
        except PbxError:
            reason = _("Not looked at: FreeSWITCH does not answer.")
            findings = [skipped("pbx-silent", reason)]
        for finding in findings or [OK]:
            yield Result(check, finding)


def misconfigured(faults: Iterable[Fault]) -> Iterator[Result]:
    """The results where the configuration has faults: these, and every other check skipped."""
    for fault in faults:
        finding = grave(
            "configuration-fault",
            "{key}: {problem}",
            _("Correct it in the configuration file or in the environment, then look again."),
            key=fault.key,
            problem=fault,
        )
        yield Result(CONFIGURATION, finding)
    reason = _("Not looked at: the configuration is wrong.")
    for check in CHECKS:
        if check is not CONFIGURATION:
            yield Result(check, skipped("configuration-wrong", reason))
