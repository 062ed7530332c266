"""What supervisors set, as the API tells and takes it: a published interface like ``shapes``."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fluxcc.domain import provisioning
from fluxcc.domain.provisioning import LONGEST_WAIT, MOST_QUESTIONS, Language, Scale, Trigger

Text = Annotated[str, msgspec.Meta(max_length=200)]


class GroupBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A group, without its name."""

    survey: bool = False
    trigger: Trigger = Trigger.BOARD
    """Whether the agent's board alone starts the survey, or any end of the call."""
    destination: Text = ""
    """Where the survey answers; empty for the configured one."""
    questions: Annotated[int, msgspec.Meta(ge=1, le=MOST_QUESTIONS)] = 1
    scale: Scale = Scale.FIVE
    prompts: Text = ""
    """Folder of the group's own recordings."""
    language: Language = Language.PORTUGUESE

    def entry(self, name: str, domain: str) -> provisioning.Group:
        """The entry that it describes."""
        return provisioning.Group(
            name=name,
            has_survey=self.survey,
            trigger=self.trigger,
            destination=self.destination,
            questions=self.questions,
            scale=self.scale,
            prompts=self.prompts,
            domain=domain,
            language=self.language,
        )


class Group(GroupBody, kw_only=True):
    """A group."""

    name: str
    domain: str


class RoomBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A room, without its agent."""

    served_by_pbx: bool = False
    """Whether the PBX's own dialplan has it."""
    wait: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_WAIT)] = 0.0
    """Seconds that the PBX's room may take to let its people in."""

    def entry(self, agent: str, domain: str) -> provisioning.Room:
        """The entry that it describes."""
        return provisioning.Room(agent, self.served_by_pbx, self.wait, domain)


class Room(RoomBody, kw_only=True):
    """A room."""

    agent: str
    domain: str


class ServiceBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A service, without its name."""

    destination: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """What is dialled."""
    context: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "default"
    """A dialplan context, ``{domain}`` or ``{context}``."""
    description: Text = ""

    def entry(self, name: str, domain: str) -> provisioning.Service:
        """The entry that it describes."""
        return provisioning.Service(name, self.destination, self.context, self.description, domain)


class Service(ServiceBody, kw_only=True):
    """A service."""

    name: str
    domain: str


class ProtectedBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is said of a protected number."""

    comment: Text = ""

    def entry(self, number: str) -> provisioning.Protected:
        """The entry that it describes."""
        return provisioning.Protected(number, self.comment)


class Protected(ProtectedBody, kw_only=True):
    """A protected number."""

    number: str


def group(entry: provisioning.Group) -> Group:
    """A group as it is told."""
    return Group(
        name=entry.name,
        domain=entry.domain,
        survey=entry.has_survey,
        trigger=entry.trigger,
        destination=entry.destination,
        questions=entry.questions,
        scale=entry.scale,
        prompts=entry.prompts,
        language=entry.language,
    )


def room(entry: provisioning.Room) -> Room:
    """A room as it is told."""
    return Room(
        agent=entry.extension,
        domain=entry.domain,
        served_by_pbx=entry.is_served_by_pbx,
        wait=entry.wait,
    )


def service(entry: provisioning.Service) -> Service:
    """A service as it is told."""
    return Service(
        name=entry.name,
        domain=entry.domain,
        destination=entry.destination,
        context=entry.context,
        description=entry.description,
    )


def protected(entry: provisioning.Protected) -> Protected:
    """A protected number as it is told."""
    return Protected(number=entry.name, comment=entry.comment)
