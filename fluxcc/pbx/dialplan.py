"""What a dialplan context does with a destination, as far as its XML alone shows.

No I/O. Counterparts: ``commands.read_context`` asks for the XML; ``doctor`` and the ``fluxcc``
command warn where nothing answers. FreeSWITCH accepts a transfer to a number that it does not have
with ``+OK`` and hangs up two milliseconds later, so destinations are checked beforehand.

The rules are those of ``parse_exten`` in mod_dialplan_xml: conditions one after the other, each
with its ``break``; an anti-action leads on as an action does. A condition on anything but the
number that is dialled (a variable, the caller, the time) may hold or not: both cases are followed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from enum import Enum, auto
from itertools import product
from typing import NamedTuple
from xml.etree.ElementTree import Element

from fluxcc.domain.applications import ENDING
from fluxcc.domain.sight import Sight
from fluxcc.kit.names import GATE_EXTENSION
from fluxcc.pbx.markup import parse

NUMBER = frozenset({"destination_number", "${destination_number}"})
SILENT = frozenset(
    {
        *("bridge_export", "db", "eval", "event", "export", "hash", "info", "log", "mkdir"),
        *("multiset", "multiunset", "presence", "privacy", "push", "session_loglevel", "set"),
        *("set_global", "set_name", "set_profile_var", "set_user", "unset", "unshift"),
        "verbose_events",
    }
)
"""Applications that only prepare a call, unheard by the caller."""
TIMES = frozenset(
    {"date-time", "dst", "hour", "mday", "minute", "minute-of-day", "mon", "mweek", "time-of-day"}
    | {"tz-offset", "wday", "week", "yday", "year"}
)
"""Attributes that make a condition depend on the time."""
LONGEST_PATTERN = 1_000
NOWHERE = "fluxcc-nowhere"
"""A destination that no dialplan has."""

SAFE = re.compile(r"[A-Za-z0-9_.*#+-]{1,64}", re.ASCII)
"""A destination that may become part of an expansion."""
HASH_LOOKUPS = re.compile(r"(?:\$\{hash\(select/[A-Za-z0-9_./*#+@-]+\)\} ?)+", re.ASCII)
"""Look-ups in mod_hash, whose results are the same for every call."""
ANY_DOMAIN = ("", "fluxcc-nowhere.invalid")
"""A call without a domain, and one of a domain that nothing asks for."""
Evaluate = Callable[[str], str]
"""Expands a text with such look-ups, as FreeSWITCH does."""

Possible = frozenset[bool]
YES, NO, EITHER = frozenset({True}), frozenset({False}), frozenset({True, False})


class Fate(Enum):
    """What a context does with a call."""

    TAKEN = auto()
    CAUGHT = auto()
    """Taken by an extension that takes every number: most likely one for wrong numbers."""
    ENDED = auto()
    """Hung up by an extension that hangs up every call, for any number."""
    NOTHING = auto()
    """Nothing takes it: FreeSWITCH hangs up with NO_ROUTE_DESTINATION."""
    UNKNOWN = auto()


class Way(NamedTuple):
    """One possible state of the walk through an extension's conditions."""

    leads_on: bool = False
    """The last condition held, or had anti-actions."""
    does_something: bool = False


class Taker(NamedTuple):
    """An extension that takes the destination."""

    name: str
    is_certain: bool
    """Whether it takes every call to the destination; otherwise it depends on more than that."""
    is_chosen: bool = True
    """Whether it depends on the destination; otherwise it takes any number."""
    only_ends: bool = False
    """Whether all that it does is to hang up."""


class Gate(NamedTuple):
    """Where the kit's gate stands in a context."""

    sight: Sight
    before: str | None = None
    """The first extension before it that may keep a call from it, or answer it; None for none."""
    application: str = ""
    """What that one does; empty where it only ends the hunt."""


def find_gate(context_xml: str, gate: str = GATE_EXTENSION) -> Gate:
    """Where the gate of that name stands. An extension that only prepares a call, and goes on, may
    be before."""
    try:
        context = parse(context_xml)
    except ValueError:
        return Gate(Sight.UNSEEN)
    before: tuple[str, str] | None = None
    for extension in context.iter("extension"):
        name = extension.get("name", "")
        if name == gate:
            return Gate(Sight.THERE, *(before or ()))
        if before is None and extension.find("condition") is not None:
            active = _active(extension)
            if active or extension.get("continue") != "true":
                before = name, active[0] if active else ""
    return Gate(Sight.MISSING)


def _active(extension: Element) -> list[str]:
    """The applications of an extension that do more than to prepare a call."""
    each = [*extension.iter("action"), *extension.iter("anti-action")]
    return [name for one in each if (name := one.get("application", "")) not in SILENT]


def fate(
    context_xml: str, destination: str, evaluate: Evaluate | None = None, domain: str = ""
) -> Fate:
    """What the context does with a call to the destination (of a domain, where that is known)."""
    found = takers(context_xml, destination, evaluate, domain)
    if found is None:
        return Fate.UNKNOWN
    if not found:
        return Fate.NOTHING
    if any(taker.is_chosen for taker in found):
        return Fate.TAKEN if any(taker.is_certain for taker in found) else Fate.UNKNOWN
    return Fate.ENDED if found[-1].only_ends else Fate.CAUGHT


