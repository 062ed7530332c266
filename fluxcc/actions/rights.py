"""Which actions agents, operators and the page's users may ask for."""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.actions.rules import Rules
from fluxcc.domain.actions import ON_CALLS, Action
from fluxcc.domain.calls import Call
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import Account, Entry, Protected, User
from fluxcc.domain.requests import Actor, Request, Role

ON_ENTRIES = (Action.SET, Action.REMOVE)


def check(request: Request, rules: Rules) -> None:
    """Raises ``RefusedError`` where the actor may not ask for this at all. Whether a call is the
    agent's own, and in the actor's domain, is seen once it is found."""
    actor, entry = request.actor, request.entry
    if actor.role is Role.OPERATOR or _is_own_password(request, rules):
        return
    if request.action in ON_CALLS:
        is_permitted = actor.role is Role.AGENT or _acts_on(actor, request.agent.domain)
    elif not actor.acts_on_any_call:
        is_permitted = False
    elif request.action in ON_ENTRIES and entry is not None:
        is_permitted = _may_set(actor, entry)
    else:
        is_permitted = _acts_in(actor, request.domain)
    if not is_permitted:
        raise RefusedError(Code.NOT_PERMITTED)


def check_call(actor: Actor, call: Call) -> None:
    """Raises ``RefusedError`` for a call that is not in the actor's domain."""
    if not _acts_in(actor, call.domain):
        raise RefusedError(Code.NOT_YOUR_CALL, call=call.customer_uuid)


def _acts_on(actor: Actor, domain: str) -> bool:
    """Whether calls may be acted on, of agents who were named with this domain or with none."""
    return actor.acts_on_any_call and (not domain or _acts_in(actor, domain))


def _acts_in(actor: Actor, domain: str) -> bool:
    """Whether the actor's rights reach into this SIP domain; an empty one stands for all."""
    return actor.domain in ("", domain)


def _may_set(actor: Actor, entry: Entry) -> bool:
    if isinstance(entry, Account):
        return actor.role is Role.ADMIN
    return _acts_in(actor, "" if isinstance(entry, Protected) else entry.domain)


def _is_own_password(request: Request, rules: Rules) -> bool:
    """Whether a user sets a new password, or another language, for the page, and nothing else."""
    wanted, user = request.entry, request.actor.user
    if request.action is not Action.SET or not user or not isinstance(wanted, User):
        return False
    known = rules.find_entry(wanted)
    if not isinstance(known, User) or known.name != user:
        return False
    return known == replace(wanted, password_hash=known.password_hash, language=known.language)
