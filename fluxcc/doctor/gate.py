"""The gate: it stands first where trunks' calls come in, and refuses blocked callers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.doctor.served import kit_remedy, unseen_in
from fluxcc.domain.sight import Sight
from fluxcc.kit.names import DOMAIN_GATE_EXTENSION, GATE_EXTENSION, GATE_PATH
from fluxcc.marking import _
from fluxcc.pbx.dialplan import find_gate
from fluxcc.pbx.markup import parse

MANY = 2
"""Domains from which on a block may be one domain's."""
STOCK_CAUSE = "CALL_REJECTED"
"""With this the kit's gate refuses where the daemon has not said otherwise."""


def check_gate(installation: Installation) -> Iterator[Finding]:
    """The gate is what a call meets first in every context that takes calls from trunks."""
    for context in installation.trunk_contexts:
        read = installation.context(context)
        gate = find_gate(read.xml)
        if read.sight is Sight.MISSING:
            yield warning(
                "context-missing",
                _("A SIP profile leads to dialplan context {context}, which does not exist."),
                _("Correct the profile's context, or add the context to the dialplan."),
                context=context,
            )
        elif read.sight is Sight.UNSEEN:
            if not installation.places_call:
                yield _unseen(installation, context)
        elif gate.sight is not Sight.THERE:
            remedy, facts = kit_remedy(installation, GATE_PATH)
            yield grave(
                "gate-missing",
                _("Dialplan context {context} takes calls from trunks and has no gate."),
                remedy,
                context=context,
                **facts,
            )
        elif gate.before is not None:
            yield _not_first(context, gate.before, gate.application)


def check_domain_gates(installation: Installation) -> Iterator[Finding]:
    """Where FusionPBX has several domains, each domain's context begins with its own gate: a block
    of one domain is enforced there."""
    if not installation.server.is_fusionpbx or len(installation.domains) < MANY:
        return
    for context in installation.domains:
        read = installation.context(context)
        gate = find_gate(read.xml, DOMAIN_GATE_EXTENSION)
        if read.sight is Sight.UNSEEN:
            yield unseen_in(installation, context, DOMAIN_GATE_EXTENSION)
        elif gate.sight is not Sight.THERE:
            remedy, facts = kit_remedy(installation, GATE_PATH)
            yield grave(
                "domain-gate-missing",
                _(
                    "The context of domain {context} has no gate of its own: a caller whom that"
                    " domain alone has blocked gets through while the daemon is down."
                ),
                remedy,
                context=context,
                **facts,
            )
        elif gate.before is not None:
            yield _not_first(context, gate.before, gate.application)


def _unseen(installation: Installation, context: str) -> Finding:
    return skipped(
        "gate-unseen",
        _(
            "Dialplan context {context} takes calls from trunks; {module} serves it and does not"
            " tell what is in it. Whether the gate is there cannot be seen."
        ),
        _(
            "Find out by a call: fluxcc doctor --call. Or let the server answer to xml_locate, as"
            " docs/kit.md says."
        ),
        context=context,
        module=installation.server.module,
    )


def _not_first(context: str, first: str, application: str) -> Finding:
    remedy = _(
        "Put the gate before it: the line that includes 00_fluxcc.xml at the top of the context"
        " (fluxcc kit install DIR --gate-first does so), on FusionPBX a lower order; then:"
        " fs_cli -x reloadxml"
    )
    facts = {"context": context, "first": first or "-"}
    if application:
        return grave(
            "gate-not-first",
            _(
                "In dialplan context {context} extension {first} comes before the gate and can"
                " answer or end calls ({application})."
            ),
            remedy,
            application=application,
            **facts,
        )
    return grave(
        "gate-not-first",
        _(
            "In dialplan context {context} extension {first} comes before the gate and can keep"
            " calls from it."
        ),
        remedy,
        **facts,
    )


def check_refusal(installation: Installation) -> Iterator[Finding]:
    """The gate refuses a number that is blocked, and none that is not."""
    contexts = {name: installation.context(name) for name in installation.trunk_contexts}
    gates = {name: _gate(read.xml) for name, read in contexts.items()}
    unseen = [name for name, read in contexts.items() if read.sight is Sight.UNSEEN]
    for name, gate in gates.items():
        if gate is not None:
            yield from _try(installation, name, gate)
    if installation.places_call:
        for name in unseen:
            yield from _try_by_call(installation, name)
    elif unseen:
        yield skipped(
            "refusal-unseen",
            _("Dialplan context {contexts} cannot be seen, so its gate was not tried."),
            _("Try it by a call: fluxcc doctor --call"),
            contexts=", ".join(unseen),
        )
    if not unseen and not any(gate is not None for gate in gates.values()):
        yield skipped("no-gate", _("There is no gate to be tried."))