def takers(
    context_xml: str, destination: str, evaluate: Evaluate | None = None, domain: str = ""
) -> list[Taker] | None:
    """The extensions that may take the destination, in order, up to one that does so for certain;
    None where the text is no context.

    ``evaluate`` asks FreeSWITCH for the result of a look-up in mod_hash, unknown without it.
    """
    try:
        context = parse(context_xml)
    except ValueError:
        return None
    if context.tag != "context":
        return None
    place = _Place(context.get("name", ""), domain)
    hunt, other = _Hunt(destination, evaluate, place), _Hunt(NOWHERE, None, place)
    found = []
    for extension in context.iter("extension"):
        ways = hunt.walk(extension, {Way()})
        is_certain = all(way.does_something for way in ways)
        if any(way.does_something for way in ways):
            is_chosen = not any(way.does_something for way in other.walk(extension, {Way()}))
            # A stock dialplan has extensions that may take any call, for instance one that loops:
            # they say nothing about this destination.
            if is_certain or is_chosen:
                only_ends = ENDING.issuperset(_active(extension))
                taker = Taker(extension.get("name", ""), is_certain, is_chosen, only_ends)
                found.append(taker)
        # An extension that matches without ``continue`` ends the hunt, even if it does nothing.
        is_last = extension.get("continue") != "true" and all(way.leads_on for way in ways)
        if is_certain or is_last:
            break
    return found


class _Place(NamedTuple):
    """Where a call is."""

    context: str
    domain: str
    """The variable ``domain_name``; empty where it is not known."""

    def filled_into(self, text: str) -> str:
        """A text with its references to context and domain expanded."""
        return text.replace("${context}", self.context).replace("${domain_name}", self.domain)


class _Hunt(NamedTuple):
    """The search for one destination in a context."""

    destination: str
    evaluate: Evaluate | None
    place: _Place

    def walk(self, parent: Element, ways: set[Way]) -> set[Way]:
        """Every way through the conditions directly below ``parent``."""
        going, gone = {way._replace(leads_on=False) for way in ways}, set()
        for condition in parent.findall("condition"):
            after: set[Way] = set()
            for way, holds in product(going, self._holds(condition)):
                taken = condition.findall("action" if holds else "anti-action")
                active = any(each.get("application", "") not in SILENT for each in taken)
                new = {Way(holds or bool(taken), way.does_something or active)}
                stop = condition.get("break", "on-false")
                if stop in {"always", "on-true" if holds else "on-false"}:
                    gone |= new
                    continue
                if holds or taken:
                    new = self._nested(condition, new)
                    if stop != "never":
                        gone |= {each for each in new if not each.leads_on}
                        new = {each for each in new if each.leads_on}
                after |= new
            going = after
        return going | gone

    def _nested(self, condition: Element, ways: set[Way]) -> set[Way]:
        if condition.find("condition") is None:
            return ways
        ways = self.walk(condition, ways)
        if condition.get("require-nested") == "false":
            return {way._replace(leads_on=True) for way in ways}
        return ways

    def _holds(self, condition: Element) -> Possible:
        kind = condition.get("regex")
        if kind is None:
            found = self._compare(condition)
        else:
            found = _combine(kind, [self._compare(each) for each in condition.findall("regex")])
        is_timed = any(name in TIMES for name in condition.attrib)
        return found | NO if is_timed else found

    def _compare(self, condition: Element) -> Possible:
        field = condition.get("field")
        if field is None:
            return YES
        value: str | None = self.destination
        if field not in NUMBER:
            if self._is_where_it_is(field, condition.get("expression", "")):
                return YES
            value = self._look_up(field)
        if value is None:
            return EITHER
        is_match = matches(condition.get("expression", ""), value)
        if is_match is None:
            # An expression that cannot be read here, but that does choose among numbers.
            return NO if self.destination == NOWHERE else EITHER
        return YES if is_match else NO

    def _is_where_it_is(self, field: str, expression: str) -> bool:
        """Whether a condition on context and domain alone holds, for any domain where the call's is
        not known."""
        domains = (self.place.domain,) if self.place.domain else ANY_DOMAIN
        texts = [self.place._replace(domain=each).filled_into(field) for each in domains]
        is_about_place = field != texts[0] and "${" not in texts[0]
        return is_about_place and all(matches(expression, text) for text in texts)

    def _look_up(self, field: str) -> str | None:
        """The results of look-ups in mod_hash; None for any other field."""
        text = self.place.filled_into(field).replace("${destination_number}", self.destination)
        is_safe = SAFE.fullmatch(self.destination) and HASH_LOOKUPS.fullmatch(text)
        return self.evaluate(text) if self.evaluate is not None and is_safe else None


def matches(pattern: str, destination: str) -> bool | None:
    """Whether an expression matches; None where Python does not read it as PCRE does: an expansion,
    FreeSWITCH's ``/pattern/flags``, Asterisk's ``_XXX``, a POSIX class."""
    if pattern.startswith(("/", "_")) or "${" in pattern or "[[:" in pattern:
        return None
    if len(pattern) > LONGEST_PATTERN:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.search(pattern, destination) is not None
    except (re.error, RecursionError, OverflowError, Warning):
        return None


def _combine(kind: str, found: list[Possible]) -> Possible:
    """Combine a condition's ``regex`` elements by its ``regex="all"``, ``any`` or ``xor``."""
    true, unknown = found.count(YES), found.count(EITHER)
    return frozenset(
        {"all": count == len(found), "any": count > 0, "xor": count == 1}.get(kind, False)
        for count in range(true, true + unknown + 1)
    )
