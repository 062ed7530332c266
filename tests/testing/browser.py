"""A real headless Chromium, driven by playwright, and what every page must keep in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .web import PASSWORD, Someone, Web

CHROMIUM = shutil.which("chromium") or ""
SERIOUS = ("serious", "critical")
DESK = {"width": 1280, "height": 800}
TELEPHONE = {"width": 360, "height": 740}


def why_not() -> str:
    """Why there is no browser here; empty where there is one."""
    if not CHROMIUM:
        return "there is no Chromium here"
    try:
        import axe_playwright_python  # noqa: F401, PLC0415
        import playwright  # noqa: F401, PLC0415
    except ImportError as error:
        return f"it needs playwright: {error}"
    return ""


needs_browser = pytest.mark.skipif(bool(why_not()), reason=why_not())


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, in a ``with``."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        # Root, as whom tests often run, has no sandbox.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Tab:
    """One person's tab. What the page's scripts or its security policy complain of is a fault."""

    def __init__(self, browser: Any, web: Web, **options: Any) -> None:
        """``options`` are playwright's of a context: locale, viewport, color_scheme, …"""
        settings = {"locale": "en", "viewport": DESK} | options
        self._context = browser.new_context(**settings)
        self.page = self._context.new_page()
        self.url = web.url
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._said)

    def _said(self, message: Any) -> None:
        if message.type == "error" and "status of" not in message.text:
            self.faults.append(message.text)

    def log_in(self, person: Someone) -> Tab:
        """Fill in the form, as the person does."""
        self.open("/login")
        self.page.fill("[name=user]", person.name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button.main")
        self.page.wait_for_load_state()
        return self

    def open(self, path: str) -> Any:
        """Load a page; its answer."""
        return self.page.goto(f"{self.url}{path}")

    def wait_live(self) -> None:
        """Return when the stream has told what is there."""
        self.page.wait_for_selector("#pulse.beating")

    def check(self) -> None:
        """Nothing serious for people with a screen reader, nothing beyond the edge, no fault."""
        from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

        found = Axe().run(self.page).response["violations"]
        wrong = [
            (each["id"], [node["html"][:200] for node in each["nodes"]])
            for each in found
            if each["impact"] in SERIOUS
        ]
        assert not wrong, f"{self.page.url}: {wrong}"
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.page.viewport_size["width"], f"{self.page.url} scrolls sideways"
        assert not self.faults

    def close(self) -> None:
        """Leave."""
        self._context.close()
        assert not self.faults, self.faults
