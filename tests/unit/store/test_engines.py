"""URLs, and what errors give away."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DataError, OperationalError

from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.store.engines import create_writer, parse_url, translating
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import upgrade

SECRET = "s3cret-w0rd"


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense", f"mysql://root:{SECRET}@db/fluxcc", f"postgresql://u:{SECRET}@h:x/d"),
        *("sqlite://", "sqlite:///", "sqlite:///:memory:"),
    ],
)
def test_a_url_that_is_not_ours_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(StoreUnavailableError, match="must be sqlite") as caught:
        SqlStore(url, "pbx1")
    assert SECRET not in str(caught.value)


def test_postgresql_without_a_driver_named_means_psycopg() -> None:
    assert parse_url("postgresql://u@h/d").drivername == "postgresql+psycopg"


def test_an_unreachable_server_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1/fluxcc: .*refused") as caught:
        upgrade(f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/fluxcc")
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [f"postgresql://u:{SECRET}@h/d", f"postgresql://u@h/d?password={SECRET}"]
)
def test_a_password_that_a_driver_repeats_is_masked(url: str) -> None:
    repeated = OperationalError("SELECT 1", {}, Exception(f"bad conninfo 'password={SECRET}'"))
    with pytest.raises(StoreUnavailableError) as caught, translating(parse_url(url)):
        raise repeated
    assert "password=***" in str(caught.value)


def test_the_contents_of_a_row_are_not_told() -> None:
    shown = DataError("INSERT", (), Exception("bad value\nDETAIL: row contains (+5511988887777)"))
    with pytest.raises(StoreUnavailableError) as caught, translating(parse_url("sqlite:///a.db")):
        raise shown
    assert str(caught.value) == "a.db: bad value"


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreUnavailableError, match=r"fluxcc\[postgresql\]"):
        create_writer(parse_url("postgresql://u@h/d"))
