"""What the survey's report counts."""

from __future__ import annotations

from fluxcc.domain import report
from fluxcc.domain.surveys import UNHEARD, Survey


def a_survey(*answers: int | None) -> Survey:
    """Of one agent in one group."""
    return Survey(
        id="s",
        call="c",
        number="",
        group="sales",
        agent="1000",
        direction="received",
        started=0.0,
        offered=1.0,
        questions=len(answers),
        answers=answers,
    )


def test_a_question_that_nobody_heard_was_not_offered() -> None:
    lines = report.count([a_survey(UNHEARD, 4), a_survey(2, None)])
    assert [(each.question, each.offered, each.answered) for each in lines] == [
        (1, 1, 1),
        (2, 2, 1),
    ]
    assert [each.distribution for each in lines] == [{2: 1}, {4: 1}]


def test_a_survey_that_nobody_heard_has_no_line() -> None:
    assert report.count([a_survey(UNHEARD)]) == []
