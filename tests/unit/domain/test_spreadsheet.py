"""No spreadsheet finds a formula in what callers and supervisors have chosen."""

from __future__ import annotations

import csv
import io

import pytest

from fluxcc.domain.report import Line
from fluxcc.domain.spreadsheet import harmless, report_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\n=1"])
def test_a_formula_is_a_text(text: str) -> None:
    assert harmless(text).lstrip()[:1] not in ("=", "+", "-", "@")


def test_a_name_with_line_ends_stays_in_its_row() -> None:
    line = Line("a\n=1", "1000", 1, 1, 1, 1.0, 5.0, {5: 1})
    rows = list(csv.reader(io.StringIO(report_csv([line]))))
    assert len(rows) == 2
    assert rows[1][0] == "a\N{REPLACEMENT CHARACTER}=1"


def test_an_ordinary_name_is_as_it_was() -> None:
    assert harmless("vendas São Paulo") == "vendas São Paulo"
