"""The XML dialplan: which actions a leg's dialled number leads to.

Its counterpart is ``routing.py``, which carries the actions out. As in FreeSWITCH all conditions
are looked at before the first action runs (so that a variable set by an action is not seen by a
later condition, unless the action is ``inline``), and the first extension that matches ends the
hunt unless it says ``continue``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

_RESET = "(?|"
_REFERENCE = re.compile(r"\$(\d{1,2})")


class Action(NamedTuple):
    """One application to run."""

    application: str
    data: str


@dataclass
class Hunt:
    """One leg's way through a context."""

    read_field: Callable[[str], str]
    """A condition's field: a caller's field by name, or text with ``${…}`` in it."""
    expand: Callable[[str], str]
    run_inline: Callable[[Action], None]
    matched: Callable[[list[str]], None]
    """Called with the groups of a matching expression (FreeSWITCH keeps them as DP_MATCH)."""
    actions: list[Action] = field(default_factory=list)
    has_found: bool = False
    """Something answered, be it only with actions that ran during the hunt."""

    def through(self, context: Element) -> None:
        """Collect the actions for this leg."""
        for extension in context.iter("extension"):
            is_match = self._conditions(extension)
            if is_match and extension.get("continue") != "true":
                break

    def _conditions(self, parent: Element) -> bool:
        """Walk an extension's conditions, or those nested in one; say whether the last one led on.

        Actions taken before a condition failed stay taken, and an anti-action leads on.
        """
        leads_on = False
        for condition in parent.findall("condition"):
            stop = condition.get("break", "on-false")
            caught = self._match(condition)
            holds = caught is not None
            taken = condition.findall("action" if holds else "anti-action")
            for element in taken:
                self._take(element, caught or [])
            leads_on = holds or bool(taken)
            if stop in ("always", "on-true" if holds else "on-false"):
                break
            if leads_on and condition.find("condition") is not None:
                is_needed = condition.get("require-nested") != "false"
                leads_on = self._conditions(condition) or not is_needed
                if not leads_on and stop != "never":
                    break
        return leads_on

    def _match(self, condition: Element) -> list[str] | None:
        """What the condition caught (possibly nothing), or None where it does not hold."""
        kind = condition.get("regex")
        if kind is None:
            return self._compare(condition.get("field"), condition.get("expression", ""))
        found = [
            self._compare(regex.get("field"), regex.get("expression", ""))
            for regex in condition.findall("regex")
        ]
        true = [caught for caught in found if caught is not None]
        wanted = {"all": len(true) == len(found), "any": bool(true), "xor": len(true) == 1}
        return (true[-1] if true else []) if wanted.get(kind) else None

    def _compare(self, name: str | None, expression: str) -> list[str] | None:
        if name is None:
            return []
        pattern = self.expand(expression)
        # PCRE gives the groups of each branch of "(?|" the same numbers, which Python cannot.
        found = re.search(pattern.replace(_RESET, "(?:"), self.read_field(name))
        if found is None:
            return None
        if not found.groups():
            return []
        groups = found.groups()[: found.lastindex or 0]
        if _RESET in pattern:
            groups = tuple(group for group in groups if group is not None)
        caught = [found[0], *(group or "" for group in groups)]
        # FreeSWITCH takes an empty one for the wish to forget those before it.
        self.matched(caught[max((n for n, each in enumerate(caught, 1) if not each), default=0) :])
        return caught

    def _take(self, element: Element, caught: list[str]) -> None:
        def reference(found: re.Match[str]) -> str:
            index = int(found[1])
            return caught[index] if index < len(caught) else ""

        data = element.get("data") or element.text or ""
        # FreeSWITCH looks for references only where the expression has groups.
        data = _REFERENCE.sub(reference, data) if caught else data
        action = Action(element.get("application", ""), data)
        self.has_found = True
        if element.get("inline") == "true":
            self.run_inline(action)
        else:
            self.actions.append(action)
