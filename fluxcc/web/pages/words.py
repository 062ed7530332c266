"""The page's words for what the program calls by names of its own, in English; translated where
they are shown."""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.domain.written import as_written
from fluxcc.marking import _
from fluxcc.web.shapes import Status

Translate = Callable[[str], str]

DIRECTIONS = {
    "received": _("received"),
    "originated": _("dialled"),
    "campaign": _("campaign"),
    "internal": _("internal"),
}
OUTCOMES = {
    "answered": _("over"),
    "unanswered": _("not answered"),
    "refused": _("refused, the number is blocked"),
    "prank": _("prank"),
    "conference": _("in the conference room"),
    "transferred": _("transferred"),
    "surveyed": _("went to the survey"),
    "lost": _("lost with the PBX"),
}
ACTIONS = {
    "prank": _("Mark as a prank"),
    "conference": _("Transfer to the conference room"),
    "transfer": _("Transfer to a service"),
    "hangup": _("End the call"),
    "block": _("Block a number"),
    "unblock": _("Release a number"),
    "set": _("Set"),
    "remove": _("Remove"),
    "expire": _("End of a block"),
    "erase": _("Erase"),
}
STATUSES = {
    "ok": _("done"),
    "refused": _("refused"),
    "failed": _("failed"),
    "unknown": _("not known"),
    "requested": _("begun"),
}
ENDS = {"expired": _("its time was over"), "released": _("released")}
KINDS = {
    "group": _("group"),
    "room": _("room"),
    "service": _("service"),
    "protected": _("protected number"),
    "user": _("user"),
    "token": _("token"),
}
ROLES_OF_ACTORS = {
    "agent": _("agent"),
    "operator": _("operator"),
    "supervisor": _("supervisor"),
    "admin": _("administrator"),
}
HIDDEN = _("(hidden)")
SILENT = _("Not heard of for 10 s: {nodes}. What goes on there is not shown.")
UNREACHED = _(
    "The site's database is not reached: what goes on at the other PBXs is not shown, and happens"
    " all the same."
)


def site_trouble(status: Status, translate: Translate) -> str:
    """What of the site is missing on a page; empty where nothing is."""
    if status.site_failure:
        return translate(UNREACHED)
    if status.silent_nodes:
        return translate(SILENT).format(nodes=", ".join(status.silent_nodes))
    return ""


def number_word(number: str, translate: Translate) -> str:
    """A number as it is read: grouped, or the word for one that is not shown."""
    return as_written(number) or translate(HIDDEN)


def actor_word(actor: str, translate: Translate) -> str:
    """``supervisor:ana via web`` → ``ana (supervisor)``."""
    role, has_role, name = actor.partition(":")
    if not has_role:
        return actor
    name = name.removesuffix(" via web")
    word = translate(ROLES_OF_ACTORS[role]) if role in ROLES_OF_ACTORS else role
    return f"{name} ({word})"
