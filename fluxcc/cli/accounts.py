"""What ``user`` and ``token`` have in common: the options by which rights are given.

Counterpart: ``doors.askers``, which asks what was set here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from fluxcc.cli.domains import domain_option
from fluxcc.cli.session import Session
from fluxcc.cli.stored import stored
from fluxcc.domain.provisioning import Token, User, UserRole, faults, without_secret
from fluxcc.marking import _

Kind = TypeVar("Kind", User, Token)


def rights(command: Callable[..., None]) -> Callable[..., None]:
    """The options ``--role``, ``--extension`` and ``--domain``."""
    role = click.option(
        "--role",
        type=click.Choice([role.value for role in UserRole]),
        required=True,
        help="What may be done: look, act on the own call, act on every call, or everything.",
    )
    extension = click.option(
        "--extension", metavar="EXT", default="", help="With --role agent: the agent's extension."
    )
    domain = domain_option(_("Of this SIP domain only; an admin is of all."))
    return role(extension(domain(command)))


def read(session: Session, kind: type[Kind]) -> dict[str, Kind]:
    """Those that are set, by name."""
    with stored(session) as store:
        return {entry.name: entry for entry in store.entries() if isinstance(entry, kind)}


def check(account: User | Token) -> None:
    """Ends the program where it cannot be set so, before a secret is asked for or told."""
    if found := faults(account):
        raise click.UsageError("; ".join(found))


def shown(account: User | Token) -> dict[str, Any]:
    """What of it is printed as JSON: all but its secret."""
    fields = msgspec.to_builtins(msgspec.structs.asdict(without_secret(account)))
    return {name: value for name, value in fields.items() if name not in ("digest",)}
