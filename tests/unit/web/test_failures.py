"""What the log says of a request that failed by a fault of the program's."""

from __future__ import annotations

import logging

import pytest
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.testing import TestClient

from fluxcc.config import load
from fluxcc.web import failures
from fluxcc.web.backend import Backend


@get("/api/v1/numbers/{number:str}")
async def _fails(number: FromPath[str]) -> None:
    raise LookupError(f"no {number}")


def test_the_log_names_the_route_and_no_number(caplog: pytest.LogCaptureFixture) -> None:
    backend = Backend(load(None, {}, is_password_needed=False))
    app = Litestar(
        [_fails],
        state=State({"backend": backend}),
        exception_handlers={Exception: failures.answer},
        logging_config=None,
    )
    with TestClient(app) as client, caplog.at_level(logging.ERROR, "fluxcc.web.failures"):
        answer = client.get("/api/v1/numbers/(11)%2099999-8888")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    [record] = [each for each in caplog.records if each.name == failures.__name__]
    facts = {key: fact for key, fact in vars(record).items() if not key.startswith("exc_")}
    assert facts["route"] == "/api/v1/numbers/{number}"
    assert "9999" not in str(facts)
