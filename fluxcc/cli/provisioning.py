"""``group``, ``room``, ``service``: what a supervisor sets. In force for the next action."""

from __future__ import annotations

from typing import Any, TypeVar

import click
import msgspec

from fluxcc.cli.ask import carry_out
from fluxcc.cli.destinations import warn_unanswered
from fluxcc.cli.domains import DomainColumn, domain_option, split
from fluxcc.cli.moments import DurationType
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import stored
from fluxcc.cli.table import Table
from fluxcc.config import write_duration
from fluxcc.domain.provisioning import (
    LONGEST_WAIT,
    MOST_QUESTIONS,
    PLACEHOLDERS,
    Group,
    Language,
    Room,
    Scale,
    Service,
    Trigger,
)
from fluxcc.marking import _

Kind = TypeVar("Kind", Group, Room, Service)


@click.group("group")
def group_command() -> None:
    """The groups, and the survey after their calls."""


@group_command.command("list")
@json_option
@pass_session
def list_groups(session: Session) -> None:
    """List the groups that have settings."""
    _show(
        session,
        Group,
        [_("group"), _("survey"), _("trigger"), _("destination"), _("questions")],
        lambda group: (
            group.name,
            session.translate(_("on")) if group.has_survey else session.translate(_("off")),
            group.trigger.value,
            group.destination or "-",
            f"{group.questions} x {group.scale.value}",
        ),
    )


@group_command.command("set")
@click.argument("name")
@click.option("--survey", type=click.Choice(["on", "off"]), help="Whether calls end in a survey.")
@click.option(
    "--trigger",
    type=click.Choice([t.value for t in Trigger]),
    help="What starts it: the board alone, or the telephone's hangup too.",
)
@click.option("--destination", metavar="EXT", help="Where it answers, in place of the usual one.")
@click.option(
    "--questions", type=click.IntRange(1, MOST_QUESTIONS), help="How many questions it has."
)
@click.option("--scale", type=click.Choice([s.value for s in Scale]), help="What may be pressed.")
@click.option("--prompts", metavar="DIR", help="Folder of the group's own recordings.")
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    help="Language of the kit's recordings.",
)
@domain_option(_("For this SIP domain only, not for all; also as NAME@D."))
@json_option
@pass_session
def set_group(
    session: Session, /, name: str, survey: str | None, domain: str, **changes: Any
) -> None:
    """Set what happens after the calls of group NAME; what is not named stays as it is.

    \b
    fluxcc group set sales --survey on
    fluxcc group set sales --trigger any --questions 2 --scale 0-10
    """
    name, domain = split(name, domain)
    groups = {(group.name, group.domain): group for group in _read(session, Group)}
    known = groups.get((name, domain), Group(name, domain=domain))
    wanted = {key: value for key, value in changes.items() if value is not None}
    if survey is not None:
        wanted["has_survey"] = survey == "on"
    group = msgspec.convert(msgspec.to_builtins(known) | wanted, Group)
    carry_out(session, "set", entry=group)
    if changes["destination"]:
        context = session.settings.survey.context
        if context not in PLACEHOLDERS:
            warn_unanswered(session, group.destination, context)


@group_command.command("remove")
@click.argument("name")
@domain_option(_("For this SIP domain only, not for all; also as NAME@D."))
@json_option
@pass_session
def remove_group(session: Session, /, name: str, domain: str) -> None:
    """Forget the settings of group NAME."""
    name, domain = split(name, domain)
    carry_out(session, "remove", entry=Group(name, domain=domain))


@click.group("room")
def room_command() -> None:
    """The agents' conference rooms."""


@room_command.command("list")
@json_option
@pass_session
def list_rooms(session: Session) -> None:
    """List the provisioned rooms."""
    template = session.settings.conference.room
    _show(
        session,
        Room,
        [_("agent"), _("dialled"), _("served by"), _("wait")],
        lambda room: (
            room.extension,
            template.format(agent=room.extension, domain=room.domain),
            "pbx" if room.is_served_by_pbx else "fluxcc",
            write_duration(int(room.wait)) if room.wait else "-",
        ),
    )


