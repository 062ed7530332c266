"""Every route, with every role, with a session and with a token, with none, with an expired one,
and about a foreign domain: the table of permissions, tried whole."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from fluxcc.web.app import routes
from fluxcc.web.backend import Backend
from fluxcc.web.guards import COOKIE, CSRF_HEADER
from fluxcc.web.permissions import API, EVERYBODY, PERMISSIONS
from fluxcc.web.sessions import stamp
from tests.testing.web import CONFINED, EVERYONE, HASH, Someone
from tests.web.routes import ENDLESS, SAMPLES, Sample

Browser = TestClient[Litestar]
ROUTES = sorted(PERMISSIONS.keys() - ENDLESS)
IDS = [f"{method} {path}" for method, path in ROUTES]


def sample_of(route: tuple[str, str]) -> Sample:
    """The route's own; of a page without one, its path."""
    if route in SAMPLES:
        return SAMPLES[route]
    assert not route[1].startswith(API), f"{route} has no sample"
    return Sample(route[1].replace("{name}", "some"), frozenset({200, 303, 400, 404, 409}))


def request(
    browser: Browser, method: str, path: str, body: dict[str, Any] | None, **headers: str
) -> httpx.Response:
    content = {"json": body} if body is not None else {}
    return browser.request(method, path, headers=headers, **content)


def session(backend: Backend, browser: Browser, person: Someone) -> dict[str, str]:
    """Log them in; the header that their page's scripts send."""
    name, begun = backend.sessions.begin(person.name, stamp(HASH))
    browser.cookies.set(COOKIE, name)
    return {CSRF_HEADER: begun.csrf}


def test_every_route_has_a_row_and_every_row_a_route(browser: Browser) -> None:
    assert routes(browser.app) == PERMISSIONS.keys()


def test_every_route_of_the_api_has_a_sample() -> None:
    assert {route for route in ROUTES if route[1].startswith(API)} <= SAMPLES.keys()


def check(answer: httpx.Response, route: tuple[str, str], person: Someone) -> None:
    allowed, sample = PERMISSIONS[route], sample_of(route)
    if allowed is EVERYBODY or person.role in allowed:
        assert answer.status_code in sample.answers, answer.text
    else:
        assert answer.status_code == 403, answer.text
        if route[1].startswith(API):
            assert answer.json()["code"] == "not-permitted"


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
@pytest.mark.parametrize("person", EVERYONE, ids=lambda person: person.role.value)
def test_a_role_by_its_token(browser: Browser, route: tuple[str, str], person: Someone) -> None:
    sample = sample_of(route)
    check(request(browser, route[0], sample.path, sample.body, **person.bearer), route, person)


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
@pytest.mark.parametrize("person", EVERYONE, ids=lambda person: person.role.value)
def test_a_role_by_its_session(
    browser: Browser, backend: Backend, route: tuple[str, str], person: Someone
) -> None:
    headers = session(backend, browser, person)
    sample = sample_of(route)
    check(request(browser, route[0], sample.path, sample.body, **headers), route, person)


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
@pytest.mark.parametrize("credential", ["none", "expired", "unknown token", "no scheme"])
def test_nobody(
    browser: Browser, backend: Backend, route: tuple[str, str], credential: str
) -> None:
    headers = {}
    if credential == "expired":
        headers = session(backend, browser, EVERYONE[3])
        for each in backend.sessions.of(EVERYONE[3].name):
            each.used = 0.0
    elif credential == "unknown token":
        headers = {"Authorization": "Bearer nobody's"}
    elif credential == "no scheme":
        headers = {"Authorization": EVERYONE[3].token}
    sample = sample_of(route)
    answer = request(browser, route[0], sample.path, sample.body, **headers)
    if "token" in credential or "scheme" in credential:
        assert answer.status_code == 401
    elif PERMISSIONS[route] is EVERYBODY:
        assert answer.status_code in sample.answers
    elif route[1].startswith(API):
        assert answer.status_code == 401
        assert answer.json()["code"] == "not-logged-in"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    else:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login?next=/")


FOREIGN = [route for route in ROUTES if route in SAMPLES and SAMPLES[route].foreign]


@pytest.mark.parametrize("route", FOREIGN, ids=[f"{m} {p}" for m, p in FOREIGN])
@pytest.mark.parametrize("person", CONFINED, ids=lambda person: person.role.value)
def test_a_foreign_domain(browser: Browser, route: tuple[str, str], person: Someone) -> None:
    sample, allowed = SAMPLES[route], PERMISSIONS[route]
    answer = request(browser, route[0], sample.foreign, sample.foreign_body, **person.bearer)
    assert answer.status_code == 403, answer.text
    is_permitted = allowed is EVERYBODY or person.role in allowed
    is_agents = person.extension and route[1].endswith("actions")
    code = "not-your-call" if is_agents else "foreign-domain" if is_permitted else "not-permitted"
    assert answer.json()["code"] == code
