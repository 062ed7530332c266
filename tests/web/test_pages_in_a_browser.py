"""Every page in every state, in a real browser: legible for everybody, in both languages and
schemes, at 360 and 1920 px, and light enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fluxcc.domain.provisioning import Group, Protected, Room, Service
from tests.testing.browser import Tab, chromium, needs_browser
from tests.testing.daemon import Daemon
from tests.testing.web import ADMIN, AGENT, VIEWER, Someone, Web

pytestmark = needs_browser
LOOKS = [
    ("pt-BR", "light", 360),
    ("en", "dark", 1920),
    pytest.param("en", "dark", 360, marks=pytest.mark.slow),
    pytest.param("pt-BR", "light", 1920, marks=pytest.mark.slow),
]
PAGES = [
    *((ADMIN, path) for path in ("/", "/blocks", "/groups", "/survey", "/audit", "/users")),
    *((VIEWER, path) for path in ("/", "/blocks", "/groups", "/survey", "/audit", "/users")),
    (AGENT, "/me"),
    (ADMIN, "/nothing-here"),
    (ADMIN, "/blocks?check=11988887777"),
    (ADMIN, "/audit?number=none"),
]
LONG = "a name that is as long as a name may be and goes on and on x" + "x" * 4
HOSTILE = "<script>document.title='hacked'</script><b>"
LIGHTEST = 60_000
"""Bytes of the first page over the wire, with everything that it loads."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module", params=["empty", "full"])
def state(request: pytest.FixtureRequest, daemon: Daemon) -> Iterator[str]:
    """Nothing is set, or a lot with names that callers and people chose."""
    entries = (
        Group(LONG, has_survey=True),
        Group("sales"),
        Room("1000"),
        Service(LONG, "7001", description=HOSTILE),
        Protected("+551133334444", comment=HOSTILE),
    )
    if request.param == "full":
        for entry in entries:
            assert daemon.operate("set", entry=entry)["reply"]["code"] == "saved"
        daemon.operate("block", number="31977776666", duration=600, reason=HOSTILE)
    yield request.param
    if request.param == "full":
        for entry in entries:
            daemon.operate("remove", entry=entry)
        daemon.operate("unblock", number="31977776666")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_every_page(
    browser: Any, web: Web, state: str, language: str, scheme: str, width: int
) -> None:
    """Nothing serious by axe-core, nothing beyond the edge, nothing that a name says is done."""
    viewport = {"width": width, "height": 900}
    options = {"locale": language, "color_scheme": scheme, "viewport": viewport}
    stranger = Tab(browser, web, **options)
    stranger.open("/login")
    stranger.check()
    stranger.close()
    tabs: dict[Someone, Tab] = {}
    for person, path in PAGES:
        tab = tabs.get(person) or Tab(browser, web, **options).log_in(person)
        tabs[person] = tab
        tab.open(path)
        for details in tab.page.locator("main details.add, main details.edit").all():
            details.evaluate("each => { each.open = true }")
        tab.check()
        assert tab.page.evaluate("document.title") != "hacked"
        assert tab.page.evaluate("document.documentElement.lang") == language
    for tab in tabs.values():
        tab.close()


def test_the_first_page_is_light_and_stays_where_it_is(browser: Any, web: Web) -> None:
    """Its bytes over the wire; and nothing moves while it loads (cumulative layout shift)."""
    tab = Tab(browser, web).log_in(ADMIN)
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    tab.open("/")
    tab.wait_live()
    shift = tab.page.evaluate(
        """() => new Promise(done => {
          let total = 0;
          new PerformanceObserver(list => {
            for (const entry of list.getEntries()) total += entry.value;
          }).observe({type: 'layout-shift', buffered: true});
          setTimeout(() => done(total), 300);
        })"""
    )
    assert sum(sizes) <= LIGHTEST, sizes
    assert shift < 0.01
    tab.close()
