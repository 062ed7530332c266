"""``set`` and ``remove``: entries, which are groups, rooms, services, protected numbers, users and
tokens."""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EndBlock, Plan, Remove, Save
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.protection import Protections, canonical, is_number
from fluxcc.domain.provisioning import Entry, Protected, Token, User, faults
from fluxcc.domain.requests import Request


def plan_set(request: Request, rules: Rules) -> Plan:
    """Save the entry, in place of the earlier one of that name. Numbers that are protected from now
    on are freed. Raises ``RefusedError`` for a malformed entry, and for a protected number that is
    none."""
    if request.entry is None or faults(request.entry):
        raise RefusedError(Code.MALFORMED_REQUEST)
    entry = _with_secret(_canonical(request.entry, rules), rules)
    if not isinstance(entry, Protected):
        return Plan(effects=(Save(entry),), code=Code.SAVED)
    if is_number(entry.name) and not rules.numbers.read(entry.name).is_usable:
        raise RefusedError(Code.NUMBER_UNUSABLE, number=entry.name)
    protected = Protections((entry.name,), rules.numbers)
    freed = tuple(
        EndBlock(block.number, block.domain)
        for block in rules.live_blocks()
        if protected.has(block.number)
    )
    return Plan(effects=(Save(entry), *freed), code=Code.SAVED)


def plan_remove(request: Request, rules: Rules) -> Plan:
    """Remove the entry. Raises ``RefusedError`` where there is none of that name."""
    if request.entry is None:
        raise RefusedError(Code.MALFORMED_REQUEST)
    entry = _canonical(request.entry, rules)
    if rules.find_entry(entry) is None:
        raise RefusedError(Code.UNKNOWN_ENTRY)
    return Plan(effects=(Remove(entry),), code=Code.REMOVED)


def _canonical(entry: Entry, rules: Rules) -> Entry:
    """The entry as it is kept: one number has one entry, however it is spelt."""
    if not isinstance(entry, Protected):
        return entry
    return replace(entry, name=canonical(entry.name, rules.numbers))


def _with_secret(entry: Entry, rules: Rules) -> Entry:
    """The entry with the password, or the token, that it has already, where it names no other."""
    known = rules.find_entry(entry)
    match entry, known:
        case User(password_hash=""), User():
            return replace(entry, password_hash=known.password_hash)
        case Token(digest=""), Token():
            return replace(entry, digest=known.digest, created=known.created)
        case _:
            return entry
