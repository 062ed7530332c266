"""Hints: what is told of them, and a node that hears none."""

from __future__ import annotations

import pytest

from fluxcc.core.site.hearing import LONGEST_DEAF, NOT_OPEN_PAUSE, Hearing
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import Hint
from tests.fake_site import FakeDatabase

from .builders import Member


class Ears:
    """What is heard, and what was told of it."""

    def __init__(self, member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hearing: Hearing = member.joined.hearing
        self.hint = Hint(0)
        self.is_deaf = self.is_closed = False
        self.waits = 0
        self.told: list[object] = []
        monkeypatch.setattr(member.site, "wait", self._wait)
        self.hearing.may_begin = lambda: not self.is_closed
        self.hearing.changed = lambda: self.told.append("changes")
        self.hearing.lost = lambda: self.told.append("lost")
        self.hearing.mail_came = self.told.append

    def _wait(self, seconds: float) -> Hint:
        self.waits += 1
        if self.is_deaf:
            raise SiteUnavailableError("nobody listens there")
        return self.hint


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    return Ears(Member("pbx1", FakeDatabase()), monkeypatch)


def test_each_hint_wakes_whom_it_is_for(ears: Ears) -> None:
    for hint, told in (
        (Hint(0), []),
        (Hint.CHANGES, ["changes"]),
        (Hint.REPLIES, [Hint.REPLIES]),
        (Hint.CHANGES | Hint.REQUESTS, [Hint.CHANGES | Hint.REQUESTS, "changes"]),
    ):
        ears.hint = hint
        ears.told.clear()
        assert ears.hearing.step() == 0
        assert ears.told == told


def test_nothing_is_waited_for_before_the_site_is_open(ears: Ears) -> None:
    ears.is_closed = True
    assert ears.hearing.step() == NOT_OPEN_PAUSE
    assert ears.waits == 0


def test_a_node_that_hears_nothing_has_the_server_looked_at_once_and_says_so_once(
    ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    ears.is_deaf = True
    passed = 0.0
    while passed < 600:
        pause = ears.hearing.step()
        assert 0 < pause <= LONGEST_DEAF
        passed += pause
    assert ears.told == ["lost"]
    assert ears.waits < 40
    assert caplog.text.count("no hints come from the site") == 1
    ears.is_deaf, ears.hint = False, Hint.CHANGES
    assert ears.hearing.step() == 0
    # The next time it is looked at again.
    ears.is_deaf = True
    ears.hearing.step()
    assert ears.told == ["lost", "changes", "lost"]


def test_a_server_that_was_gone_and_is_back_is_heard_at_once(ears: Ears) -> None:
    ears.is_deaf = True
    for _ in range(9):
        ears.hearing.step()
    ears.is_closed = True
    ears.hearing.step()
    ears.is_closed = ears.is_deaf = False
    ears.hint = Hint.CHANGES
    assert ears.hearing.step() == 0
    assert ears.told == ["lost", "changes"]
