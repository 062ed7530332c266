"""The people of one shape: telephones, persons outside, and which leg is whose.

``Pool`` hands out extensions, numbers, queues and slots that nobody else uses, so that many shapes
run side by side on one site; ``Cast`` is one shape's share of them, in one of the site's domains.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from .domains import Home
from .port import PATIENCE, Answers, LabError, Line, Site, Telephone, Via

_PAUSE = 0.02


Twins = dict[Home, Telephone]
"""The telephones of one extension, by domain."""


class Pool:
    """What of a site is free."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._lock = threading.Lock()
        self._telephones: list[Twins] = []
        self._extensions = iter(range(2000, 2900))
        self._numbers = iter(range(10_000_000, 100_000_000))
        self._queues = list(range(99, -1, -1))
        self._slots = iter(range(1000, 10_000))

    def cast(self, home: Home | None = None) -> Cast:
        """Nobody yet; of the site's first domain unless told otherwise."""
        return Cast(self, home or self.site.homes[0])

    def take_telephones(self) -> Twins:
        """Registered telephones that nobody uses: one extension, in every domain."""
        with self._lock:
            if self._telephones:
                return self._telephones.pop()
            extension = str(next(self._extensions))
        return {home: self.site.telephone(extension, home) for home in self.site.homes}

    def leave_telephones(self, telephones: Twins) -> None:
        """They may be used again."""
        for telephone in telephones.values():
            telephone.answers = "answer"
            telephone.display = ""
        with self._lock:
            self._telephones.insert(0, telephones)

    def take_number(self) -> str:
        """A mobile number in São Paulo that nobody had."""
        with self._lock:
            return f"55119{next(self._numbers)}"

    def take_queue(self) -> str:
        """Two digits of a queue."""
        with self._lock:
            return f"{self._queues.pop():02d}"

    def leave_queue(self, queue: str) -> None:
        """It may be used again."""
        with self._lock:
            self._queues.insert(0, int(queue))

    def take_slot(self) -> str:
        """Four digits for a room, a parking place or a fifo."""
        with self._lock:
            return str(next(self._slots))


