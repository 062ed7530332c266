"""What was seen may never be taken for new; what was not seldom for seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fluxcc.core.requests.bloom import RotatingBloomFilter

DAY = 86_400.0


@given(st.lists(st.text()), st.floats(0, DAY))
def test_what_was_seen_is_known_for_a_day_at_the_least(texts: list[str], later: float) -> None:
    seen = RotatingBloomFilter(DAY, 0.0)
    seen.add(texts, later)
    seen.add(("another",), later + DAY)
    assert all(map(seen.may_have, texts))


def test_what_is_older_than_two_days_is_forgotten() -> None:
    seen = RotatingBloomFilter(DAY, 0.0)
    seen.add(("old",), 0.0)
    for day in (1, 2):
        seen.add((f"of day {day}",), day * DAY + day)
    assert not seen.may_have("old")
    assert seen.may_have("of day 1")


def test_what_was_not_seen_is_hardly_ever_taken_for_it() -> None:
    seen = RotatingBloomFilter(DAY, 0.0)
    seen.add((f"seen-{number}" for number in range(20_000)), 0.0)
    assert sum(seen.may_have(f"new-{number}") for number in range(20_000)) < 5


def test_two_are_merged() -> None:
    mine, theirs = RotatingBloomFilter(DAY, 0.0), RotatingBloomFilter(DAY, 0.0)
    mine.add(("mine",), 1.0)
    theirs.add(("theirs",), 1.0)
    mine.merge(theirs)
    assert mine.may_have("mine")
    assert mine.may_have("theirs")
    assert not mine.may_have("nobody's")
