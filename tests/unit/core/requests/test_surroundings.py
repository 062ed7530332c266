"""A question that FreeSWITCH does not answer refuses nothing."""

from __future__ import annotations

import pytest

from fluxcc.core.requests.surroundings import Surroundings
from fluxcc.domain.media import Media
from tests.fakes import FakePbx


def test_what_the_pbx_says_is_passed_on() -> None:
    pbx = FakePbx()
    pbx.members["1000"] = frozenset({"visitor"})
    pbx.media["telephone"] = Media.PAST
    asked = Surroundings(pbx)
    assert asked.room_members("1000") == {"visitor"}
    assert asked.room_members("1001") == frozenset()
    assert asked.media_of("telephone") is Media.PAST


@pytest.mark.parametrize("failures", ["rejected", "broken"])
def test_without_an_answer_nothing_is_known(failures: str) -> None:
    pbx = FakePbx()
    getattr(pbx, failures).update({"members_of", "media_of"})
    asked = Surroundings(pbx)
    assert asked.room_members("1000") == frozenset()
    assert asked.media_of("telephone") is Media.UNKNOWN
