"""What a dialplan context does with a destination, as far as its XML alone tells.

No I/O. Counterparts: ``commands.read_context`` gives the XML; ``doctor`` and the ``fluxcc`` command
warn where nothing answers. FreeSWITCH says ``+OK`` to a transfer to a number that it does not have
and hangs up two milliseconds later, so somebody has to look before.

The rules are those of ``parse_exten`` in mod_dialplan_xml: conditions one after the other, each
with its ``break``; an anti-action leads on as an action does. A condition on anything but the
number that is dialled (a variable, the caller, the time) may hold or not: both ways are followed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from enum import Enum, auto
from itertools import product
from typing import NamedTuple
from xml.etree.ElementTree import Element

from fluxcc.pbx.markup import parse

NUMBER = frozenset({"destination_number", "${destination_number}"})
SILENT = frozenset({"export", "hash", "info", "log", "set", "unset", "verbose_events"})
"""Applications that prepare a call and do nothing with it."""
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
LOOK = re.compile(r"\$\{hash\(select/[A-Za-z0-9_./*#+-]+\)\}", re.ASCII)
"""A look into mod_hash, which gives the same for every call."""
Evaluate = Callable[[str], str]
"""Gives what FreeSWITCH makes of a text with such a look in it."""

Possible = frozenset[bool]
YES, NO, EITHER = frozenset({True}), frozenset({False}), frozenset({True, False})


class Fate(Enum):
    """What becomes of a call."""

    TAKEN = auto()
    CAUGHT = auto()
    """Taken, as any number would be: by an extension for wrong numbers, most likely."""
    NOTHING = auto()
    """Hung up, with NO_ROUTE_DESTINATION."""
    UNKNOWN = auto()


class Way(NamedTuple):
    """Where the walk through an extension may stand."""

    leads_on: bool = False
    """The last condition held, or had anti-actions."""
    does_something: bool = False


class Taker(NamedTuple):
    """An extension that takes the destination."""

    name: str
    is_certain: bool
    """Otherwise it depends on more than the destination."""
    is_chosen: bool = True
    """Whether the destination has a part in it; otherwise any number would do."""


def answers(context_xml: str, destination: str, evaluate: Evaluate | None = None) -> bool | None:
    """Whether the context has anything for the destination; None where that cannot be told."""
    return {Fate.TAKEN: True, Fate.CAUGHT: True, Fate.NOTHING: False}.get(
        fate(context_xml, destination, evaluate)
    )


def fate(context_xml: str, destination: str, evaluate: Evaluate | None = None) -> Fate:
    """What becomes of a call to the destination."""
    found = takers(context_xml, destination, evaluate)
    if found is None:
        return Fate.UNKNOWN
    if not found:
        return Fate.NOTHING
    if any(taker.is_chosen for taker in found):
        return Fate.TAKEN if any(taker.is_certain for taker in found) else Fate.UNKNOWN
    return Fate.CAUGHT


def takers(
    context_xml: str, destination: str, evaluate: Evaluate | None = None
) -> list[Taker] | None:
    """The extensions that may take the destination, in order, up to one that does so for certain;
    None where the text is no context.

    ``evaluate`` asks FreeSWITCH what a look into mod_hash gives now, which is the same for every
    call.
    """
    try:
        context = parse(context_xml)
    except ValueError:
        return None
    if context.tag != "context":
        return None
    hunt, other = _Hunt(destination, evaluate), _Hunt(NOWHERE, None)
    found = []
    for extension in context.iter("extension"):
        ways = hunt.walk(extension, {Way()})
        is_certain = all(way.does_something for way in ways)
        if any(way.does_something for way in ways):
            is_chosen = not any(way.does_something for way in other.walk(extension, {Way()}))
            # A stock dialplan has extensions that may take any call (one that looped, for one):
            # that they may take this one too says nothing.
            if is_certain or is_chosen:
                found.append(Taker(extension.get("name", ""), is_certain, is_chosen))
        # One that matches without ``continue`` ends the hunt, be it with nothing done.
        is_last = extension.get("continue") != "true" and all(way.leads_on for way in ways)
        if is_certain or is_last:
            break
    return found


class _Hunt(NamedTuple):
    """One destination's way through a context."""

    destination: str
    evaluate: Evaluate | None

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
            value = self._look_up(field)
        if value is None:
            return EITHER
        is_match = matches(condition.get("expression", ""), value)
        if is_match is None:
            # Not to be read here, but it does choose among numbers.
            return NO if self.destination == NOWHERE else EITHER
        return YES if is_match else NO

    def _look_up(self, field: str) -> str | None:
        """What a look into mod_hash gives; None for anything else."""
        text = field.replace("${destination_number}", self.destination)
        is_safe = self.evaluate is not None and SAFE.fullmatch(self.destination)
        return self.evaluate(text) if self.evaluate and is_safe and LOOK.fullmatch(text) else None


def matches(pattern: str, destination: str) -> bool | None:
    """Whether an expression matches; None where it is not one that Python reads as PCRE does: an
    expansion, FreeSWITCH's ``/pattern/flags``, Asterisk's ``_XXX``, a POSIX class."""
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
    """``regex="all"``, ``any`` and ``xor`` over the conditions in the condition."""
    true, unknown = found.count(YES), found.count(EITHER)
    return frozenset(
        {"all": count == len(found), "any": count > 0, "xor": count == 1}.get(kind, False)
        for count in range(true, true + unknown + 1)
    )


_FIRST_EXTENSION: Callable[[str], re.Match[str] | None] = re.compile(
    r"<extension\b[^>]*\bname=[\"']([^\"']*)[\"']"
).search


def first_extension(context_xml: str) -> str:
    """The name of the first extension of a dialplan context; empty where it has none."""
    found = _FIRST_EXTENSION(context_xml)
    return found.group(1) if found else ""