@room_command.command("add")
@click.argument("extension")
@click.option(
    "--served-by-pbx",
    is_flag=True,
    help="The PBX's own dialplan has this room; fluxcc does not serve it.",
)
@click.option(
    "--wait",
    type=DurationType(),
    metavar="20s",
    help="With --served-by-pbx: how long its greeting or PIN may take.",
)
@domain_option(_("For this SIP domain only, not for all; also as EXTENSION@D."))
@json_option
@pass_session
def add_room(
    session: Session, /, extension: str, served_by_pbx: bool, wait: int | None, domain: str
) -> None:
    """Provision the room of agent EXTENSION.

    With --wait the reply to a conference comes as much later: only when both are in the room.

    \b
    fluxcc room add 1000
    fluxcc room add 1000 --served-by-pbx --wait 20s
    """
    if wait and not served_by_pbx:
        raise click.UsageError(session.translate(_("--wait goes with --served-by-pbx")))
    if wait is not None and wait > LONGEST_WAIT:
        raise click.UsageError(
            session.translate(_("--wait: {longest} s at the most")).format(longest=LONGEST_WAIT)
        )
    extension, domain = split(extension, domain)
    room = Room(extension, served_by_pbx, wait=float(wait or 0), domain=domain)
    carry_out(session, "set", entry=room)
    conference = session.settings.conference
    if served_by_pbx and conference.context not in PLACEHOLDERS:
        dialled = conference.room.format(agent=extension, domain=domain)
        warn_unanswered(session, dialled, conference.context)


@room_command.command("remove")
@click.argument("extension")
@domain_option(_("For this SIP domain only, not for all; also as EXTENSION@D."))
@json_option
@pass_session
def remove_room(session: Session, /, extension: str, domain: str) -> None:
    """Take the room of agent EXTENSION away."""
    extension, domain = split(extension, domain)
    carry_out(session, "remove", entry=Room(extension, domain=domain))


@click.group("service")
def service_command() -> None:
    """The services that customers can be transferred to."""


@service_command.command("list")
@json_option
@pass_session
def list_services(session: Session) -> None:
    """List the catalogue."""
    _show(
        session,
        Service,
        [_("service"), _("destination"), _("context"), _("description")],
        lambda service: (
            service.name,
            service.destination,
            service.context,
            service.description,
        ),
    )


@service_command.command("add")
@click.argument("name")
@click.option("--destination", metavar="EXT", required=True, help="What is dialled.")
@click.option(
    "--context",
    metavar="CTX",
    default="default",
    help="In which dialplan context; {domain} and {context} are the agent's.",
)
@click.option("--description", metavar="TEXT", default="", help="For people.")
@domain_option(_("For this SIP domain only, not for all; also as NAME@D."))
@json_option
@pass_session
def add_service(session: Session, /, name: str, domain: str, **fields: str) -> None:
    """Put service NAME into the catalogue, or change it.

    \b
    fluxcc service add invoices --destination 7001 --description "Second copies of invoices"
    """
    name, domain = split(name, domain)
    carry_out(session, "set", entry=Service(name, domain=domain, **fields))
    if fields["context"] not in PLACEHOLDERS:
        warn_unanswered(session, fields["destination"], fields["context"])


@service_command.command("remove")
@click.argument("name")
@domain_option(_("For this SIP domain only, not for all; also as NAME@D."))
@json_option
@pass_session
def remove_service(session: Session, /, name: str, domain: str) -> None:
    """Take service NAME out of the catalogue."""
    name, domain = split(name, domain)
    # Only name and domain are used; the protocol has a whole service.
    carry_out(session, "remove", entry=Service(name, "0", domain=domain))


def _show(session: Session, kind: type[Kind], titles: list[str], to_row: Any) -> None:
    entries = _read(session, kind)
    if session.as_json:
        session.show_json([msgspec.to_builtins(msgspec.structs.asdict(e)) for e in entries])
        return
    column = DomainColumn(entries, least=1)
    table = Table(column.titles(titles))
    for entry in entries:
        table.add(*(printable(cell) for cell in to_row(entry)), *column.cells(entry))
    table.show(session)


def _read(session: Session, kind: type[Kind]) -> list[Kind]:
    with stored(session) as store:
        return [entry for entry in store.entries() if isinstance(entry, kind)]
