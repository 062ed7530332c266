"""The agents' door: one reply to every request, in the headers of contract, section 3."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import gevent
import pytest
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import LinkLostError, RefusedError
from fluxcc.domain.requests import Reply, Role
from fluxcc.doors.admission import MOST_OF_AN_AGENT
from fluxcc.doors.board import LATEST, ON_THE_WAY, Board
from fluxcc.pbx import events
from fluxcc.pbx.events import RequestHeaders
from fluxcc.protocol.board import read_request, reply_headers
from tests.builders import NUMBER, World
from tests.fakes import NOW


def headers(**changes: str) -> RequestHeaders:
    """A well-formed request of agent 1000."""
    fields = {"request": "r-1", "action": "prank", "agent": "1000"}
    return RequestHeaders(**fields | changes)


def refusal(**changes: str) -> Code:
    """Why a request is refused."""
    with pytest.raises(RefusedError) as error:
        read_request(headers(**changes), "en")
    return error.value.code


# Requests


def test_a_request_is_the_agents() -> None:
    request = read_request(headers(call="leg", reason="swears"), "en")
    assert (request.id, request.action, str(request.agent)) == ("r-1", Action.PRANK, "1000")
    assert (request.actor.role, request.actor.name) == (Role.AGENT, "1000")
    assert (request.call, request.reason, request.language) == ("leg", "swears", "en")


@pytest.mark.parametrize(
    ("alias", "action"),
    [
        ("trote", "prank"),
        ("conferencia", "conference"),
        ("transferir", "transfer"),
        ("encerrar", "hangup"),
        ("prank", "prank"),
        ("conference", "conference"),
        ("transfer", "transfer"),
        ("hangup", "hangup"),
    ],
)
def test_actions_have_portuguese_aliases(alias: str, action: str) -> None:
    assert read_request(headers(action=alias, service="billing"), "en").action == action


@pytest.mark.parametrize(
    "action", ["block", "unblock", "set", "remove", "PRANK", "Trote", "x", " prank"]
)
def test_anything_else_is_an_unknown_action(action: str) -> None:
    """Numbers and settings are the operators' business."""
    assert refusal(action=action) is Code.UNKNOWN_ACTION


@pytest.mark.parametrize(
    "changes",
    [
        {"request": ""},
        {"request": "x" * 65},
        {"request": "a b"},
        {"request": "a\nFluxcc-Agent: 1001"},
        {"agent": ""},
        {"agent": "1000 or 1001"},
        {"agent": "${x}"},
        {"agent": "x" * 65},
        {"call": "not a uuid"},
        {"call": "x" * 257},
        {"call": "ligação"},
        {"call": "a\nb"},
        {"action": ""},
        {"action": "transfer"},
        {"survey": "No"},
        {"survey": "0"},
    ],
)
def test_a_malformed_request_is_refused(changes: dict[str, str]) -> None:
    assert refusal(**changes) is Code.MALFORMED_REQUEST


@pytest.mark.parametrize("call", ["a-1.!%*_+`'~()<>:\\\"/[]?{}@10.0.0.1", "~$(=", "x" * 256])
def test_a_call_may_be_named_by_any_call_id(call: str) -> None:
    """On a profile with ``inbound-use-callid-as-uuid`` it is the leg's UUID."""
    assert read_request(headers(call=call), "en").call == call


@pytest.mark.parametrize(("survey", "has_survey"), [("", True), ("yes", True), ("no", False)])
def test_only_a_plain_no_ends_a_call_without_the_survey(survey: str, has_survey: bool) -> None:
    assert read_request(headers(action="hangup", survey=survey), "en").has_survey is has_survey


def test_a_reason_is_one_line_of_at_most_200_characters() -> None:
    assert read_request(headers(reason="a\r\nb" + "x" * 4000), "en").reason == "a b" + "x" * 197


@given(values=st.lists(st.text(max_size=80), min_size=8, max_size=8))
def test_any_headers_are_a_request_or_a_refusal(values: list[str]) -> None:
    try:
        assert read_request(RequestHeaders(*values), "en").id == values[0]
    except RefusedError as refused:
        code = refused.code
    else:
        return
    assert code in (Code.MALFORMED_REQUEST, Code.UNKNOWN_ACTION)


