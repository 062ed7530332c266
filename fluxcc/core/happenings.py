"""Signals by which parts of the core announce what happened, without knowing their listeners.

A part calls its signal. ``core.core`` connects the core's listeners, ``bootstrap`` those outside of
it. They are called at once, in the order in which they were connected, in the caller's greenlet: of
legs and calls that is the one that handles events, so that a listener which has to ask FreeSWITCH
does it in another one (``Runtime.spawn``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

from fluxcc.core.ports import Batch
from fluxcc.domain.agents import Agent
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call, Leg
from fluxcc.domain.persons import Person
from fluxcc.domain.provisioning import Group
from fluxcc.domain.requests import Reply, Request
from fluxcc.domain.surveys import Survey

Facts = ParamSpec("Facts")


class Signal(Generic[Facts]):
    """One kind of happening and its listeners."""

    def __init__(self) -> None:
        self._listeners: list[Callable[Facts, object]] = []

    def connect(self, listener: Callable[Facts, object]) -> None:
        """Add a listener; it is called with the signal's facts."""
        self._listeners.append(listener)

    def __call__(self, *facts: Facts.args, **named: Facts.kwargs) -> None:
        """Call every listener."""
        for listener in self._listeners:
            listener(*facts, **named)


class Happenings:
    """One per daemon."""

    def __init__(self) -> None:
        self.leg_came_in: Signal[[Leg]] = Signal()
        """An inbound leg is known now, or is still not answered after a snapshot."""
        self.call_changed: Signal[[Call]] = Signal()
        """A call began, changed or ended. It is also told of changes that nobody sees."""
        self.call_bridged: Signal[[Call]] = Signal()
        """An agent and a customer were connected."""
        self.customer_moved_on: Signal[[Call]] = Signal()
        """A customer whom an agent had was connected to another person outside."""
        self.group_changed: Signal[[Group]] = Signal()
        """A supervisor set or removed a group; the group as it is from now on."""
        self.agent_appeared: Signal[[Agent]] = Signal()
        """A telephone of this extension was seen in its SIP domain for the first time."""
        self.request_answered: Signal[[Request, Reply, float]] = Signal()
        """A request was carried out or refused: request, reply, and the seconds that it took."""
        self.batch_written: Signal[[Batch]] = Signal()
        """What is on disk now."""
        self.block_changed: Signal[[Block, Block | None]] = Signal()
        """A block was put in force, reworded or ended, in memory: as it is now, and as it was
        before; None where there was none."""
        self.caller_refused: Signal[[Block]] = Signal()
        """A blocked caller dialled; the block with this attempt counted."""
        self.survey_answered: Signal[[Survey]] = Signal()
        """A customer was offered a survey, or pressed something; the survey so far."""
        self.numbers_reread: Signal[[]] = Signal()
        """The settings read numbers otherwise, and every live block was read again."""
        self.store_recreated: Signal[[]] = Signal()
        """The store was created anew: what is still valid has to be written again."""
        self.connected: Signal[[]] = Signal()
        """The links to FreeSWITCH are up, and the first snapshot was taken."""
        self.person_erased: Signal[[Person]] = Signal()
        """An operator erases what is kept of a person."""