class Cast:
    """Who takes part in one shape. Roles are words such as ``customer``, ``agent``, ``colleague``,
    ``partner``; a person's second line has a role of its own (``agent 2``)."""

    def __init__(self, pool: Pool, home: Home) -> None:
        self.site = pool.site
        self.home = home
        self.people: dict[str, Telephone] = {}
        self.lines: dict[str, Line] = {}
        self.legs: dict[str, str] = {}
        """UUIDs by role."""
        self.queue = ""
        self._pool = pool
        self._taken: list[Twins] = []
        self._devices: list[Telephone] = []
        self._agents: list[str] = []

    # People

    def telephone(self, role: str = "agent", answers: Answers = "answer") -> Telephone:
        """Somebody with a telephone of the PBX."""
        self._taken.append(self._pool.take_telephones())
        telephone = self._taken[-1][self.home]
        telephone.answers = answers
        self.people[role] = telephone
        return telephone

    def device(self, of: str, role: str, answers: Answers = "answer") -> Telephone:
        """One more device of somebody; it is logged out at the end."""
        telephone = self.site.telephone(self.people[of].user, self.home)
        telephone.answers = answers
        self._devices.append(telephone)
        self.people[role] = telephone
        return telephone

    def admit(self, role: str, telephone: Telephone) -> None:
        """Somebody whose telephone another cast has taken."""
        self.people[role] = telephone

    @property
    def other(self) -> Home:
        """The domain of the twins, on a site of two."""
        return next(home for home in self.site.homes if home != self.home)

    def twin(self, of: str, role: str) -> Telephone:
        """Whoever has the extension of somebody with a telephone here, in the other domain."""
        telephone = self.people[role] = self.twin_of(self.people[of].user)
        return telephone

    def twin_of(self, extension: str) -> Telephone:
        """The telephone of this extension in the other domain."""
        twins = (twins[self.other] for twins in self._taken)
        return next(one for one in twins if one.user == extension)

    def outside(
        self, role: str = "customer", answers: Answers = "answer", via: Via = "trunk"
    ) -> Telephone:
        """Somebody outside."""
        person = self.site.outside(self._pool.take_number(), self.home, via)
        person.answers = answers
        self.people[role] = person
        return person

    def behind_proxy(self, role: str, extension: str, via: Via = "trunk") -> Telephone:
        """Somebody with an extension whose telephone is known to a SIP proxy only. What is dialled
        to them comes over the trunk; they themselves dial there, or ``via`` the proxy."""
        person = self.people[role] = self.site.outside(extension, self.home, via)
        return person

    def slot(self) -> str:
        """Four digits that no other shape uses."""
        return self._pool.take_slot()

    # Calls

    def dial(self, role: str, destination: str, line: str = "", call_id: str = "") -> Line:
        """Somebody dials; the line's role is the person's unless told otherwise."""
        person = self.people[role]
        if not self._is_inside(person):
            destination = f"{self.home.code}{destination}"
        return self.keep(line or role, person.dial(destination, call_id))

    def dial_other(self, role: str, destination: str) -> Line:
        """Somebody outside dials a number of the other domain."""
        return self.keep(role, self.people[role].dial(f"{self.other.code}{destination}"))

    def ring(self, role: str, line: str = "") -> Line:
        """Somebody's telephone is called."""
        return self.keep(line or role, self.people[role].incoming())

    def keep(self, role: str, line: Line) -> Line:
        """This line is that role's."""
        self.lines[role] = line
        if not line.is_incoming or line.leg:
            self.legs[role] = line.leg
        return line

    def talk(self, one: str, other: str) -> None:
        """Return once the legs of these two are bridged to each other."""
        self.lines[one].wait("up")
        self.lines[other].wait("up")
        legs = self.legs[one], self.legs[other]
        self.until(lambda: self.partner(legs[0]) == legs[1], f"{one} and {other} talk")

    def say_something(self) -> None:
        """People do not hang up within milliseconds, and FreeSWITCH loses some who do."""
        time.sleep(0.3)

    def connect(self, customer: str = "customer", agent: str = "agent", number: str = "") -> None:
        """The customer dials the agent (or that number), and the two talk."""
        self.dial(customer, number or self.people[agent].user)
        self.ring(agent)
        self.talk(customer, agent)

    def user(self, role: str) -> str:
        """The dial string of somebody with a telephone of the PBX."""
        return f"user/{self.people[role].user}@{self.home.domain}"

    def place(self, number: str) -> str:
        """A number in the dialplan, as what is transferred goes there."""
        return f"{number} XML {self.home.context}"

    def move(self, role: str, number: str, option: str = "") -> None:
        """``uuid_transfer``; with the option ``-both`` also whom they talk to."""
        leg = f"{self.legs[role]} {option}".strip()
        self.site.api(f"uuid_transfer {leg} {self.place(number)}")

    def originate(self, whom: str, then: str) -> str:
        """``originate``; the UUID of the leg that was dialled. Returns when it was taken."""
        answer = self.site.api(f"originate {whom} {then}")
        if not answer.startswith("+OK"):
            raise LabError(f"originate {whom} {then}: {answer}")
        return answer.removeprefix("+OK").strip()

    # What the PBX says

    def partner(self, leg: str) -> str:
        """The leg that this one is bridged to; empty where to none."""
        found = self.site.api(f"uuid_getvar {leg} bridge_to").strip()
        return "" if found.startswith(("-ERR", "_undef_")) else found

    def exists(self, leg: str) -> bool:
        """Whether the leg has not hung up."""
        return self.site.api(f"uuid_exists {leg}") == "true"

    def variable(self, role: str, name: str) -> str:
        """A variable of a leg; empty where it has none."""
        found = self.site.api(f"uuid_getvar {self.legs[role]} {name}").strip()
        return "" if found.startswith(("-ERR", "_undef_")) else found

    def until(self, holds: Callable[[], Any], what: str, timeout: float = PATIENCE) -> None:
        """Return once it holds."""
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                raise LabError(f"{what}: not within {timeout} s; {self}")
            time.sleep(_PAUSE)

    # Queues

    def staff(self, *roles: str, kind: str = "callback", contact: str = "") -> str:
        """These people are the agents of a queue; the number by which it is dialled."""
        self.queue = self.queue or self._pool.take_queue()
        queue, contact = self._queue_name(), contact or f"user/{{}}@{self.home.domain}"
        for role in roles:
            user = self.people[role].user
            has_uuid = self.home.has_uuids and kind == "callback"
            name = str(uuid4()) if has_uuid else f"{user}@{self.home.context}"
            self._agents.append(name)
            for command in (
                f"agent add {name} {kind}",
                f"agent set contact {name} {contact.format(user)}",
                f"agent set max_no_answer {name} 99",
                f"agent set wrap_up_time {name} 0",
                f"agent set status {name} Available",
                f"agent set state {name} Waiting",
                f"tier add {queue} {name} 1 1",
            ):
                answer = self.site.api(f"callcenter_config {command}")
                if "+OK" not in answer:
                    raise LabError(f"callcenter_config {command}: {answer}")
        return f"81{self.queue}"

    def _queue_name(self) -> str:
        return f"q{self.queue}@{self.home.context}"

    # The end

    def hang_up(self) -> None:
        """Everybody hangs up, the customer last."""
        for person in reversed(self.people.values()):
            for line in person.lines:
                line.hang_up()

    def close(self) -> None:
        """Everybody has gone, and what they used is free again."""
        self.hang_up()
        for leg in self.legs.values():
            self.site.api(f"uuid_kill {leg}")
        for name in self._agents:
            self.site.api(f"callcenter_config tier del {self._queue_name()} {name}")
            self.site.api(f"callcenter_config agent del {name}")
        if self.queue:
            self._pool.leave_queue(self.queue)
        for person in self.people.values():
            for line in person.lines:
                line.wait("ended")
            for _ in _unpicked(person):
                pass
        for device in self._devices:
            device.register(0)
        for telephones in self._taken:
            self._pool.leave_telephones(telephones)

    def _is_inside(self, person: Telephone) -> bool:
        return person in self._devices or any(person in one.values() for one in self._taken)

    def __str__(self) -> str:
        return ", ".join(f"{role}: {line}" for role, line in self.lines.items())


def _unpicked(person: Telephone) -> Iterator[Line]:
    while True:
        try:
            yield person.incoming(0)
        except LabError:
            return
