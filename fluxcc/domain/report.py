"""Survey answers, counted for each group, agent and question. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from msgspec.structs import asdict

from fluxcc.domain.history import SurveyAt
from fluxcc.domain.surveys import UNHEARD, Survey

Place = tuple[str, str, str, str, int]
"""Node of a site, SIP domain, group, agent, question."""


class Line(msgspec.Struct, frozen=True):
    """One agent of one group, one question."""

    group: str
    agent: str
    question: int
    """1, 2 or 3."""
    offered: int
    """How many customers came to a survey with this question in it. Those who could not be asked
    it, because FreeSWITCH could not play its recording, do not count."""
    answered: int
    share: float
    """Answered of offered, from 0 to 1."""
    average: float | None
    """None where nobody answered."""
    distribution: dict[int, int]
    """Answer → how often it was pressed."""
    domain: str = ""
    """The SIP domain of group and agent."""


class LineAt(Line, frozen=True):
    """The same of one node of a site."""

    node: str = ""


def count(surveys: Iterable[Survey]) -> list[Line]:
    """A line for each node of a site, SIP domain, group, agent and question, in that order."""
    offered: Counter[Place] = Counter()
    pressed: dict[Place, Counter[int]] = {}
    for survey in surveys:
        node = survey.node if isinstance(survey, SurveyAt) else ""
        for number in range(1, survey.questions + 1):
            place = (node, survey.domain, survey.group, survey.agent, number)
            answer = survey.answers[number - 1] if number <= len(survey.answers) else None
            if answer == UNHEARD:
                continue
            offered[place] += 1
            answers = pressed.setdefault(place, Counter())
            if answer is not None:
                answers[answer] += 1
    return [_line(place, offered[place], pressed[place]) for place in sorted(offered)]


def _line(place: Place, offered: int, pressed: Counter[int]) -> Line:
    node, domain, group, agent, question = place
    answered = pressed.total()
    total = sum(answer * times for answer, times in pressed.items())
    line = Line(
        group=group,
        agent=agent,
        question=question,
        offered=offered,
        answered=answered,
        share=round(answered / offered, 4),
        average=round(total / answered, 2) if answered else None,
        distribution=dict(sorted(pressed.items())),
        domain=domain,
    )
    return LineAt(**asdict(line), node=node) if node else line
