"""Logging in and out: who gets in, for how long, and what a stranger can do with the form."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from fluxcc.config import Settings
from fluxcc.domain.provisioning import User
from fluxcc.web.backend import Backend
from fluxcc.web.guards import COOKIE
from fluxcc.web.throttle import LIMITS
from tests.testing.daemon import Daemon
from tests.testing.web import ADMIN, FIELD, QUICK, SUPERVISOR, log_in

Browser = TestClient[Litestar]


@pytest.fixture(autouse=True)
def patient(backend: Backend) -> None:
    """Each test begins with no failure noted, and nobody logged in."""
    backend.throttle.__init__(backend.throttle._now)  # type: ignore[misc]
    for person in (ADMIN, SUPERVISOR):
        backend.sessions.end_all_of(person.name)


def is_in(browser: Browser) -> bool:
    return browser.get("/api/v1/status").status_code == 200


def test_the_right_password_begins_a_session(browser: Browser) -> None:
    answer = log_in(browser, "ana")
    assert answer.status_code == 303
    assert is_in(browser)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ana", "another password"),
        ("nobody", "a long password"),
        ("", ""),
        ("ana", ""),
        ("ana", "x" * 30_000),
        ("ana\n", "a long password"),
        ("'; DROP TABLE users --", "a long password"),
    ],
)
def test_anything_else_is_refused_in_the_same_words(
    browser: Browser, name: str, password: str
) -> None:
    answer = log_in(browser, name, password)
    assert answer.status_code == 401
    assert "Usuário ou senha" in answer.text or "User or password" in answer.text
    assert not is_in(browser)


def test_a_user_and_an_address_are_refused_after_five_failures(browser: Browser) -> None:
    for _ in range(LIMITS["both"]):
        assert log_in(browser, "ana", "wrong").status_code == 401
    answer = log_in(browser, "ana")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 301
    assert not is_in(browser)
    assert log_in(browser, "root").status_code == 303, "another user is not concerned"


def test_a_session_that_was_there_before_is_not_taken_over(
    browser: Browser, backend: Backend
) -> None:
    browser.cookies.set(COOKIE, "chosen-by-a-stranger")
    log_in(browser, "ana")
    names = [cookie.value for cookie in browser.cookies.jar if cookie.name == COOKIE]
    assert "chosen-by-a-stranger" not in names or len(names) == 2
    assert backend.sessions.find("chosen-by-a-stranger") is None


def test_a_log_in_changes_the_name_of_the_session_and_ends_the_old_one(
    browser: Browser, backend: Backend
) -> None:
    log_in(browser, "ana")
    before = str(browser.cookies[COOKIE])
    form = browser.get("/login")
    assert form.status_code == 303, "who is in is not asked again"
    token = backend.sessions.begin("root", "another")[0]
    assert token != before
    browser.post("/logout", data={"csrf_token": backend.sessions.of("ana")[0].csrf})
    log_in(browser, "ana")
    assert browser.cookies[COOKIE] != before
    assert backend.sessions.find(before) is None


def test_logging_out_ends_the_session_for_everybody_who_has_its_name(
    browser: Browser, backend: Backend
) -> None:
    log_in(browser, "ana")
    name = browser.cookies[COOKIE]
    (session,) = backend.sessions.of("ana")
    assert browser.post("/logout", data={"csrf_token": session.csrf}).status_code == 303
    browser.cookies.set(COOKIE, name)
    assert not is_in(browser)


def test_another_password_ends_every_session(
    browser: Browser, backend: Backend, daemon: Daemon
) -> None:
    user = User(name="zoe", role=SUPERVISOR.role, password_hash=QUICK.hash("first"))
    daemon.operate("set", entry=user)
    backend.accounts.forget()
    assert log_in(browser, "zoe", "first").status_code == 303
    assert is_in(browser)
    changed = User(name="zoe", role=SUPERVISOR.role, password_hash=QUICK.hash("second"))
    daemon.operate("set", entry=changed)
    backend.accounts.forget()
    assert not is_in(browser)
    assert log_in(browser, "zoe", "second").status_code == 303
    daemon.operate("remove", entry=user)
    backend.accounts.forget()
    assert not is_in(browser), "who was removed is out"


@pytest.mark.parametrize("which", ["used", "began"])
def test_a_session_ends_when_it_is_idle_or_old(
    browser: Browser, backend: Backend, settings: Settings, which: str
) -> None:
    log_in(browser, "ana")
    (session,) = backend.sessions.of("ana")
    limit = settings.web.session_idle if which == "used" else settings.web.session_absolute
    setattr(session, which, getattr(session, which) - limit + 5)
    assert is_in(browser)
    setattr(session, which, getattr(session, which) - limit - 5)
    assert not is_in(browser)


def test_the_cookie_is_for_this_site_and_for_no_script(browser: Browser) -> None:
    cookie = log_in(browser, "ana").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_goes_by_tls_alone(browser: Browser) -> None:
    token = FIELD.search(browser.get("/login").text)
    assert token is not None
    form = {"user": "ana", "password": "a long password", "csrf_token": token[1]}
    answer = browser.post("https://testserver.local/login", data=form)
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/%0d%0aSet-Cookie:a=b\n",
        "",
        "/" + "a" * 5_000,
    ],
)
def test_nobody_is_sent_elsewhere_after_logging_in(browser: Browser, wanted: str) -> None:
    answer = log_in(browser, "ana", next=wanted)
    assert answer.headers["Location"] == "/"
    assert "a=b" not in str(answer.headers.get_list("Set-Cookie"))


def test_the_page_that_was_wanted_comes_after_logging_in(browser: Browser) -> None:
    assert log_in(browser, "ana", next="/blocks").headers["Location"] == "/blocks"


def test_a_form_of_another_site_logs_nobody_in(browser: Browser) -> None:
    form = {"user": "ana", "password": "a long password"}
    for token in ("", "guessed"):
        answer = browser.post("/login", data=form | {"csrf_token": token})
        assert answer.status_code == 403
    browser.cookies = httpx.Cookies()
    assert browser.post("/login", data=form | {"csrf_token": "guessed"}).status_code == 403
    assert not is_in(browser)


def test_what_was_typed_is_shown_as_text(browser: Browser) -> None:
    page = log_in(browser, "<script>alert(1)</script>", next='/"><script>x</script>').text
    assert "<script>alert" not in page
    assert "<script>x" not in page
