"""What surveys and pranks come to, as a supervisor would say it, and as pictures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec

from fluxcc import i18n
from fluxcc.domain import report
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.surveys import UNHEARD, Survey
from fluxcc.marking import _
from fluxcc.web.pages import charts, moments
from fluxcc.web.pages.moments import NOTHING

DAY = 86400
WEEK = 7 * DAY
LEAST = 5
"""Answers of a week, below which its average is no trend."""
LEAST_CHANGE = 0.05
SCALES = (5, 10)


class Sentence(msgspec.Struct, kw_only=True):
    """What is said of a group."""

    group: str
    text: str


class Pranks(msgspec.Struct, kw_only=True):
    """The calls that were marked."""

    sentence: str
    days: charts.Bars
    hours: charts.Bars


def sentences(surveys: Sequence[Survey], now: float, language: str) -> list[Sentence]:
    """One for each group, the first question's; in the order of the groups' names."""
    groups = sorted({each.group for each in surveys})
    none = i18n.catalogue(language).gettext(_("without a group"))
    return [
        Sentence(
            group=group or none,
            text=_sentence([each for each in surveys if each.group == group], now, language),
        )
        for group in groups
    ]


def scale_of(surveys: Iterable[Survey]) -> int:
    """The highest answer of the scale that was asked by, as far as the answers show it."""
    pressed = [answer for each in surveys for answer in each.pressed]
    return SCALES[1] if any(answer > SCALES[0] or answer == 0 for answer in pressed) else SCALES[0]


def first_answers(surveys: Iterable[Survey]) -> list[int]:
    """What was pressed at the first question."""
    firsts = (each.answers[0] for each in surveys if each.answers)
    return [answer for answer in firsts if answer is not None and answer != UNHEARD]


def _sentence(surveys: Sequence[Survey], now: float, language: str) -> str:
    catalogue = i18n.catalogue(language)
    answers = first_answers(surveys)
    asked = sum(not (each.answers and each.answers[0] == UNHEARD) for each in surveys)
    if not answers:
        return catalogue.ngettext(
            "{asked} customer was asked, nobody answered.",
            "{asked} customers were asked, nobody answered.",
            asked,
        ).format(asked=asked)
    parts = [
        catalogue.ngettext(
            "{average} of {scale} in {count} answer",
            "{average} of {scale} in {count} answers",
            len(answers),
        ).format(
            average=moments.figure(sum(answers) / len(answers), 1, language),
            scale=scale_of(surveys),
            count=len(answers),
        ),
        catalogue.gettext(_("{share} answered")).format(
            share=moments.percent(len(answers) / max(asked, 1), language)
        ),
    ]
    if trend := _trend(surveys, now, language):
        parts.append(trend)
    return "; ".join(parts) + "."


def _trend(surveys: Sequence[Survey], now: float, language: str) -> str:
    """How the average of the last seven days differs from that of the seven before."""
    this = first_answers(each for each in surveys if each.offered >= now - WEEK)
    before = first_answers(each for each in surveys if now - 2 * WEEK <= each.offered < now - WEEK)
    if min(len(this), len(before)) < LEAST:
        return ""
    change = sum(this) / len(this) - sum(before) / len(before)
    translate = i18n.catalogue(language).gettext
    by = moments.figure(abs(change), 1, language)
    if abs(change) < LEAST_CHANGE:
        return translate(_("as in the week before"))
    words = _("up {by} this week") if change > 0 else _("down {by} this week")
    return translate(words).format(by=by)


def days_of(surveys: Sequence[Survey], language: str) -> charts.Days | None:
    """Share answered and average by day, from the first day with a survey to the last."""
    by_day: dict[date, list[Survey]] = {}
    for each in surveys:
        by_day.setdefault(moments.date_of(each.offered).date(), []).append(each)
    if not by_day:
        return None
    translate = i18n.catalogue(language).gettext
    rows, shares, averages = [], [], []
    for day in _days(min(by_day), max(by_day)):
        here = by_day.get(day, [])
        answers = first_answers(here)
        share = len(answers) / len(here) if here else 0.0
        average = sum(answers) / len(answers) if answers else None
        name = day.strftime("%d/%m" if language == i18n.PORTUGUESE else "%b %d")
        told = NOTHING if average is None else moments.figure(average, 1, language)
        percent = moments.percent(share, language) if here else NOTHING
        shares.append((name, share, percent))
        averages.append((average, told))
        rows.append(
            charts.DayRow(
                name=name, offered=len(here), answered=len(answers), share=percent, average=told
            )
        )
    drawn = charts.bars(shares, told="", titles=("", ""), most=1)
    through = charts.points(drawn, averages, scale_of(surveys))
    told = translate(_("Average and share answered by day; the table below has the figures"))
    return charts.Days(
        bars=drawn.bars, points=through, line=charts.line(through), rows=rows, told=told
    )


def distribution_of(surveys: Sequence[Survey], language: str) -> charts.Bars:
    """How often each answer to the first question was pressed."""
    counted = Counter(first_answers(surveys))
    highest = scale_of(surveys)
    lowest = 0 if highest == SCALES[1] else 1
    translate = i18n.catalogue(language).gettext
    return charts.bars(
        [(str(n), counted[n], str(counted[n])) for n in range(lowest, highest + 1)],
        told=translate(_("How often each answer was pressed; the table below has the figures")),
        titles=(translate(_("answer")), translate(_("how often"))),
    )


def pranks_of(rows: Sequence[AuditRecord], language: str) -> Pranks | None:
    """Pranks by day and by hour; None without any."""
    marked = [moments.date_of(row.at) for row in rows]
    if not marked:
        return None
    catalogue = i18n.catalogue(language)
    translate = catalogue.gettext
    by_day = Counter(each.date() for each in marked)
    by_hour = Counter(each.hour for each in marked)
    pattern = "%d/%m" if language == i18n.PORTUGUESE else "%b %d"
    busiest = max(by_hour, key=lambda hour: by_hour[hour])
    said = catalogue.ngettext(
        "{count} call was marked as a prank; most between {start} and {end}.",
        "{count} calls were marked as pranks; most between {start} and {end}.",
        len(marked),
    ).format(count=len(marked), start=f"{busiest}:00", end=f"{(busiest + 1) % 24}:00")
    return Pranks(
        sentence=said,
        days=charts.bars(
            [
                (day.strftime(pattern), by_day[day], str(by_day[day]))
                for day in _days(min(by_day), max(by_day))
            ],
            told=translate(_("Pranks by day; the table below has the figures")),
            titles=(translate(_("day")), translate(_("pranks"))),
        ),
        hours=charts.bars(
            [(str(hour), by_hour[hour], str(by_hour[hour])) for hour in range(24)],
            told=translate(_("Pranks by hour of the day; the table below has the figures")),
            titles=(translate(_("hour")), translate(_("pranks"))),
        ),
    )


def line_view(line: report.Line, language: str) -> dict[str, object]:
    """A line of the table."""
    average = NOTHING if line.average is None else moments.figure(line.average, 2, language)
    pressed = "  ".join(f"{answer}: {times}" for answer, times in line.distribution.items())
    return msgspec.structs.asdict(line) | {
        "share": moments.percent(line.share, language),
        "average": average,
        "distribution": pressed or NOTHING,
    }


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=count) for count in range((last - first).days + 1))
