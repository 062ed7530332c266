"""SIP domains in the commands: how one is written, and when a table has the column."""

from __future__ import annotations

from typing import NamedTuple

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.cli.domains import DomainColumn, DomainType, split

A, B = "a.example", "b.example"


class Row(NamedTuple):
    domain: str


@pytest.mark.parametrize(("written", "domain"), [("", ""), (A, A), ("A.Example", A), ("::1", "")])
def test_a_domain_is_read_in_small_letters(written: str, domain: str) -> None:
    if written and not domain:
        with pytest.raises(click.BadParameter):
            DomainType().convert(written, None, None)
    else:
        assert DomainType().convert(written, None, None) == domain


@pytest.mark.parametrize("written", ["a b", "a/b", "${x}", "a}", "é.example", "a@b", "-a"])
def test_what_is_no_domain_is_refused(written: str) -> None:
    with pytest.raises(click.BadParameter):
        DomainType().convert(written, None, None)


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("8000", "", ("8000", "")),
        ("8000", A, ("8000", A)),
        (f"8000@{A}", "", ("8000", A)),
        (f"8000@{A}", A, ("8000", A)),
        # Two that contradict each other stay as they are, and the name is then refused.
        (f"8000@{A}", B, (f"8000@{A}", B)),
        # Behind a queue's @ there need not be a domain.
        ("support@default", "", ("support@default", "")),
    ],
)
def test_an_entry_may_be_named_with_its_domain(
    name: str, domain: str, expected: tuple[str, str]
) -> None:
    assert split(name, domain) == expected


@given(name=st.text(), domain=st.sampled_from(["", A, B]))
def test_a_domain_that_was_given_is_never_replaced(name: str, domain: str) -> None:
    found = split(name, domain)[1]
    assert found == domain or not domain


@pytest.mark.parametrize(
    ("domains", "least", "is_shown"),
    [
        ([], 2, False),
        (["", ""], 1, False),
        ([A, A, ""], 2, False),
        ([A, A, ""], 1, True),
        ([A, B], 2, True),
    ],
)
def test_the_column_is_there_where_it_tells_anything(
    domains: list[str], least: int, is_shown: bool
) -> None:
    column = DomainColumn(map(Row, domains), least)
    assert column.titles(["number"]) == ["number", "domain"][: 1 + is_shown]
    assert column.cells(Row(A)) == [A][:is_shown]
    assert column.cells(Row("")) == ["-"][:is_shown]