# Replies


def test_a_reply_has_the_contracts_headers() -> None:
    reply = Reply(
        request="r-1",
        action="prank",
        code=Code.BLOCKED,
        agent="1000",
        call="customer",
        number=NUMBER,
        blocked=True,
        expires=int(NOW) + 1800,
    )
    told = dict(reply_headers(reply, "en"))
    text = told.pop("Fluxcc-Text")
    assert NUMBER in text
    assert {name: value for name, value in told.items() if value} == {
        "Fluxcc-Request-ID": "r-1",
        "Fluxcc-Action": "prank",
        "Fluxcc-Agent": "1000",
        "Fluxcc-Status": "ok",
        "Fluxcc-Code": "blocked",
        "Fluxcc-Call": "customer",
        "Fluxcc-Number": NUMBER,
        "Fluxcc-Blocked": "true",
        "Fluxcc-Expires-Epoch": str(int(NOW) + 1800),
    }


@pytest.mark.parametrize(("blocked", "told"), [(True, "true"), (False, "false"), (None, "")])
def test_whether_it_was_blocked_is_said_only_where_a_number_was_concerned(
    blocked: bool | None, told: str
) -> None:
    reply = Reply(request="r", action="prank", code=Code.ENDED, blocked=blocked)
    assert dict(reply_headers(reply, "en"))["Fluxcc-Blocked"] == told


def test_a_record_that_is_pending_is_told_to_program_and_person() -> None:
    reply = Reply(request="r", action="prank", code=Code.ENDED, record_pending=True)
    told = dict(reply_headers(reply, "en"))
    assert told["Fluxcc-Record"] == "pending"
    assert "could not be written yet" in told["Fluxcc-Text"]


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("language", ["pt_BR", "en"])
def test_every_code_can_be_said_in_every_language(code: Code, language: str) -> None:
    reply = Reply(request="r", action="prank", code=code, number=NUMBER, expires=int(NOW))
    text = dict(reply_headers(reply, language))["Fluxcc-Text"]
    assert text
    assert "{" not in text


# The door


@pytest.fixture
def board(world: World) -> Board:
    """The door of a world."""
    return Board(world.executor, world.pbx, "en")


def replies(world: World) -> list[tuple[str, str]]:
    """Request ID and code of every reply."""
    return [
        (reply.get("Fluxcc-Request-ID", ""), reply["Fluxcc-Code"])
        for reply in world.pbx.heard(events.REPLY)
    ]


def test_a_prank_is_answered(world: World, board: Board) -> None:
    world.received_call()
    board.answer(headers())
    assert replies(world) == [("r-1", "blocked")]


def test_the_same_request_twice_is_answered_twice_and_done_once(world: World, board: Board) -> None:
    world.received_call()
    board.answer(headers())
    world.received_call(customer="next", telephone="next telephone")
    board.answer(headers())
    assert replies(world) == [("r-1", "blocked"), ("r-1", "blocked")]
    assert "next" in world.tracker.legs


def test_a_request_without_an_id_gets_a_reply_without_one(world: World, board: Board) -> None:
    board.answer(headers(request="a b"))
    assert replies(world) == [("", "malformed-request")]


def test_a_malformed_request_is_answered_with_what_it_was(world: World, board: Board) -> None:
    board.answer(headers(action="x\n" * 100, agent="1000"))
    (reply,) = world.pbx.heard(events.REPLY)
    assert (reply["Fluxcc-Request-ID"], reply["Fluxcc-Code"]) == ("r-1", "unknown-action")
    assert len(reply["Fluxcc-Action"]) <= 64


