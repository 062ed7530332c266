"""Arguments are taken apart as FreeSWITCH 1.10.12 was seen to do it."""

from __future__ import annotations

import pytest

from fluxcc.lab.simulator.api.words import words


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("a b c", ["a", "b", "c"]),
        ("a  b", ["a", "b"]),
        ("a", ["a"]),
        ("", []),
        ("'a b' c", ["a b", "c"]),
        ("a'b c", ["a'b c"]),
        ("'a\\'b' c", ["a'b", "c"]),
        ("'a\\\\b' c", ["a\\b", "c"]),
        ("a\\nb c", ["a\nb", "c"]),
        ("a\\xb c", ["a\\xb", "c"]),
        ("it''s c", ["its", "c"]),
        ("^^:a:b", ["a", "b"]),
        ("'^^:a:b' c", ["^^:a:b", "c"]),
        ("^^ c", ["c"]),
        ("a b c d e f", ["a", "b", "c", "d", "e f"]),
    ],
)
def test_quotes_backslashes_and_separators(arguments: str, found: list[str]) -> None:
    assert words(arguments, 5) == found
