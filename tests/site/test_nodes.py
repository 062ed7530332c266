"""What the nodes of a site tell each other, in their PostgreSQL's tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from fluxcc.domain.agents import Agent
from fluxcc.domain.nodes import (
    Hint,
    Letter,
    NodeCall,
    NodeState,
    Posting,
    Sign,
    bare_name,
    full_name,
    leg_name,
)
from fluxcc.site.neighbours import PostgresqlNeighbours
from fluxcc.site.postgresql import PostgresqlSite
from tests.testing.postgresql import stopped_server

SIGN = Sign(token="here/1", claim="here/")
LONG = 20.0
STATE = NodeState(version="2.0", calls=1)
CALL = NodeCall(
    id=1,
    call="leg-1",
    direction="received",
    number="+5511988887777",
    agent="1000",
    domain="a.example",
    group="8000",
    started=1_795_000_000.0,
    bridged=None,
    talking=True,
    legs=["leg-1", "leg-2"],
    agents=[Agent("1000", "a.example")],
)
LATER = 4e9
"""A moment that does not come."""
LETTER = Letter(id="r-1", content="c-1", sender="pbx1", body="{}")


@pytest.fixture
def neighbours(site: PostgresqlSite, site_url: str) -> Iterator[PostgresqlNeighbours]:
    """Two nodes, pbx1 and pbx2, of an empty site."""
    with closing(PostgresqlNeighbours(site_url)) as opened:
        for name in ("pbx1", "pbx2"):
            opened.beat(name, SIGN, STATE)
        yield opened


def silence(neighbours: PostgresqlNeighbours, node: str, seconds: float = 11.0) -> None:
    """The node was last heard of so long ago."""
    with neighbours._engine.connect() as connection:
        connection.execute(
            text("UPDATE site_nodes SET seen = seen - make_interval(secs => :s) WHERE name = :n"),
            {"s": seconds, "n": node},
        )


def test_a_node_is_heard_of_until_ten_seconds_after_its_last_beat(
    neighbours: PostgresqlNeighbours,
) -> None:
    silence(neighbours, "pbx2")
    one, other = neighbours.nodes()
    assert (one.name, one.is_silent, other.name, other.is_silent) == ("pbx1", False, "pbx2", True)
    assert one.state.version == "2.0"
    assert one.state.tables
    beat = neighbours.beat("pbx1", SIGN, STATE)
    assert (beat.nodes, beat.silent, beat.calls) == (2, 1, 0)
    neighbours.beat("pbx2", SIGN, STATE)
    assert neighbours.beat("pbx1", SIGN, STATE).silent == 0


def test_calls_are_told_as_they_change_and_not_those_of_a_node_that_is_gone(
    neighbours: PostgresqlNeighbours,
) -> None:
    neighbours.show("pbx2", [CALL, replace(CALL, id=2)], [], False)
    assert [(node, call.id) for node, call in neighbours.calls("pbx1")] == [
        ("pbx2", 1),
        ("pbx2", 2),
    ]
    assert neighbours.calls("pbx2") == []
    changed = replace(CALL, talking=False)
    neighbours.show("pbx2", [changed], [2], False)
    assert neighbours.calls("pbx1") == [("pbx2", changed)]
    assert neighbours.beat("pbx2", SIGN, STATE).calls == 1
    neighbours.show("pbx2", [replace(CALL, id=3)], [], True)
    assert [call.id for _, call in neighbours.calls("pbx1")] == [3]
    silence(neighbours, "pbx2")
    assert neighbours.calls("pbx1") == []


def test_calls_of_a_node_that_was_gone_for_long_are_deleted(
    neighbours: PostgresqlNeighbours,
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    silence(neighbours, "pbx2", 601.0)
    neighbours.tidy()
    assert neighbours.post(LETTER, CALL.names, LATER).nodes == []


@pytest.mark.parametrize(
    "name",
    [
        leg_name("leg-2"),
        bare_name(Agent("1000")),
        full_name(Agent("1000", "a.example")),
    ],
)
def test_a_request_goes_to_the_node_of_the_call_and_its_reply_comes_back(
    neighbours: PostgresqlNeighbours, name: str
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    assert neighbours.post(LETTER, [name], LATER).nodes == ["pbx2"]
    assert neighbours.take("pbx1", 5, 10) == []
    assert [letter.id for letter in neighbours.take("pbx2", 5, 10)] == [LETTER.id]
    assert neighbours.take("pbx2", 5, 10) == []
    neighbours.reply(LETTER, "done")
    assert neighbours.collect(["r-1", "r-2"]) == {"r-1": "done"}


def test_an_agent_of_another_domain_is_another_agent(neighbours: PostgresqlNeighbours) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    assert neighbours.post(LETTER, [full_name(Agent("1000", "b.example"))], LATER).nodes == []


def test_a_request_that_may_be_of_two_nodes_goes_to_none(
    neighbours: PostgresqlNeighbours,
) -> None:
    neighbours.beat("pbx3", SIGN, STATE)
    for node in ("pbx2", "pbx3"):
        neighbours.show(node, [CALL], [], False)
    assert neighbours.post(LETTER, [bare_name(Agent("1000"))], LATER).nodes == ["pbx2", "pbx3"]
    assert neighbours.take("pbx2", 5, 10) == neighbours.take("pbx3", 5, 10) == []


def test_a_request_for_a_call_of_a_node_that_is_gone_is_not_posted(
    neighbours: PostgresqlNeighbours,
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    silence(neighbours, "pbx2")
    posting = neighbours.post(LETTER, CALL.names, LATER)
    assert (posting.nodes, posting.is_silent) == (["pbx2"], True)
    neighbours.beat("pbx2", SIGN, STATE)
    assert neighbours.take("pbx2", 5, 10) == []


def test_the_same_request_goes_where_it_went_before_though_the_call_is_over(
    neighbours: PostgresqlNeighbours,
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    neighbours.post(LETTER, CALL.names, LATER)
    neighbours.take("pbx2", 5, 10)
    neighbours.show("pbx2", [], [1], False)
    # The agent has another call by now, on another node: it is not for that one.
    neighbours.beat("pbx3", SIGN, STATE)
    neighbours.show("pbx3", [CALL], [], False)
    assert neighbours.post(LETTER, CALL.names, LATER).nodes == ["pbx2"]
    assert [letter.id for letter in neighbours.take("pbx2", 5, 10)] == [LETTER.id]
    other = neighbours.post(replace(LETTER, content="c-2"), CALL.names, LATER)
    assert other.is_other
    assert neighbours.take("pbx2", 5, 10) == []


def test_a_request_that_was_withdrawn_is_not_carried_out(
    neighbours: PostgresqlNeighbours,
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    neighbours.post(LETTER, CALL.names, LATER)
    assert neighbours.withdraw("r-1")
    assert neighbours.take("pbx2", 5, 10) == []
    neighbours.post(LETTER, CALL.names, LATER)
    neighbours.take("pbx2", 5, 10)
    assert not neighbours.withdraw("r-1")


def test_only_the_node_that_has_mail_is_told(
    neighbours: PostgresqlNeighbours, site_url: str
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    with (
        closing(PostgresqlSite(site_url, node="pbx1")) as one,
        closing(PostgresqlSite(site_url, node="pbx2")) as other,
    ):
        for each in (one, other):
            each.open()
            assert each.wait(LONG)
        neighbours.post(LETTER, CALL.names, LATER)
        assert other.wait(LONG) == Hint.REQUESTS
        neighbours.reply(LETTER, "done")
        assert one.wait(LONG) == Hint.REPLIES
        assert not other.wait(0.05)


def test_a_node_that_leaves_is_forgotten(neighbours: PostgresqlNeighbours) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    neighbours.leave("pbx2")
    assert [node.name for node in neighbours.nodes()] == ["pbx1"]
    assert neighbours.post(LETTER, CALL.names, LATER).nodes == []


def test_a_name_is_one_daemons_until_it_has_not_been_heard_of_for_ten_seconds(
    neighbours: PostgresqlNeighbours,
) -> None:
    copy = Sign(token="copy/1", claim="copy/")
    refused = neighbours.beat("pbx1", copy, replace(STATE, host="copy"))
    assert refused.holder is not None
    assert refused.holder.host == STATE.host
    # Its own next one is right, by the token or by what only this machine has.
    following = Sign(token="here/2", former=("here/0", "here/1"))
    assert neighbours.beat("pbx1", following, STATE).holder is None
    assert neighbours.beat("pbx1", replace(SIGN, token="here/3"), STATE).holder is None
    silence(neighbours, "pbx1", 9.5)
    assert neighbours.beat("pbx1", copy, STATE).holder is not None
    silence(neighbours, "pbx1", 1.0)
    assert neighbours.beat("pbx1", replace(copy, token="copy/2"), STATE).holder is None
    assert neighbours.beat("pbx1", following, STATE).holder is not None


def test_an_empty_claim_is_nobodys(neighbours: PostgresqlNeighbours) -> None:
    assert neighbours.beat("pbx1", Sign(token="x"), STATE).holder is not None


def test_a_request_that_lay_about_in_the_server_is_not_posted_when_it_goes_on(
    neighbours: PostgresqlNeighbours, postgresql_server: str
) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    assert neighbours.post(replace(LETTER, id="r-0"), CALL.names, LATER).nodes == ["pbx2"]
    until = neighbours.beat("pbx1", SIGN, STATE).now + 0.3
    with ThreadPoolExecutor(1) as asking:
        with stopped_server(postgresql_server):
            posting = asking.submit(neighbours.post, LETTER, CALL.names, until)
            time.sleep(0.5)
        assert posting.result() == Posting(nodes=["pbx2"], is_late=True)
    assert [letter.id for letter in neighbours.take("pbx2", 5, 10)] == ["r-0"]


def test_a_request_tells_how_long_it_waited(neighbours: PostgresqlNeighbours) -> None:
    neighbours.show("pbx2", [CALL], [], False)
    neighbours.post(LETTER, CALL.names, LATER)
    time.sleep(0.2)
    (letter,) = neighbours.take("pbx2", 5, 10)
    assert 0.2 <= letter.age < 5
