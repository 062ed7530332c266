"""The destinations of calls: rooms, surveys and services that the dialplan must have.

FreeSWITCH accepts a transfer to a number that it does not have, and then hangs up the customer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.installation import Installation
from fluxcc.doctor.served import is_unseen, unseen_in
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.domain.sight import Sight
from fluxcc.kit.names import ROOM_EXTENSION
from fluxcc.marking import _
from fluxcc.pbx.dialplan import Fate, fate, takers


def check_rooms(installation: Installation) -> Iterator[Finding]:
    """The dialplan takes those who dial a provisioned room into it."""
    settings = installation.settings.conference
    for room, context in product(
        installation.set_entries(Room), installation.contexts_of(settings.context)
    ):
        dialled = settings.room.format(agent=room.extension)
        if is_unseen(installation, context):
            yield unseen_in(installation, context, dialled)
            continue
        # The kit's extension looks the room up in mod_hash: that is not evaluated here, but asked
        # further down.
        evaluate = installation.pbx.evaluate if room.is_served_by_pbx else None
        found = takers(installation.context(context).xml, dialled, evaluate) or []
        facts = {"room": dialled, "context": context, "agent": room.extension}
        if not found:
            yield grave(
                "room-without-dialplan",
                _("Nothing in dialplan context {context} answers room {room} of agent {agent}."),
                _(
                    "Install the kit's dialplan/default/00_fluxcc.xml into that context (fluxcc kit"
                    " install), or give the PBX's own room an extension there, or take the room"
                    " away: fluxcc room remove {agent}"
                ),
                **facts,
            )
        elif found[-1].only_ends and not found[-1].is_chosen:
            yield _ended("room-ended", room.extension, dialled, context)
        elif room.is_served_by_pbx:
            continue
        elif ROOM_EXTENSION not in {taker.name for taker in found}:
            yield grave(
                "room-taken",
                _("Extension {extension} takes room {room} of agent {agent} in context {context}."),
                _(
                    "Put the kit's extension before it, or say that the PBX has this room itself:"
                    " fluxcc room add {agent} --served-by-pbx"
                ),
                extension=found[-1].name,
                **facts,
            )
        elif installation.pbx.room(dialled) != room.extension:
            yield grave(
                "room-not-told",
                _("FreeSWITCH does not know that room {room} of agent {agent} is provisioned."),
                _("Restart the daemon, which tells it again: systemctl restart fluxcc"),
                **facts,
            )


def check_surveys(installation: Installation) -> Iterator[Finding]:
    """The dialplan answers where a group's customers are sent for the survey."""
    settings = installation.settings.survey
    for group, context in product(
        installation.set_entries(Group), installation.contexts_of(settings.context)
    ):
        if not group.has_survey:
            continue
        destination = group.destination or settings.destination
        facts = {"group": group.name, "destination": destination, "context": context}
        found = _fate(installation, context, destination)
        if found is None:
            yield unseen_in(installation, context, destination)
        elif found is Fate.ENDED:
            yield _ended("survey-ended", group.name, destination, context)
        elif found is Fate.CAUGHT:
            yield warning(
                "survey-caught",
                _(
                    "The survey of group {group} goes to {destination}, which dialplan context"
                    " {context} knows only as it knows any number."
                ),
                _("Give the survey an extension there, before the one for every number."),
                **facts,
            )
        elif found is Fate.NOTHING:
            yield grave(
                "survey-without-dialplan",
                _(
                    "The survey of group {group} goes to {destination}, and nothing in dialplan"
                    " context {context} answers that."
                ),
                _(
                    "Install the kit's dialplan/default/00_fluxcc.xml there (fluxcc kit install),"
                    " or name another: fluxcc group set {group} --destination EXT"
                ),
                **facts,
            )


def check_services(installation: Installation) -> Iterator[Finding]:
    """The dialplan answers where a service's customers are sent."""
    for service in installation.set_entries(Service):
        for context in installation.contexts_of(service.context):
            yield from _check_service(installation, service, context)


def _check_service(installation: Installation, service: Service, context: str) -> Iterator[Finding]:
    facts = {"service": service.name, "destination": service.destination, "context": context}
    found = _fate(installation, context, service.destination)
    if found is None:
        yield unseen_in(installation, context, service.destination)
    elif found is Fate.ENDED:
        yield _ended("service-ended", service.name, service.destination, context)
    elif found is Fate.CAUGHT:
        yield warning(
            "service-caught",
            _(
                "Service {service} is {destination}, which dialplan context {context} knows"
                " only as it knows any number."
            ),
            _("Give the service an extension there, before the one for every number."),
            **facts,
        )
    elif found is Fate.NOTHING:
        yield grave(
            "service-without-dialplan",
            _(
                "Service {service} is {destination}, and nothing in dialplan context {context}"
                " answers that: a customer who is sent there is hung up."
            ),
            _(
                "Give it an extension there, or name another: fluxcc service add {service}"
                " --destination EXT --context CTX"
            ),
            **facts,
        )


def _ended(code: str, name: str, destination: str, context: str) -> Finding:
    return grave(
        code,
        _(
            "{name} is {destination}, and dialplan context {context} hangs up every call before"
            " anything answers that number."
        ),
        _(
            "Give {destination} an extension there, before the one that hangs up, or let that one"
            " hang up only what it is meant for; then: fs_cli -x reloadxml"
        ),
        name=name,
        destination=destination,
        context=context,
    )


def _fate(installation: Installation, context: str, destination: str) -> Fate | None:
    """What becomes of a call to the destination; nothing answers in a context that is missing. None
    where the context cannot be seen."""
    read = installation.context(context)
    if read.sight is Sight.UNSEEN:
        return None
    return fate(read.xml, destination, installation.pbx.evaluate) if read.xml else Fate.NOTHING
