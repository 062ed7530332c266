"""What a hostile page, a hostile caller or a hostile client can do: nothing."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from fluxcc.web.backend import Backend
from fluxcc.web.guards import COOKIE, CSRF_HEADER
from fluxcc.web.sessions import stamp
from tests.testing.web import EVERYONE, HASH, SUPERVISOR

Browser = TestClient[Litestar]
UNSAFE = [
    ("POST", "/logout", None),
    ("POST", "/api/v1/actions", {"action": "hangup", "agent": "1000"}),
    ("POST", "/api/v1/blocks", {"number": "11912345678"}),
    ("DELETE", "/api/v1/blocks/11912345678", None),
    ("PUT", "/api/v1/rooms/1000", {}),
    ("DELETE", "/api/v1/groups/sales", None),
]


@pytest.fixture
def csrf(browser: Browser, backend: Backend) -> str:
    """Somebody is logged in; their token."""
    name, session = backend.sessions.begin(SUPERVISOR.name, stamp(HASH))
    browser.cookies.set(COOKIE, name)
    return session.csrf


@pytest.mark.parametrize(("method", "path", "body"), UNSAFE)
@pytest.mark.parametrize("token", ["", "guessed", "another session's"])
def test_no_other_site_acts_for_who_is_logged_in(
    browser: Browser,
    backend: Backend,
    csrf: str,
    method: str,
    path: str,
    body: dict[str, str] | None,
    token: str,
) -> None:
    other = backend.sessions.begin(EVERYONE[3].name, stamp(HASH))[1].csrf
    given = other if token == "another session's" else token
    headers = {CSRF_HEADER: given} if given else {}
    answer = browser.request(method, path, json=body, headers=headers)
    assert answer.status_code == 403, answer.text
    as_form = browser.request(method, path, data={"csrf_token": given})
    assert as_form.status_code == 403, as_form.text


@pytest.mark.parametrize(("method", "path", "body"), UNSAFE[1:])
def test_a_token_is_shown_on_purpose_and_needs_none(
    browser: Browser, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = browser.request(method, path, json=body, headers=SUPERVISOR.bearer)
    assert answer.status_code != 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/login"),
        ("GET", "/"),
        ("GET", "/no-such-page"),
        ("GET", "/healthz"),
        ("POST", "/healthz"),
        ("GET", "/static/none.js"),
        ("GET", "/api/v1/calls"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/no-such-thing"),
        ("OPTIONS", "/login"),
    ],
)
def test_every_answer_forbids_frames_scripts_inside_and_keeping(
    browser: Browser, method: str, path: str
) -> None:
    headers = browser.request(method, path).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_form_of_a_megabyte_is_refused(browser: Browser, csrf: str) -> None:
    for content in (b"a=" + b"x" * 1_000_000, b"&".join(b"a=b" for _ in range(300_000))):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert browser.post("/login", content=content, headers=form).status_code == 413
        assert browser.post("/logout", content=content, headers=form).status_code == 413
        answer = browser.post("/api/v1/blocks", content=content, headers=SUPERVISOR.bearer)
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"number": 5}',
        b'{"number": ""}',
        b'{"number": "1", "unknown": 1}',
        b'{"number": "1", "duration": 1e99}',
        b'{"number": "1", "duration": -1}',
        b'{"number": "\\ud800"}',
        b"\xff\xfe",
        b"[" * 60_000,
    ],
)
def test_a_body_that_is_malformed_is_refused_with_a_problem(browser: Browser, body: bytes) -> None:
    headers = SUPERVISOR.bearer | {"Content-Type": "application/json"}
    answer = browser.post("/api/v1/blocks", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "malformed-request"


@pytest.mark.parametrize("since", ["nan", "inf", "-1", "1e400", "x", "99999999999999"])
def test_a_moment_that_is_none_is_refused(browser: Browser, since: str) -> None:
    for path in ("/api/v1/audit", "/api/v1/calls?state=ended", "/api/v1/surveys/report"):
        joined = "&" if "?" in path else "?"
        answer = browser.get(f"{path}{joined}since={since}", headers=SUPERVISOR.bearer)
        assert answer.status_code == 400, answer.text


def test_an_idempotency_key_is_what_can_be_a_header(browser: Browser) -> None:
    headers = SUPERVISOR.bearer | {"Idempotency-Key": "a b"}
    body = {"action": "hangup", "agent": "1000"}
    assert browser.post("/api/v1/actions", json=body, headers=headers).status_code == 400
