"""Survey answers as comma-separated values, for the command and for the page. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from fluxcc.domain.report import Line

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
LARGEST_ANSWER = 10


def report_csv(lines: Iterable[Line]) -> str:
    """One row a line; the distribution has a column an answer from 0 to 10."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("group", "agent", "question", "offered", "answered", "share", "average")
    answers = range(LARGEST_ANSWER + 1)
    writer.writerow([*names, *(f"answer_{answer}" for answer in answers), "domain"])
    for line in lines:
        values = [harmless(str(getattr(line, name))) for name in names[:2]]
        values += [str(getattr(line, name)) for name in names[2:6]]
        values.append("" if line.average is None else str(line.average))
        values += [str(line.distribution.get(answer, 0)) for answer in answers]
        writer.writerow([*values, harmless(line.domain)])
    return text.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet takes neither for a formula nor for another row."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"'{text}" if text.lstrip()[:1] in FORMULA else text
