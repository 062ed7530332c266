"""The gate: it stands first where trunks' calls come in, and refuses blocked callers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.kit.names import GATE_EXTENSION
from fluxcc.marking import _
from fluxcc.pbx.markup import parse

STOCK_CAUSE = "CALL_REJECTED"
"""With this the kit's gate refuses where the daemon has not said otherwise."""


def check_gate(installation: Installation) -> Iterator[Finding]:
    """The gate is the first extension of every context that takes calls from trunks."""
    for context in installation.trunk_contexts:
        extensions = _extensions(installation.context(context))
        names = [extension.get("name", "") for extension in extensions]
        if not installation.context(context):
            yield warning(
                "context-missing",
                _("A SIP profile leads to dialplan context {context}, which does not exist."),
                _("Correct the profile's context, or add the context to the dialplan."),
                context=context,
            )
        elif GATE_EXTENSION not in names:
            yield grave(
                "gate-missing",
                _("Dialplan context {context} takes calls from trunks and has no gate."),
                _(
                    "Run: fluxcc kit install DIR, let the context include the kit's"
                    " dialplan/public/00_fluxcc.xml as its first line, then: fs_cli -x reloadxml"
                ),
                context=context,
            )
        elif names[0] != GATE_EXTENSION:
            yield grave(
                "gate-not-first",
                _("In dialplan context {context} extension {first} comes before the gate."),
                _(
                    "Move the line that includes 00_fluxcc.xml to the top of the context (fluxcc"
                    " kit install DIR --gate-first does so), then: fs_cli -x reloadxml"
                ),
                context=context,
                first=names[0] or "-",
            )


def check_refusal(installation: Installation) -> Iterator[Finding]:
    """The gate refuses a number that is blocked, and none that is not."""
    gates = [
        (context, extension)
        for context in installation.trunk_contexts
        for extension in _extensions(installation.context(context))
        if extension.get("name") == GATE_EXTENSION
    ]
    for context, gate in gates:
        yield from _try(installation, context, gate)
    if not gates:
        yield skipped("no-gate", _("There is no gate to be tried."))


def _try(installation: Installation, context: str, gate: Element) -> Iterator[Finding]:
    # No telephone has it, and it is another one each time: one run of doctor must not block the
    # number with which another run, at the same moment, tries an unblocked caller.
    number = f"000{random.randrange(10**9):09}"  # noqa: S311  # not a secret
    pbx = installation.pbx
    remedy = _(
        "Install the kit's own gate again (fluxcc kit install DIR --force), load mod_hash, then:"
        " fs_cli -x reloadxml"
    )
    if pbx.refuses(gate, number):
        yield grave(
            "gate-refuses-everyone",
            _("The gate in context {context} refuses callers who are not blocked."),
            remedy,
            context=context,
        )
        return
    has_loopback = installation.places_call and pbx.has_module("mod_loopback")
    with pbx.rehearsed_block(number):
        is_refused = pbx.refuses(gate, number)
        cause = pbx.call(number, context) if is_refused and has_loopback else ""
    if not is_refused or not _hangs_up(gate):
        yield grave(
            "gate-lets-through",
            _("The gate in context {context} lets a blocked number through."),
            remedy,
            context=context,
        )
    elif cause and cause not in {STOCK_CAUSE, installation.settings.blocks.reject_cause}:
        yield grave(
            "call-let-through",
            _("A call from a blocked number into context {context} was not refused: {cause}"),
            remedy,
            context=context,
            cause=cause,
        )
    elif installation.places_call and not has_loopback:
        reason = _("No call can be placed: FreeSWITCH has not loaded mod_loopback.")
        yield skipped("no-loopback", reason)


def _hangs_up(gate: Element) -> bool:
    return any(action.get("application") == "hangup" for action in gate.iter("action"))


def _extensions(xml: str) -> list[Element]:
    try:
        return list(parse(xml).iter("extension"))
    except ValueError:
        return []
