"""The past of a site: what the own store and the site's database have, as one."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict, replace

from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.history import AuditAt, BlockAt, CallAt, SurveyAt
from fluxcc.site.past import Past, SitePast
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit

HERE, THERE = "pbx1", "pbx2"


class Kept:
    """What one of the two has."""

    def __init__(self, **records: list[Any]) -> None:
        self._records = records

    def ended_calls(self, *, limit: int, **about: Any) -> list[Any]:
        return self._records.get("calls", [])[:limit]

    def audit(self, *, limit: int, **about: Any) -> list[Any]:
        return self._records.get("audit", [])[:limit]

    def surveys(self, **about: Any) -> list[Any]:
        return self._records.get("surveys", [])

    def blocks(self, limit: int) -> list[Any]:
        return self._records.get("blocks", [])[:limit]

    def call(self, leg: str) -> Any:
        calls = self._records.get("calls", [])
        return next((each for each in calls if each.customer_leg == leg), None)


def call_at(node: str, at: int, **changes: Any) -> CallAt:
    return CallAt(**asdict(a_call(at, **changes)), node=node)


def audit_at(node: str, at: int, **changes: Any) -> AuditAt:
    return AuditAt(**asdict(an_audit(at, **changes)), node=node)


def block_at(block: Block) -> BlockAt:
    return BlockAt(**asdict(block), node=block.origin)


def merged(own: Kept | None, site: Kept | None, wanted: str = "") -> Past:
    return SitePast(HERE, own, site, wanted)


def test_what_both_have_is_told_once_as_the_own_store_has_it() -> None:
    """That is newer: the site hears of it later."""
    done = an_audit(1, status="ok", code="ended")
    own = Kept(audit=[an_audit(3), done])
    site = Kept(audit=[audit_at(THERE, 2), audit_at(HERE, 1)])
    found = merged(own, site).audit(limit=9)
    assert [(row.id, row.node) for row in found] == [
        (an_audit(3).id, HERE),
        (an_audit(2).id, THERE),
        (done.id, HERE),
    ]
    assert found[-1].code == "ended"
    assert len(merged(own, site).audit(limit=2)) == 2


def test_two_nodes_may_have_a_call_of_the_same_id() -> None:
    past = merged(Kept(calls=[a_call(1)]), Kept(calls=[call_at(THERE, 1)]))
    assert {each.node for each in past.ended_calls(limit=9)} == {HERE, THERE}


def test_what_only_the_site_has_of_this_node_is_told_too() -> None:
    """Its disk was lost."""
    past = merged(Kept(), Kept(calls=[call_at(HERE, 1)]))
    assert [each.node for each in past.ended_calls(limit=9)] == [HERE]


def test_a_call_is_looked_for_in_the_own_store_first() -> None:
    own, there = a_call(1, outcome="prank"), call_at(THERE, 2, customer_leg="elsewhere")
    past = merged(Kept(calls=[own]), Kept(calls=[call_at(HERE, 1), there]))
    found = past.call(own.customer_leg)
    assert found is not None
    assert found.outcome == "prank"
    assert past.call("elsewhere") == there
    assert past.call("nobody's") is None


def test_surveys_are_in_the_order_in_which_they_were_offered() -> None:
    early, late = a_survey("s1", 1), a_survey("s3", 3)
    there = SurveyAt(**asdict(a_survey("s2", 2)), node=THERE)
    found = merged(Kept(surveys=[early, late]), Kept(surveys=[there])).surveys()
    assert [each.id for each in found] == ["s1", "s2", "s3"]


@pytest.mark.parametrize("is_own_later", [True, False])
def test_of_a_block_that_both_have_the_later_state_counts(is_own_later: bool) -> None:
    held = a_block("b1", origin=THERE, changed=1)
    ended = replace(held, state=BlockState.RELEASED, ended_at=NOW + 1.0, changed=2)
    own, other = (ended, held) if is_own_later else (held, ended)
    (found,) = merged(Kept(blocks=[own]), Kept(blocks=[block_at(other)])).blocks(9)
    assert (found.state, found.node) == (BlockState.RELEASED, THERE)


def test_a_block_whose_time_has_passed_is_not_live_again_for_the_site() -> None:
    held = a_block("b1", origin=HERE, changed=1)
    expired = replace(held, state=BlockState.EXPIRED, ended_at=NOW + 1.0)
    for own, other in ((expired, held), (held, expired)):
        (found,) = merged(Kept(blocks=[own]), Kept(blocks=[block_at(other)])).blocks(9)
        assert found.state is BlockState.EXPIRED


def test_blocks_of_one_node_are_those_that_it_marked_first() -> None:
    """The own store has those of all."""
    own = Kept(blocks=[a_block("b1", origin=HERE), a_block("b2", origin=THERE), a_block("b3")])
    assert {each.id for each in merged(own, None, HERE).blocks(9)} == {"b1", "b3"}


def test_without_the_site_everything_is_this_nodes() -> None:
    past = merged(Kept(calls=[a_call(1)], surveys=[a_survey()]), None)
    assert [each.node for each in past.ended_calls(limit=9)] == [HERE]
    assert [each.node for each in past.surveys()] == [HERE]
