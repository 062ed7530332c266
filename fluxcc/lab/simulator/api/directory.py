"""``list_users``, ``user_exists``, ``user_data``: the directory, and where its users are reached.

Their counterparts are the directory in ``configuration.py`` and ``show registrations``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

HEAD = (
    *("userid", "context", "domain", "group", "contact", "callgroup"),
    *("effective_caller_id_name", "effective_caller_id_number"),
)
_FILTERS = ("user", "context", "domain", "group")


def contact(pbx: Pbx, user: str, domain: str) -> str:
    """The dial string of a registered user."""
    addresses = pbx.telephones.contacts(user, domain)
    if not addresses:
        return "error/user_not_registered"
    return ",".join(f"sofia/internal/sip:{address}" for address in addresses)


def _list_users(pbx: Pbx, arguments: str) -> str:
    """``[user U] [domain D] [group G] [context C]``: the users whom all of these name."""
    words = arguments.split()
    wanted = {name: words[words.index(name) + 1] for name in _FILTERS if name in words[:-1]}
    lines = []
    for root in pbx.configuration.section("directory"):
        domain = root.get("name", "")
        for group in root.iter("group"):
            for entry in group.iter("user"):
                user = entry.get("id", "")
                variables = pbx.configuration.user_variables(user, domain)
                row = {
                    "user": user,
                    "context": variables.get("user_context", ""),
                    "domain": domain,
                    "group": group.get("name", ""),
                }
                if any(row[name] != value for name, value in wanted.items()):
                    continue
                cells = [*row.values(), contact(pbx, user, domain)]
                lines.append("|".join([*cells, *(variables.get(name, "") for name in HEAD[5:])]))
    return "\n".join(["|".join(HEAD), *lines, "", "+OK"]) + "\n"


def _user_exists(pbx: Pbx, arguments: str) -> str:
    """``KEY USER DOMAIN``; the only key here is ``id``."""
    words = arguments.split()
    is_there = len(words) == 3 and pbx.configuration.dial_string(words[1], words[2]) is not None
    return "true" if is_there and words[0] == "id" else "false"


def _user_data(pbx: Pbx, arguments: str) -> str:
    """``USER[@DOMAIN] attr|param|var NAME``; nothing where there is no such thing."""
    words = arguments.split()
    if len(words) != 3:
        return ""
    who, kind, name = words
    user, _, domain = who.partition("@")
    domain = domain or pbx.configuration.variables.get("domain", "")
    return pbx.configuration.user_data(user, domain, kind, name)


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "list_users": _list_users,
    "user_data": _user_data,
    "user_exists": _user_exists,
}