def _number() -> str:
    """A caller ID that no telephone has. It is another one each time: one run of doctor must not
    block the number with which another run, at the same moment, tries an unblocked caller."""
    return f"000{random.randrange(10**9):09}"  # noqa: S311  # not a secret


_RENEW = _(
    "Install the kit's own gate again (fluxcc kit install DIR --force; on FusionPBX fluxcc kit"
    " install --fusionpbx --force), load mod_hash, then: fs_cli -x reloadxml"
)


def _try(installation: Installation, context: str, gate: Element) -> Iterator[Finding]:
    number = _number()
    pbx = installation.pbx
    if pbx.refuses(gate, number):
        yield grave(
            "gate-refuses-everyone",
            _("The gate in context {context} refuses callers who are not blocked."),
            _RENEW,
            context=context,
        )
        return
    # Nothing shows of a caller who is sent elsewhere that it was the gate.
    places_call = installation.places_call and not installation.settings.blocks.divert
    has_loopback = places_call and pbx.has_module("mod_loopback")
    with pbx.rehearsed_block(number):
        is_refused = pbx.refuses(gate, number)
        cause = pbx.call(number, context) if is_refused and has_loopback else ""
    if not is_refused or not _hangs_up(gate):
        yield grave(
            "gate-lets-through",
            _("The gate in context {context} lets a blocked number through."),
            _RENEW,
            context=context,
        )
    elif cause and cause not in _refusals(installation):
        yield _let_through(context, cause, _RENEW, {})
    elif places_call and not has_loopback:
        yield _no_loopback()


def _try_by_call(installation: Installation, context: str) -> Iterator[Finding]:
    """Try the gate of a context that cannot be read, by two calls to a number that nobody has: one
    of a caller who is not blocked, and one of a caller who is."""
    pbx = installation.pbx
    if installation.settings.blocks.divert:
        yield skipped(
            "call-diverted",
            _(
                "Blocked callers are sent to {destination}, so that a call does not show whether"
                " dialplan context {context} has the gate."
            ),
            _("Block your own number for a minute and call in: fluxcc block NUMBER --for 1m"),
            context=context,
            destination=installation.settings.blocks.divert,
        )
        return
    if not pbx.has_module("mod_loopback"):
        yield _no_loopback()
        return
    number = _number()
    before = pbx.call(number, context)
    with pbx.rehearsed_block(number):
        cause = pbx.call(number, context)
    refusals = _refusals(installation)
    if cause not in refusals:
        remedy, facts = kit_remedy(installation, GATE_PATH)
        yield _let_through(context, cause, remedy, facts)
    elif before in refusals:
        yield skipped(
            "call-says-nothing",
            _(
                "Dialplan context {context} refuses a call to a number that nobody has, whoever"
                " calls ({cause}); so a call does not show whether the gate is there."
            ),
            _("Block your own number for a minute and call in: fluxcc block NUMBER --for 1m"),
            context=context,
            cause=before,
        )


def _let_through(context: str, cause: str, remedy: str, facts: dict[str, object]) -> Finding:
    return grave(
        "call-let-through",
        _("A call from a blocked number into context {context} was not refused: {cause}"),
        remedy,
        context=context,
        cause=cause,
        **facts,
    )


def _no_loopback() -> Finding:
    reason = _("No call can be placed: FreeSWITCH has not loaded mod_loopback.")
    return skipped("no-loopback", reason)


def _refusals(installation: Installation) -> set[str]:
    return {STOCK_CAUSE, installation.settings.blocks.reject_cause}


def _hangs_up(gate: Element) -> bool:
    return any(action.get("application") == "hangup" for action in gate.iter("action"))


def _gate(xml: str) -> Element | None:
    try:
        extensions = parse(xml).iter("extension")
    except ValueError:
        return None
    return next((each for each in extensions if each.get("name") == GATE_EXTENSION), None)