def test_the_reply_is_in_the_language_that_was_asked_for(world: World, board: Board) -> None:
    board.answer(headers(action="x", language="en"))
    board.answer(headers(action="x", language="xx"))
    texts = [reply["Fluxcc-Text"] for reply in world.pbx.heard(events.REPLY)]
    assert texts == ["This action is not known."] * 2


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ("", "07:30:00"),
        ("America/Sao_Paulo", "07:30:00"),
        ("America/Manaus", "06:30:00 America/Manaus"),
        ("Nowhere/At all", "07:30:00"),
    ],
)
def test_the_reply_tells_when_a_block_ends_in_the_zone_that_was_asked_for(
    world: World, board: Board, zone: str, until: str
) -> None:
    world.clock.set(1795860000.0)
    board.zone = "America/Sao_Paulo"
    world.received_call()
    board.answer(headers(zone=zone))
    (reply,) = world.pbx.heard(events.REPLY)
    assert reply["Fluxcc-Text"].endswith(f"{until}.")


def test_a_reply_that_finds_no_link_is_sent_when_it_is_back(world: World, board: Board) -> None:
    world.pbx.lose()
    board.answer(headers(action="x"))
    world.pbx.come_back()
    board.send_unsent()
    board.send_unsent()
    assert replies(world) == [("r-1", "unknown-action")]


def test_a_reply_that_finds_no_link_again_waits_on(world: World, board: Board) -> None:
    world.pbx.lose()
    board.answer(headers(action="x"))
    board.send_unsent()
    world.pbx.come_back()
    board.send_unsent()
    assert replies(world) == [("r-1", "unknown-action")]


@pytest.mark.parametrize("is_early", [True, False])
def test_a_reply_that_went_out_is_not_sent_again_although_its_command_got_no_answer(
    world: World, board: Board, monkeypatch: pytest.MonkeyPatch, is_early: bool
) -> None:
    """Contract, section 3: exactly one. We hear our own replies, as every board does."""

    def announce(subclass: str, sent: object) -> None:
        if is_early:
            board.reply_came_back("r-1")
        raise LinkLostError("FreeSWITCH did not answer in time")

    with monkeypatch.context() as patch:
        patch.setattr(world.pbx, "announce", announce)
        board.answer(headers(action="x"))
    if not is_early:
        board.reply_came_back("r-1")
    board.send_unsent()
    assert replies(world) == []


