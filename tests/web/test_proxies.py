"""Behind a proxy, below a path: links and cookies are the outside's, and only a proxy that is
trusted is believed who asks, and by what."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from fluxcc.web.guards import LOGIN_COOKIE
from tests.testing.daemon import Daemon
from tests.testing.web import FIELD, PASSWORD, Web

BASE = "/fluxcc"
BY_TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(scope="module")
def proxied(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """It trusts this machine, and is below a path."""
    settings = {"FLUXCC_WEB_BASE_PATH": BASE, "FLUXCC_WEB_TRUSTED_PROXIES": "127.0.0.1"}
    process = Web(daemon, tmp_path_factory.mktemp("proxied"), settings)
    process.start()
    yield process
    process.close()


def below(web: Web, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=f"{web.url}{BASE}", headers=BY_TLS | headers)


def enter(browser: httpx.Client, name: str, password: str, next_path: str = "/") -> httpx.Response:
    """Log in. The cookie is sent by hand: it goes by TLS alone, which ends at the proxy."""
    found = FIELD.search(browser.get("/login").text)
    assert found is not None
    token = found[1]
    form = {"user": name, "password": password, "csrf_token": token, "next": next_path}
    return browser.post("/login", data=form, headers={"Cookie": f"{LOGIN_COOKIE}={token}"})


def test_every_link_and_the_cookie_are_below_the_path(proxied: Web) -> None:
    with below(proxied) as browser:
        page = browser.get("/login").text
        assert f'action="{BASE}/login"' in page
        answer = enter(browser, "ana", PASSWORD, "/blocks")
        assert answer.headers["Location"] == f"{BASE}/blocks"
        assert f"Path={BASE}/" in answer.headers["Set-Cookie"]
    with below(proxied) as stranger:
        assert stranger.get("/").headers["Location"].startswith(f"{BASE}/login?next=")


def test_a_trusted_proxy_is_believed_that_it_is_tls(proxied: Web) -> None:
    with below(proxied) as browser:
        answer = browser.get("/login")
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "Strict-Transport-Security" in answer.headers


def test_what_is_not_below_is_not_there(proxied: Web) -> None:
    for path in ("/login", "/", "/fluxccx/login", "/api/v1/status", "/fluxcc/../login"):
        assert httpx.get(f"{proxied.url}{path}").status_code == 404
    assert httpx.get(f"{proxied.url}/healthz").text == "ok\n"


def test_nobody_else_is_believed(web: Web) -> None:
    answer = httpx.get(f"{web.url}/login", headers=BY_TLS)
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in answer.headers


def test_a_host_that_is_made_up_leads_nowhere(web: Web) -> None:
    answer = httpx.get(f"{web.url}/", headers={"Host": "evil.example"})
    assert answer.headers["Location"].startswith("/login")
    assert "evil" not in answer.text


def test_addresses_behind_a_trusted_proxy_are_told_apart(proxied: Web) -> None:
    def tries(address: str) -> int:
        with below(proxied, **{"X-Forwarded-For": address}) as browser:
            return enter(browser, "vera", "wrong").status_code

    assert [tries("203.0.113.8") for _ in range(6)] == [401] * 5 + [429]
    assert tries("203.0.113.9") == 401
