"""Pictures as places in an SVG's own units; the templates draw them. Pure.

They are drawn by the server: so they are there without a script, and their figures are text.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

WIDTH, HEIGHT, BASE, TOP = 640, 220, 192, 28
WIDEST = 96
"""Of a bar."""
MOST_LABELS = 8
"""Labels below a picture that do not touch each other on a telephone."""


class Bar(msgspec.Struct, kw_only=True):
    """One bar."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    name: str
    label: str
    """Its name, where there is room for it."""
    value: str
    value_shown: str
    told: str


class Bars(msgspec.Struct, kw_only=True):
    """Some bars, side by side."""

    bars: list[Bar]
    told: str
    label_title: str
    value_title: str
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BASE


class Point(msgspec.Struct, kw_only=True):
    """One average."""

    x: float
    y: float
    value_shown: str
    told: str


class DayRow(msgspec.Struct, kw_only=True):
    """One day, in words."""

    name: str
    offered: int
    answered: int
    share: str
    average: str


class Days(msgspec.Struct, kw_only=True):
    """Share answered as bars, the average as points above them."""

    bars: list[Bar]
    points: list[Point]
    line: str
    rows: list[DayRow]
    told: str
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BASE


def bars(
    named: Sequence[tuple[str, float, str]], *, told: str, titles: tuple[str, str], most: float = 0
) -> Bars:
    """``named`` are name, value and the value in words; ``most`` is the value of a full bar, or 0
    for the greatest one."""
    full = most or max((value for _name, value, _words in named), default=0) or 1
    step = WIDTH / max(len(named), 1)
    every = -(-len(named) // MOST_LABELS)
    found = []
    for place, (name, value, words) in enumerate(named):
        height = round((BASE - TOP) * value / full, 1)
        width = min(step * 0.7, WIDEST)
        middle = (place + 0.5) * step
        found.append(
            Bar(
                x=round(middle - width / 2, 1),
                y=round(BASE - height, 1),
                width=round(width, 1),
                height=height,
                middle=round(middle, 1),
                name=name,
                label=name if place % every == 0 else "",
                value=words,
                value_shown=words if len(named) <= MOST_LABELS * 2 and value else "",
                told=f"{name}: {words}",
            )
        )
    return Bars(bars=found, told=told, label_title=titles[0], value_title=titles[1])


def points(shares: Bars, averages: Sequence[tuple[float | None, str]], scale: int) -> list[Point]:
    """The averages (value, in words) above the bars of the same days; a day without one has no
    point."""
    found = []
    for bar, (value, words) in zip(shares.bars, averages, strict=True):
        if value is None:
            continue
        y = round(BASE - (BASE - TOP) * value / scale, 1)
        shown = words if len(averages) <= MOST_LABELS else ""
        found.append(Point(x=bar.middle, y=y, value_shown=shown, told=f"{bar.name}: {words}"))
    return found


def line(through: Sequence[Point]) -> str:
    """A line through the points; none through a single one, which is no trend."""
    if len(through) < 2:
        return ""
    return " ".join(f"{point.x},{point.y}" for point in through)
