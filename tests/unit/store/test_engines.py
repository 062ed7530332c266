"""URLs, and what errors give away."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DataError

from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.store.engines import parse_url, translating
from fluxcc.store.sql_store import SqlStore

SECRET = "s3cret-w0rd"


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense", f"mysql://root:{SECRET}@db/fluxcc", f"postgresql://u:{SECRET}@h/d"),
        *("sqlite://", "sqlite:///", "sqlite:///:memory:"),
    ],
)
def test_a_url_that_is_not_ours_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(StoreUnavailableError, match="must be sqlite") as caught:
        SqlStore(url, "pbx1")
    assert SECRET not in str(caught.value)


def test_the_contents_of_a_row_are_not_told() -> None:
    shown = DataError("INSERT", (), Exception("bad value\nDETAIL: row contains (+5511988887777)"))
    with pytest.raises(StoreUnavailableError) as caught, translating(parse_url("sqlite:///a.db")):
        raise shown
    assert str(caught.value) == "a.db: bad value"