def test_a_fault_of_ours_still_gets_its_reply(
    world: World, board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    world.received_call()

    def break_off(leg: str, cause: str) -> None:
        raise RuntimeError("a fault of ours")

    world.pbx.on_end = break_off
    board.answer(headers())
    assert replies(world) == [("r-1", "outcome-unknown")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_refused_request_is_remembered_and_audited(world: World) -> None:
    """The same request is answered with the first reply, whatever was wrong with it, and another
    one of its ID is refused (contract, section 3)."""
    board = Board(world.executor, world.pbx, "en")
    board.answer(RequestHeaders(request="r-1", action="dance", agent="1000"))
    board.answer(RequestHeaders(request="r-1", action="dance", agent="1000"))
    board.answer(RequestHeaders(request="r-1", action="prank", agent="1000"))
    replies = world.pbx.heard("fluxcc::reply")
    assert [reply["Fluxcc-Code"] for reply in replies] == [
        "unknown-action",
        "unknown-action",
        "request-id-reused",
    ]
    world.journal.flush()
    assert [(row.action, row.code) for row in world.store.audit.values()] == [
        ("dance", "unknown-action"),
        ("prank", "request-id-reused"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"agent": "1001"},
        {"domain": "b.example"},
        {"action": "hangup"},
        {"call": "another"},
        {"reason": "another"},
        {"survey": "no"},
        {"board": "desk-2"},
        {"agent": "10 00"},
    ],
    ids=str,
)
def test_another_request_of_the_same_id_is_told_nothing_of_the_first(
    world: World, board: Board, other: dict[str, str]
) -> None:
    world.received_call()
    board.answer(headers())
    board.answer(headers(**other))
    first, second = world.pbx.heard(events.REPLY)
    assert (first["Fluxcc-Code"], second["Fluxcc-Code"]) == ("blocked", "request-id-reused")
    assert first["Fluxcc-Number"] == NUMBER
    assert NUMBER not in str(second)
    assert "customer" not in str(second)


def test_the_same_request_in_another_language_and_by_an_alias_is_the_same(
    world: World, board: Board
) -> None:
    world.received_call()
    board.answer(headers())
    board.answer(headers(action="trote", language="pt_BR", zone="America/Manaus"))
    assert replies(world) == [("r-1", "blocked"), ("r-1", "blocked")]


def test_a_malformed_request_beside_a_running_one_has_that_ones_reply(
    world: World, board: Board
) -> None:
    world.received_call()
    hung_up = world.pbx.on_end

    def hang_up(leg: str, cause: str) -> None:
        board.answer(headers(agent="10 00"))
        hung_up(leg, cause)

    world.pbx.on_end = hang_up
    board.answer(headers())
    assert replies(world) == [("r-1", "blocked")]


def test_another_request_beside_a_running_one_is_refused_after_that_ones_reply(
    world: World, board: Board
) -> None:
    """The first one's board would take a refusal that comes before for its own."""
    world.received_call()
    hung_up = world.pbx.on_end
    seconds: list[gevent.Greenlet] = []

    def hang_up(leg: str, cause: str) -> None:
        if not seconds:
            seconds.append(gevent.spawn(board.answer, headers(agent="1001")))
        hung_up(leg, cause)

    world.pbx.on_end = hang_up
    board.answer(headers())
    gevent.joinall(seconds)
    assert replies(world) == [("r-1", "blocked"), ("r-1", "request-id-reused")]


def test_a_request_that_takes_too_long_is_answered_in_time_and_once(
    world: World, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract, section 3: a reply is due after 5 s, whatever keeps the request."""
    monkeypatch.setattr("fluxcc.doors.board.REPLY_LIMIT", ON_THE_WAY + 0.01)
    world.received_call()
    hung_up = world.pbx.on_end

    def hang_up(leg: str, cause: str) -> None:
        gevent.sleep(0.05)
        hung_up(leg, cause)

    world.pbx.on_end = hang_up
    board.answer(headers())
    assert replies(world) == [("r-1", "outcome-unknown")]
    board.answer(headers())
    assert replies(world)[1:] == [("r-1", "blocked")], "asked again, it is told what became of it"


def test_a_reply_in_time_is_sent_once_although_its_request_ends_while_it_is_sent(
    world: World, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request's end takes back the limit's own greenlet only before that replies: ended in the
    middle, the reply would stay unconfirmed and be sent again."""
    monkeypatch.setattr("fluxcc.doors.board.REPLY_LIMIT", ON_THE_WAY + 0.01)
    world.received_call()
    hung_up, announce = world.pbx.on_end, world.pbx.announce
    is_being_sent, may_be_sent = Event(), Event()

    def hang_up(leg: str, cause: str) -> None:
        is_being_sent.wait(5)
        hung_up(leg, cause)

    def announce_slowly(subclass: str, *each: Sequence[tuple[str, str]]) -> None:
        announce(subclass, *each)
        if subclass == events.REPLY:
            is_being_sent.set()
            may_be_sent.wait(5)

    world.pbx.on_end = hang_up
    monkeypatch.setattr(world.pbx, "announce", announce_slowly)
    board.answer(headers())
    assert replies(world) == [("r-1", "outcome-unknown")]
    assert not board.is_idle, "its answer is still waited for"
    may_be_sent.set()
    gevent.wait(timeout=5)
    assert board.is_idle
    board.send_unsent()
    assert replies(world) == [("r-1", "outcome-unknown")]


def test_a_reply_whose_link_breaks_while_its_request_ends_is_sent_after_the_next_connect(
    world: World,
    board: Board,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As above; it did not go out, and is told as unsent."""
    monkeypatch.setattr("fluxcc.doors.board.REPLY_LIMIT", ON_THE_WAY + 0.01)
    world.received_call()
    hung_up, announce = world.pbx.on_end, world.pbx.announce
    is_being_sent, may_be_sent = Event(), Event()

    def hang_up(leg: str, cause: str) -> None:
        is_being_sent.wait(5)
        hung_up(leg, cause)

    def break_slowly(subclass: str, *each: Sequence[tuple[str, str]]) -> None:
        if subclass == events.REPLY:
            is_being_sent.set()
            may_be_sent.wait(5)
            raise LinkLostError("gone")
        announce(subclass, *each)

    world.pbx.on_end = hang_up
    monkeypatch.setattr(world.pbx, "announce", break_slowly)
    with caplog.at_level(logging.WARNING):
        board.answer(headers())
        may_be_sent.set()
        gevent.wait(timeout=5)
    assert board.is_idle
    assert "a reply may not have been sent; it is after the next connect" in caplog.messages
    monkeypatch.setattr(world.pbx, "announce", announce)
    board.send_unsent()
    board.send_unsent()
    assert replies(world) == [("r-1", "outcome-unknown")]


def test_a_request_that_waited_too_long_is_refused(world: World, board: Board) -> None:
    """Its board waits no longer, and its agent may have another customer. Its ID is used up."""
    world.received_call()
    board.answer(headers(request="in-time"), LATEST)
    world.received_call(customer="next", telephone="next telephone")
    board.answer(headers(), LATEST + 0.1)
    board.answer(headers())
    assert replies(world) == [("in-time", "blocked"), ("r-1", "too-late"), ("r-1", "too-late")]
    assert set(world.tracker.legs) == {"next", "next telephone"}


def test_a_burst_is_refused_beyond_what_is_carried_out(world: World, board: Board) -> None:
    """Each has one reply; another agent's is carried out; the audit has what was begun."""
    for number in range(200):
        board.receive(headers(request=f"burst-{number}"))
    board.receive(headers(request="other", agent="1001"))
    gevent.wait(timeout=5)
    codes = dict(replies(world))
    assert len(replies(world)) == len(codes) == 201
    assert codes.pop("other") == "no-live-call"
    assert Counter(codes.values()) == {
        "no-live-call": MOST_OF_AN_AGENT,
        "too-many-requests": 200 - MOST_OF_AN_AGENT,
    }
    assert board.admission.in_work == 0
    assert board.is_idle
    world.journal.flush()
    assert len(world.store.audit) == MOST_OF_AN_AGENT + 1


def test_an_erased_person_is_not_in_replies_that_wait_for_the_link(world: World) -> None:
    board = Board(world.executor, world.pbx, "en")
    world.received_call()
    world.pbx.broken.add("announce")
    board.answer(headers())
    board.forget(world.persons.find(NUMBER[3:]))
    world.pbx.broken.clear()
    board.send_unsent()
    (reply,) = world.pbx.heard(events.REPLY)
    assert reply["Fluxcc-Request-ID"] == "r-1"
    assert NUMBER not in str(reply)


def test_what_the_answer_of_a_reply_is_waited_for_is_not_sent_again(
    world: World, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only after a loss of the link: a command that is late is still carried out."""
    sent: list[object] = []
    is_answered = Event()

    def announce(subclass: str, *each: object) -> None:
        sent.extend(each)
        is_answered.wait()

    monkeypatch.setattr(world.pbx, "announce", announce)
    waiting = gevent.spawn(board.answer, headers(action="x"))
    gevent.sleep(0.01)
    assert not board.is_idle
    is_answered.set()
    waiting.join()
    assert board.is_idle
    board.send_unsent()
    assert len(sent) == 1


def test_refusals_wait_for_the_link_too(world: World, board: Board) -> None:
    world.pbx.lose()
    for number in range(MOST_OF_AN_AGENT + 2):
        board.receive(headers(request=f"r-{number}"))
    gevent.wait(timeout=5)
    world.pbx.come_back()
    board.send_unsent()
    assert len({request for request, _ in replies(world)}) == MOST_OF_AN_AGENT + 2
    assert len(replies(world)) == MOST_OF_AN_AGENT + 2


def test_refusals_that_wait_are_bounded(
    world: World,
    board: Board,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("fluxcc.doors.outbox.MOST_LATER", 5)
    for number in range(MOST_OF_AN_AGENT + 9):
        board.receive(headers(request=f"r-{number}"))
    gevent.wait(timeout=5)
    assert Counter(code for _, code in replies(world)) == {
        "no-live-call": MOST_OF_AN_AGENT,
        "too-many-requests": 5,
    }
    assert sum("faster than it can be refused" in message for message in caplog.messages) == 1
