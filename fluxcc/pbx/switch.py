"""FreeSWITCH as the core sees it (``core.ports.Pbx``): two links, one for events, one for
commands.

A slow ``api`` command delays everything else on its connection (mod_event_socket runs it on the
connection's own thread), so events have a connection of their own. Counterparts: ``link`` (one
connection), ``commands`` (texts and answers).
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import gevent
import msgspec
from gevent.event import AsyncResult

from fluxcc.domain.agents import Agent, Registration
from fluxcc.domain.applications import Application
from fluxcc.domain.errors import LinkLostError, PbxRejectedError
from fluxcc.domain.events import Snapshot
from fluxcc.domain.media import Media
from fluxcc.domain.sight import Sight
from fluxcc.kit import names
from fluxcc.pbx import answers, commands, dialplan, events, gate_table, snapshot
from fluxcc.pbx.asking import ask
from fluxcc.pbx.contexts import Contexts
from fluxcc.pbx.gate_table import COMMANDS_PER_WRITE
from fluxcc.pbx.link import COMMAND_TIMEOUT, REPLY_TIMEOUT, Link, yield_to_others
from fluxcc.pbx.variables import GlobalVariables

WRITES_IN_FLIGHT = 2
"""Writes that are sent without waiting for their answers, so that FreeSWITCH is never idle; an
action waits for the answers of at most so many writes."""
DESCRIBED_TOGETHER = 64
"""Legs that are described between two pauses; each answer has some 10 kB."""
SNAPSHOT_TIMEOUT = 30.0
MEDIA_TIMEOUT = 1.5
"""Seconds that both telephones have to send their media to FreeSWITCH again. In the lab it takes
50 to 90 ms; what an action may take altogether stands in the contract, section 3."""
MEDIA_POLL = 0.02
"""Seconds between two questions whether they do."""
ASKED_ONE_BY_ONE = 1_000
"""Legs that FreeSWITCH is asked for one by one, although none is known: they may be gone already,
and nothing would ever tell of that. More are taken at their word; the second snapshot asks."""


class Address(msgspec.Struct, frozen=True):
    """Where FreeSWITCH's event socket is."""

    host: str
    port: int
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"Address({self.host!r}, {self.port!r})"


