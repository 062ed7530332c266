"""Which numbers were blocked of late, and how often: blocks may grow on repeaters
(``[blocks] escalation`` and ``memory``).

In memory, so that no prank waits for the store. Counterparts: ``blocking`` notes each new block,
``recovery`` loads those of before the daemon was started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fluxcc.domain.persons import Person


class Repeaters:
    """One per daemon."""

    def __init__(self, memory: float) -> None:
        self.memory = memory
        """Seconds for which a block is remembered."""
        self._begun: dict[tuple[str, str], tuple[float, ...]] = {}
        """Canonical number and SIP domain → when its blocks began, in epoch seconds; each once,
        since a block may be noted first and loaded then. A tuple takes a quarter of a set's
        memory, and most numbers have one block."""

    def load(self, times: Iterable[tuple[str, str, float]]) -> None:
        """Take over the store's blocks: number, SIP domain, and when each began."""
        for number, domain, since in times:
            self.note(number, domain, since)

    def note(self, number: str, domain: str, since: float) -> None:
        """A block began."""
        begun = self._begun.get((number, domain), ())
        if since not in begun:
            self._begun[number, domain] = (*begun, since)

    def take_back(self, number: str, domain: str, since: float) -> None:
        """That block was released before its time, and does not count any more."""
        self._keep((number, domain), lambda each: each != since)

    def forget(self, person: Person) -> None:
        """Erase this person."""
        for number, domain in [each for each in self._begun if person.has(each[0])]:
            del self._begun[number, domain]

    def reread(self, canonical: Callable[[str], str]) -> None:
        """Numbers are read otherwise from now on: ``canonical`` tells how each is."""
        begun, self._begun = self._begun, {}
        for (number, domain), times in begun.items():
            for since in times:
                self.note(canonical(number), domain, since)

    def prune(self, now: float) -> None:
        """Forget what is too old to count."""
        for identity in list(self._begun):
            self._keep(identity, lambda since: since >= now - self.memory)

    def count(self, number: str, domain: str, now: float) -> int:
        """How many blocks of the number in that SIP domain began of late."""
        begun = self._begun.get((number, domain), ())
        return sum(since >= now - self.memory for since in begun)

    def most(self, number: str, now: float) -> int:
        """The same in the SIP domain in which it is most."""
        domains = [domain for known, domain in self._begun if known == number]
        return max((self.count(number, domain, now) for domain in domains), default=0)

    def _keep(self, identity: tuple[str, str], counts: Callable[[float], bool]) -> None:
        """Forget the blocks of this number and domain that do not count."""
        begun = tuple(filter(counts, self._begun.pop(identity, ())))
        if begun:
            self._begun[identity] = begun
