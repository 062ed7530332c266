"""What somebody may ask for, and how a person's free text is made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.codes import SENTENCES, Code, Status
from fluxcc.domain.requests import (
    EXTENSION,
    LONGEST_REASON,
    REQUEST_ID,
    UUID,
    Actor,
    Reply,
    Role,
    clean_text,
)


@pytest.mark.parametrize("text", ["a", "A-z_0.9:x", "x" * 64])
def test_a_request_id_is_1_to_64_of_the_contracts_alphabet(text: str) -> None:
    assert REQUEST_ID.fullmatch(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a\n", "é", "a/b", "\uff11"])
def test_nothing_else_is_a_request_id(text: str) -> None:
    assert not REQUEST_ID.fullmatch(text)


@given(st.text())
def test_what_names_a_leg_or_an_agent_is_never_more_than_one_plain_word(text: str) -> None:
    if REQUEST_ID.fullmatch(text) or EXTENSION.fullmatch(text):
        assert text.isascii()
        assert not set(text) & set(" \t\r\n\0\"'$\\/{}")
    if UUID.fullmatch(text):
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text


@given(st.text(), st.integers(1, 300))
def test_free_text_becomes_one_printable_line_of_limited_length(text: str, longest: int) -> None:
    cleaned = clean_text(text, longest)
    assert len(cleaned) <= longest
    assert cleaned == "" or cleaned.isprintable()


def test_a_reason_may_have_200_characters() -> None:
    assert len(clean_text("x" * 4000, LONGEST_REASON)) == 200


def test_line_ends_of_every_alphabet_become_blanks() -> None:
    assert clean_text("a\r\nb\u2028c\x85d\x00e\x1b[31mf", 200) == "a b c d e [31mf"


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_status_and_a_sentence(code: Code) -> None:
    assert code.status in Status
    assert SENTENCES[code]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            Status.OK,
            "blocked renewed not-blocked-internal not-blocked-withheld conference-joined"
            " transferred survey-started ended",
        ),
        (
            Status.REFUSED,
            "malformed-request unknown-action no-such-call no-live-call ambiguous-call"
            " not-your-call action-in-progress room-occupied room-not-provisioned"
            " unknown-service",
        ),
        (Status.FAILED, "pbx-rejected destination-rejected conference-not-joined"),
        (Status.UNKNOWN, "outcome-unknown"),
    ],
)
def test_the_published_codes_keep_their_names_and_statuses(status: Status, words: str) -> None:
    """Contract, section 3: codes are a published interface."""
    for word in words.split():
        assert Code(word).status is status


def test_a_reply_has_the_status_of_its_code() -> None:
    assert Reply(request="r", action="prank", code=Code.BLOCKED).status is Status.OK


def test_an_actor_is_written_as_the_audit_shows_it() -> None:
    assert str(Actor(Role.AGENT, "1000")) == "agent:1000"
    assert str(Actor(Role.OPERATOR, "maria")) == "operator:maria"
