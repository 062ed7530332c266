"""More blocks than a page shows at once: the newest stand there, and the way to the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fluxcc.web.pages.blocking import PER_PAGE
from fluxcc.web.pages.now import MOST
from tests.testing.browser import Tab, chromium, needs_browser
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.web import ADMIN, Web

pytestmark = needs_browser
COUNT = PER_PAGE + 3
NUMBERS = [f"+55119700{number:05d}" for number in range(COUNT)]


@pytest.fixture
def many(daemon: Daemon) -> Iterator[None]:
    for number in NUMBERS:
        daemon.operate("block", number=number, duration=600)
    yield
    for number in NUMBERS:
        daemon.operate("unblock", number=number)


@pytest.fixture
def tab(web: Web, many: None) -> Iterator[Tab]:
    with chromium() as browser:
        yield Tab(browser, web).log_in(ADMIN)


def test_the_first_page_has_the_newest_and_counts_all(tab: Tab, daemon: Daemon) -> None:
    tab.open("/")
    tab.wait_live()
    assert shown(tab.page) == (MOST, COUNT)
    assert tab.page.locator("#more-blocks").is_visible()
    newest = tab.page.locator("#blocks li").first.get_attribute("id")
    daemon.operate("unblock", number=NUMBERS[-1])
    until(lambda: shown(tab.page) == (MOST, COUNT - 1), "the next one has taken its place")
    assert tab.page.locator("#blocks li").first.get_attribute("id") != newest
    for number in NUMBERS[MOST:]:
        daemon.operate("unblock", number=number)
    until(lambda: shown(tab.page) == (MOST, MOST), "only those are left that fit")
    assert not tab.page.locator("#more-blocks").is_visible()


def test_the_page_of_blocks_has_all_of_them_by_the_hundred(tab: Tab) -> None:
    tab.open("/blocks")
    rows = tab.page.locator("#live-title ~ table tbody tr")
    assert rows.count() == PER_PAGE
    tab.page.get_by_role("link", name="older ones").click()
    until(lambda: rows.count() == COUNT - PER_PAGE, "the rest is there")
    tab.page.get_by_role("link", name="newer ones").click()
    until(lambda: rows.count() == PER_PAGE, "the first ones are back")


def shown(page: Any) -> tuple[int, int]:
    """How many blocks the page has, and says that there are."""
    count = page.locator('[data-count="blocks"]').text_content()
    return page.locator("#blocks li").count(), int(count)
