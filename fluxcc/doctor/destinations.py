"""The destinations of calls: rooms, surveys and services that the dialplan must have.

FreeSWITCH accepts a transfer to a number that it does not have, and then hangs up the customer.
"""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.installation import Installation, Place
from fluxcc.doctor.served import (
    SET_CONTEXT,
    installed_version,
    is_nobodys,
    is_unseen,
    kit_remedy,
    unseen_in,
)
from fluxcc.domain.provisioning import Group, Room, Service, key, scoped
from fluxcc.domain.sight import Sight
from fluxcc.kit.names import DESTINATION_PATH, ROOM_EXTENSION, SURVEY_EXTENSION
from fluxcc.marking import _
from fluxcc.pbx.dialplan import Fate, fate, takers


def check_rooms(installation: Installation) -> Iterator[Finding]:
    """The dialplan takes those who dial a provisioned room into it."""
    setting = installation.settings.conference.context
    for room in installation.set_entries(Room):
        for place in installation.places(setting, room.domain):
            yield from _check_room(installation, room, place)


def _check_room(installation: Installation, room: Room, place: Place) -> Iterator[Finding]:
    context, domain = place.context, room.domain or place.domain
    dialled = installation.settings.conference.room.format(agent=room.extension, domain=domain)
    if is_unseen(installation, context):
        yield unseen_in(installation, context, dialled)
        return
    # The kit's extension looks the room up in mod_hash: that is not evaluated here, but asked
    # further down.
    evaluate = installation.pbx.evaluate if room.is_served_by_pbx else None
    found = takers(installation.context(context).xml, dialled, evaluate, domain) or []
    facts = {"room": dialled, "context": context, "agent": key(room)}
    if not found:
        remedy, more = _room_remedy(installation, room, context)
        yield grave(
            "room-without-dialplan",
            _("Nothing in dialplan context {context} answers room {room} of agent {agent}."),
            remedy,
            **facts,
            **more,
        )
    elif found[-1].only_ends and not found[-1].is_chosen:
        yield _ended("room-ended", key(room), dialled, context)
    elif room.is_served_by_pbx:
        return
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
    elif not _is_told(installation, room, dialled, domain):
        yield grave(
            "room-not-told",
            _("FreeSWITCH does not know that room {room} of agent {agent} is provisioned."),
            _("Restart the daemon, which tells it again: systemctl restart fluxcc"),
            **facts,
        )


def _context_remedy(
    installation: Installation, context: str, extension: str
) -> tuple[str, dict[str, object]] | None:
    """What to do where the whole context is to blame: it lacks the kit's ``extension``, empty where
    the PBX's own is meant, or it is nobody's. None where it is not."""
    if extension and installed_version(installation.context(context).xml, extension) is None:
        return kit_remedy(installation, DESTINATION_PATH)
    return (SET_CONTEXT, {}) if is_nobodys(installation, context) else None


def _room_remedy(
    installation: Installation, room: Room, context: str
) -> tuple[str, dict[str, object]]:
    """What to do where nothing answers a room: the sentence and its facts."""
    known = _context_remedy(installation, context, "" if room.is_served_by_pbx else ROOM_EXTENSION)
    if known is not None:
        return known
    if room.is_served_by_pbx:
        return _(
            "Give the PBX's own room an extension there, or take the room away: fluxcc room remove"
            " {agent}"
        ), {}
    return _(
        "The kit's extension there takes a star and digits: set conference.room to such a number,"
        " or change the extension."
    ), {}


def _is_told(installation: Installation, room: Room, dialled: str, domain: str) -> bool:
    """Whether mod_hash has the room, as the kit's extension looks it up: the domain's own one
    first, then one for all unless this is the domain's."""
    for each in dict.fromkeys((domain, room.domain)):
        found = installation.pbx.room(scoped(dialled, each))
        if found:
            return found == scoped(room.extension, each)
    return False


def check_surveys(installation: Installation) -> Iterator[Finding]:
    """The dialplan answers where a group's customers are sent for the survey."""
    setting = installation.settings.survey.context
    for group in installation.set_entries(Group):
        if group.has_survey:
            for place in installation.places(setting, group.domain):
                yield from _check_survey(installation, group, place)


def _check_survey(installation: Installation, group: Group, place: Place) -> Iterator[Finding]:
    context = place.context
    destination = group.destination or installation.settings.survey.destination
    facts = {"group": key(group), "destination": destination, "context": context}
    found = _fate(installation, place, destination)
    if found is None:
        yield unseen_in(installation, context, destination)
    elif found is Fate.ENDED:
        yield _ended("survey-ended", key(group), destination, context)
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
        remedy, more = _survey_remedy(installation, group, context)
        yield grave(
            "survey-without-dialplan",
            _(
                "The survey of group {group} goes to {destination}, and nothing in dialplan"
                " context {context} answers that."
            ),
            remedy,
            **facts,
            **more,
        )


def _survey_remedy(
    installation: Installation, group: Group, context: str
) -> tuple[str, dict[str, object]]:
    """What to do where nothing answers a group's survey: the sentence and its facts."""
    known = _context_remedy(installation, context, "" if group.destination else SURVEY_EXTENSION)
    if known is not None:
        return known
    return _(
        "Give {destination} an extension there, or name another: fluxcc group set {group}"
        " --destination EXT"
    ), {}


def check_services(installation: Installation) -> Iterator[Finding]:
    """The dialplan answers where a service's customers are sent."""
    for service in installation.set_entries(Service):
        for place in installation.places(service.context, service.domain):
            yield from _check_service(installation, service, place)


def _check_service(installation: Installation, service: Service, place: Place) -> Iterator[Finding]:
    context = place.context
    facts = {"service": key(service), "destination": service.destination, "context": context}
    if is_nobodys(installation, context):
        yield warning(
            "context-of-no-domain",
            _(
                "Service {service} is in {context}, a dialplan context that no domain of FusionPBX"
                " has: only what is for all domains is found there."
            ),
            _(
                "FusionPBX gives each domain a context of its own name: fluxcc service add"
                " {service} --destination {destination} --context '{{domain}}'"
            ),
            **facts,
        )
        return
    found = _fate(installation, place, service.destination)
    if found is None:
        yield unseen_in(installation, context, service.destination)
    elif found is Fate.ENDED:
        yield _ended("service-ended", key(service), service.destination, context)
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


def check_divert(installation: Installation) -> Iterator[Finding]:
    """The dialplan answers where blocked callers are sent in place of being refused, in every
    context that takes calls from trunks."""
    destination = installation.settings.blocks.divert
    for context in installation.trunk_contexts if destination else ():
        found = _fate(installation, Place("", context), destination)
        if found is None:
            yield unseen_in(installation, context, destination)
        elif found is Fate.ENDED:
            yield _ended("divert-ended", "blocks.divert", destination, context)
        elif found is Fate.NOTHING and not is_nobodys(installation, context):
            yield grave(
                "divert-without-dialplan",
                _(
                    "Blocked callers go to {destination} (blocks.divert), and nothing in dialplan"
                    " context {context} answers that: they are hung up."
                ),
                _(
                    "Give {destination} an extension there, or leave blocks.divert empty, so that"
                    " blocked callers are refused."
                ),
                destination=destination,
                context=context,
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


def _fate(installation: Installation, place: Place, destination: str) -> Fate | None:
    """What becomes of a call to the destination; nothing answers in a context that is missing. None
    where the context cannot be seen."""
    read = installation.context(place.context)
    if read.sight is Sight.UNSEEN:
        return None
    if not read.xml:
        return Fate.NOTHING
    return fate(read.xml, destination, installation.pbx.evaluate, place.domain)
