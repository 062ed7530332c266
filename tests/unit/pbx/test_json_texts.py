"""JSON that is no clean one becomes texts, or a ``ValueError`` and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.pbx.json_texts import as_text, load, read_loosely

TOO_DEEP = "[" * 100_000


def test_every_header_becomes_a_text() -> None:
    body = b'{"a":"x","b":["first","second"],"c":5,"d":null,"e":"Jos\xe9","f":[]}'
    assert read_loosely(body) == {
        "a": "x",
        "b": "first",
        "c": "5",
        "d": "null",
        "e": "Jos\ufffd",
        "f": "",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [('["a","b"]', "ARRAY::a|:b"), ('["a"]', "ARRAY::a"), ('["a",""]', "ARRAY::a|:"), ('"a"', "a")],
)
def test_a_name_that_freeswitch_made_a_list_of_is_put_together_again(value: str, text: str) -> None:
    body = f'{{"name":{value},"other":{value}}}'.encode()
    assert read_loosely(body, ["name"])["name"] == text
    assert read_loosely(body, ["name"])["other"] == "a"


@pytest.mark.parametrize("body", [b"[]", b"5", b'"text"', b"null", b"", b"{", TOO_DEEP.encode()])
def test_what_is_no_object_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever the text
        read_loosely(body)


def test_what_is_nested_too_deep_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="too deep"):
        load(TOO_DEEP)


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_a_text_can_always_be_stored(value: object) -> None:
    as_text(value).encode()
    as_text("\ud800").encode()