class Switch:
    """One per daemon; ``connect`` may be called again after a loss."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._events: Link | None = None
        self._commands: Link | None = None
        self.variables = GlobalVariables(self._api)

    @property
    def is_connected(self) -> bool:
        """Whether both links are up."""
        return bool(
            self._events and self._commands and self._events.connected and self._commands.connected
        )

    @property
    def loss(self) -> str:
        """Why a link is lost; empty while both are up."""
        for link in (self._events, self._commands):
            if link is not None and link.loss:
                return link.loss
        return ""

    @property
    def is_answering(self) -> bool:
        """Whether commands are answered, as seen by the last answer."""
        return self._commands is not None and self._commands.is_answering

    # Connection and snapshots

    def connect(self, on_event: Callable[[bytes], None]) -> None:
        """Open both links and subscribe; ``on_event`` gets each event's body from now on. Raises
        ``LinkLostError`` or ``LinkRefusedError``."""
        self.disconnect()
        address = self._address
        self._commands = Link(address.host, address.port, address.password)
        self._events = Link(address.host, address.port, address.password, on_event)
        self._commands.connect()
        self._events.connect()
        answer = self._events.send(events.SUBSCRIPTION)
        if not answers.is_ok(answer.text):
            raise PbxRejectedError(f"the subscription was refused: {answer.text}")

    def disconnect(self) -> None:
        """Close both links."""
        for link in (self._events, self._commands):
            if link is not None:
                link.stop()

    def snapshot(self, known: Collection[str], remembered: Collection[str] = ()) -> Snapshot:
        """The legs that are up, given those that are ``known`` from events.

        FreeSWITCH's tables lag behind its events: they may still have a leg that has ended, and not
        yet have a new one. Where they and ``known`` disagree, FreeSWITCH is asked leg by leg. Where
        it has no tables, it is asked for these and for those that are ``remembered``.
        """
        link = self._command_link()
        channels = link.api(commands.CHANNELS, SNAPSHOT_TIMEOUT)
        if channels.startswith(commands.NO_TABLES):
            return self._snapshot_of({*known, *remembered}, known)
        rows = snapshot.read_snapshot(
            channels,
            link.api(commands.BRIDGES, SNAPSHOT_TIMEOUT),
            yield_to_others,
        )
        yield_to_others()
        listed = {row.uuid for row in rows}
        doubtful = [leg for leg in known if leg not in listed and commands.is_leg(leg)]
        if known or len(listed) <= ASKED_ONE_BY_ONE:
            # One whose name cannot be addressed is taken at its row's word.
            doubtful += [leg for leg in listed if leg not in known and commands.is_leg(leg)]
        there = self._existing(doubtful)
        up = frozenset(there | (listed - set(doubtful)))
        yield_to_others()
        return Snapshot([row for row in rows if row.uuid in up], up)

    def _snapshot_of(self, legs: Collection[str], known: Collection[str]) -> Snapshot:
        """Those of the legs that are up, with rows for the ones that are not known."""
        there = self._existing([leg for leg in legs if commands.is_leg(leg)])
        rows = []
        for _leg, body in self.describe_all(there.difference(known)):
            with suppress(ValueError):
                rows.append(snapshot.read_description(body))
        return Snapshot(rows, frozenset(there), is_complete=False)

    def storage_folder(self) -> str:
        """FreeSWITCH's ``storage_dir``."""
        return self.variables.get("storage_dir")

    def describe_all(self, legs: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Everything about each of the legs, in the shape of an event's body, as the answers come.
        A leg that is gone, or cannot be asked about, is left out."""
        askable = [leg for leg in legs if commands.is_leg(leg)]
        for start in range(0, len(askable), DESCRIBED_TOGETHER):
            chunk = askable[start : start + DESCRIBED_TOGETHER]
            told = self._run_all((commands.describe(leg) for leg in chunk), check=False)
            for leg, answer in zip(chunk, told, strict=True):
                if answers.is_ok(answer):
                    yield leg, answer.encode()
            yield_to_others()

    def _existing(self, legs: Sequence[str]) -> set[str]:
        answers = self._run_all((commands.exists(leg) for leg in legs), check=False)
        return {leg for leg, answer in zip(legs, answers, strict=True) if answer == commands.TRUE}

    def clock(self) -> int:
        """FreeSWITCH's own clock, in epoch seconds. Raises ``PbxError``, also where commands are
        not answered."""
        answer = self._command_link().api(commands.CLOCK)
        try:
            return int(answer)
        except ValueError as error:
            raise PbxRejectedError(f"no clock: {answer[:60]!r}") from error

    def check_events(self) -> None:
        """Raises ``PbxError`` where the link for events does not answer."""
        if self._events is None or not self.is_connected:
            raise LinkLostError(self.loss or "not connected")
        self._events.api(commands.CLOCK)

    def has_setting(self, key: str) -> bool:
        """Whether mod_hash still has a setting; it has none after a reload of the module."""
        return answers.is_ok(self._api(commands.look_up(names.SETTINGS_REALM, key)))

    # core.ports.Pbx

    def end_leg(self, leg: str, cause: str) -> bool:
        """Hang the leg up; False where it was gone already."""
        answer = self._api(commands.end_leg(leg, cause))
        if answers.is_no_such_leg(answer):
            return False
        return self._accepted(answer)

    def are_gone(self, legs: Collection[str]) -> bool:
        """Whether FreeSWITCH has none of the legs any more; the answer does not lag."""
        return not self._existing(list(legs))

    def media_of(self, leg: str) -> Media:
        """The way of the media of the bridge whose originatee this leg is."""
        return answers.read_media(self._api(commands.describe(leg)))

    def bring_media_back(self, leg: str) -> None:
        """Make the media of a bridge, named by its originatee, run through FreeSWITCH again; return
        once it does. Raises ``PbxRejectedError`` where a telephone does not answer in time."""
        # Not by "api": the whole link would wait for a telephone.
        job = f"bgapi {commands.bring_media_back(leg)}"
        self._accepted(self._command_link().send(job).text)
        deadline = time.monotonic() + MEDIA_TIMEOUT
        while self.media_of(leg) is not Media.HERE:
            if time.monotonic() > deadline:
                raise PbxRejectedError("the call's media does not come back to FreeSWITCH")
            gevent.sleep(MEDIA_POLL)

    def user_context(self, agent: Agent) -> str:
        """The dialplan context of a user in the directory; empty where it has none."""
        return answers.read_value(self._api(commands.user_context(agent)))

    def are_users(self, agents: Sequence[Agent]) -> list[bool]:
        """Whether each of them is a user in the directory."""
        answers = self._run_all(map(commands.user_exists, agents), check=False)
        return [answer == commands.TRUE for answer in answers]

    def registrations(self) -> list[Registration]:
        """The telephones that are registered."""
        answer = self._command_link().api(commands.REGISTRATIONS, SNAPSHOT_TIMEOUT)
        return snapshot.read_registrations(answer, yield_to_others)

    def members_of(self, room: str) -> frozenset[str]:
        """The legs in the conference of that name; none where there is no such conference."""
        return answers.read_members(self._api(commands.list_members(room)))

    def move_leg(self, leg: str, destination: str, context: str) -> None:
        """Send the leg to a destination of the dialplan; what it executes from then on is what
        that does with it (``application_of``)."""
        texts = (
            commands.forget_application(leg),
            commands.move_leg(leg, destination, context),
        )
        self._accepted(self._run_all(texts, check=False)[-1])

    def is_past_gate(self, leg: str) -> bool:
        """Whether a blocked caller's leg is there although its gate should have refused it."""
        texts = commands.describe(leg), commands.read_variable(names.ANNOUNCEMENT_VARIABLE)
        answer, announcement = self._run_all(texts, check=False)
        return answers.is_past_gate(answer, answers.read_value(announcement))

    def divert_leg(self, leg: str, destination: str, context: str) -> None:
        """Send a blocked caller's leg to a destination of the dialplan, past the gates there."""
        texts = commands.mark_diverted(leg), commands.move_leg(leg, destination, context)
        answer = self._run_all(texts, check=False)[-1]
        if not answers.is_no_such_leg(answer):
            self._accepted(answer)

    def move_pair(self, leg: str, destination: str, context: str) -> None:
        """Send an originatee and the leg it is bridged to now to the same destination."""
        self._accepted(self._api(commands.move_pair(leg, destination, context)))

    def detain_leg(self, leg: str, *, is_on: bool) -> None:
        """Have the leg wait when its bridge ends, or not any more."""
        self._accepted(self._api(commands.detain(leg, is_on=is_on)))

    def application_of(self, leg: str, destination: str) -> Application | None:
        """What the dialplan does with the leg at that destination now, where it has come there;
        None where it has not, or the leg is gone."""
        return answers.application_of(self._api(commands.describe(leg)), destination)

    def brief_leg(self, leg: str, facts: Iterable[tuple[str, str]]) -> None:
        """Give the leg the facts that the survey reads: (name, value)."""
        self._run_all(commands.brief(leg, name, value) for name, value in facts)

    def arm_survey(self, leg: str, destination: str, context: str) -> None:
        """Send the leg to that destination when the other leg of its bridge ends."""
        self._accepted(self._api(commands.arm_survey(leg, destination, context)))

    def disarm_survey(self, leg: str) -> None:
        """Undo ``arm_survey``; nothing where the leg is gone."""
        answer = self._api(commands.disarm_survey(leg))
        if not answers.is_no_such_leg(answer):
            self._accepted(answer)

    def write_blocks(self, keys: Iterable[str], end_of: Callable[[str], int | None]) -> None:
        """Write each key to the gate with its end, in epoch seconds, or delete it where there is
        none; each end is asked for in the moment in which its command is sent."""
        gate_table.write(self._run_all, keys, end_of)

    def gate_entries(self) -> dict[str, int]:
        """The gate's blocks: key → epoch second at which it ends, 0 where it has none.

        It is asked on a connection of its own: an agent's command would wait for thousands.
        """
        with self._another_link() as link:
            return gate_table.read(link)

    def publish_rooms(self, rooms: Iterable[tuple[str, str]]) -> None:
        """Write rooms for the kit's dialplan: (extension dialled, name of the conference)."""
        self._run_all(commands.put_hash(names.ROOM_REALM, dialled, room) for dialled, room in rooms)

    def withdraw_rooms(self, dialled: Iterable[str]) -> None:
        """Delete the rooms of these dialled extensions."""
        self._run_all(
            (commands.drop_hash(names.ROOM_REALM, number) for number in dialled), check=False
        )

    def publish_setting(self, key: str, value: str) -> None:
        """Write a setting for the kit's dialplan."""
        self._accepted(self._api(commands.put_hash(names.SETTINGS_REALM, key, value)))

    def publish_rules(self, rules: Mapping[str, str]) -> None:
        """Set the gates' global variables, and unset those of earlier settings."""
        self.variables.publish_rules(rules)

    def gate_in(self, context: str, *, of_domain: bool = False) -> Sight:
        """Whether the kit's gate, or the one for a domain, is what calls in that dialplan context
        meet first.

        It is asked on a connection of its own: a back end that serves the dialplan may take its
        time, and every other command would wait for that.
        """
        with self._another_link() as link:
            found = Contexts(partial(ask, link)).read(context)
        if found.sight is not Sight.THERE:
            return found.sight
        names_it = names.DOMAIN_GATE_EXTENSION if of_domain else names.GATE_EXTENSION
        gate = dialplan.find_gate(found.xml, names_it)
        if gate.before is not None:
            return Sight.MISSING
        is_old = gate.sight is Sight.THERE and gate.version < dialplan.GATE_VERSION
        return Sight.OUTDATED if is_old else gate.sight

    def announce(self, subclass: str, *each: Sequence[tuple[str, str]]) -> None:
        """Fire CUSTOM events of that subclass, all at once, each with its (header, value)."""
        texts = [commands.custom_event(subclass, headers) for headers in each]
        timeout = REPLY_TIMEOUT if subclass == events.REPLY else COMMAND_TIMEOUT
        for answer in self._command_link().send_all(texts, timeout):
            self._accepted(answer.text)

    def flush_events(self) -> None:
        """Make FreeSWITCH send at once the events that are queued for the daemon."""
        if self._events is None or not self.is_connected:
            raise LinkLostError(self.loss or "not connected")
        self._events.flush_events()

    def forget_received(self) -> None:
        """Overwrite what was received and has been handled."""
        for link in (self._commands, self._events):
            if link is not None:
                link.forget_received()

    # Internals

    @contextmanager
    def _another_link(self) -> Iterator[Link]:
        link = Link(self._address.host, self._address.port, self._address.password)
        try:
            link.connect()
            yield link
        finally:
            link.stop()

    def _command_link(self) -> Link:
        if self._commands is None or not self.is_connected:
            raise LinkLostError(self.loss or "not connected")
        return self._commands

    def _api(self, command: str) -> str:
        return self._command_link().api(command)

    def _run_all(self, commands: Iterable[str], *, check: bool = True) -> list[str]:
        """Run API commands, some at once; each text is asked for when it is sent."""
        rest = iter(commands)
        answers: list[str] = []
        begun: deque[list[AsyncResult]] = deque()
        link = self._command_link()
        while results := link.begin_all(
            f"api {command}" for command in itertools.islice(rest, COMMANDS_PER_WRITE)
        ):
            begun.append(results)
            if len(begun) == WRITES_IN_FLIGHT:
                answers += [answer.text.strip() for answer in link.wait_all(begun.popleft())]
        for results in begun:
            answers += [answer.text.strip() for answer in link.wait_all(results)]
        if check:
            for answer in answers:
                self._accepted(answer)
        return answers

    @staticmethod
    def _accepted(answer: str) -> bool:
        if not answers.is_ok(answer):
            raise PbxRejectedError(answer.strip()[:200])
        return True
