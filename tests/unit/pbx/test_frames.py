"""The event socket's byte stream, cut into frames: any split of the same bytes gives the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.pbx.frames import LONGEST_BODY, LONGEST_HEAD, Frame, FrameError, FrameReader
from tests.builders import recorded_bodies

AUTH = b"Content-Type: auth/request\n\n"
REPLY = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"


def body_frame(body: bytes, kind: bytes = b"text/event-json") -> bytes:
    return b"Content-Length: %d\nContent-Type: %s\n\n%s" % (len(body), kind, body)


def test_a_frame_without_a_body() -> None:
    assert FrameReader().feed(AUTH) == [Frame("auth/request", "", b"")]


def test_a_replys_text_stands_in_its_header() -> None:
    assert FrameReader().feed(REPLY) == [Frame("command/reply", "+OK accepted", b"")]


def test_a_body_has_exactly_the_length_that_was_said() -> None:
    stream = body_frame(b'{"a":"\n\n"}') + body_frame(b"") + REPLY
    assert FrameReader().feed(stream) == [
        Frame("text/event-json", "", b'{"a":"\n\n"}'),
        Frame("text/event-json", "", b""),
        Frame("command/reply", "+OK accepted", b""),
    ]


def test_a_body_is_kept_as_the_bytes_it_was() -> None:
    """A caller's name in Latin-1, a NUL, half a character at the end."""
    body = b'{"n":"Jos\xe9 \x00 \xf0\x9f"}'
    assert FrameReader().feed(body_frame(body))[0].body == body


def test_empty_lines_between_frames_are_nothing() -> None:
    kinds = [frame.kind for frame in FrameReader().feed(b"\n\n\n" + AUTH + b"\n\n" + REPLY)]
    assert kinds == ["auth/request", "command/reply"]


def test_header_names_are_told_in_any_case_and_what_is_no_header_is_passed_over() -> None:
    stream = b"CONTENT-LENGTH: 2\nno header at all\ncontent-type:  api/response \n\nok"
    assert FrameReader().feed(stream) == [Frame("api/response", "", b"ok")]


frames = st.lists(
    st.one_of(
        st.just(AUTH),
        st.just(REPLY),
        st.just(b"\n"),
        st.binary(max_size=40).map(body_frame),
        st.sampled_from([b"\n\n", b"Content-Length: 9\n\n"]).map(body_frame),
    ),
    max_size=8,
).map(b"".join)


@given(stream=frames, cuts=st.lists(st.integers(0, 400), max_size=12))
def test_any_split_of_the_same_bytes_gives_the_same_frames(stream: bytes, cuts: list[int]) -> None:
    whole = FrameReader().feed(stream)
    reader, split, start = FrameReader(), [], 0
    for cut in [*sorted(min(cut, len(stream)) for cut in cuts), len(stream)]:
        split += reader.feed(stream[start:cut])
        start = cut
    assert split == whole


def test_byte_by_byte_a_recorded_call_gives_the_same_frames() -> None:
    bodies = recorded_bodies("never_answered")[:2]
    stream = b"".join(body_frame(body) for body in bodies)
    reader = FrameReader()
    read = [frame.body for byte in stream for frame in reader.feed(bytes([byte]))]
    assert read == bodies


@given(st.binary(max_size=300))
def test_any_bytes_at_all_give_frames_or_a_frame_error(stream: bytes) -> None:
    with suppress(FrameError):
        FrameReader().feed(stream)


@pytest.mark.parametrize(
    "length",
    [
        *(b"-1", b"abc", b"", b"1e3", b"0x10", b"9" * 30, b"9" * 5000, b"1 2", b"1.5"),
        str(LONGEST_BODY + 1).encode(),
    ],
)
def test_a_hostile_length_ends_the_connection_and_not_the_memory(length: bytes) -> None:
    with pytest.raises(FrameError):
        FrameReader().feed(b"Content-Length: " + length + b"\n\n")


def test_a_header_without_end_ends_the_connection() -> None:
    reader = FrameReader()
    reader.feed(b"X: " + b"a" * (LONGEST_HEAD - 3))
    with pytest.raises(FrameError):
        reader.feed(b"a")


def test_a_header_that_is_too_long_is_refused_also_when_it_comes_whole() -> None:
    """Else the split would decide."""
    with pytest.raises(FrameError):
        FrameReader().feed(b"X: " + b"a" * (LONGEST_HEAD + 1) + b"\n\n")


def test_the_longest_header_there_may_be_is_taken_also_when_it_comes_byte_by_byte() -> None:
    """Its first line end made it too long, until the second one came."""
    head = b"X: " + b"a" * (LONGEST_HEAD - 3)
    reader = FrameReader()
    assert reader.feed(head) == []
    assert reader.feed(b"\n") == []
    assert len(reader.feed(b"\n")) == len(FrameReader().feed(head + b"\n\n")) == 1


def test_what_waits_for_its_end_is_kept_once() -> None:
    """A body of some megabytes comes in thousands of pieces."""
    body = b"x" * 2_000_000
    stream, reader, frames = body_frame(body), FrameReader(), []
    for start in range(0, len(stream), 1000):
        frames += reader.feed(stream[start : start + 1000])
    assert [frame.body for frame in frames] == [body]
