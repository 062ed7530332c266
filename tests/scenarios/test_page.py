"""The page in a real browser: what people do with it, on the simulator and on a FreeSWITCH."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fluxcc.domain.written import as_written
from tests.testing.browser import TELEPHONE, Tab, chromium, needs_browser
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.web import AGENT, SUPERVISOR, Web, admit, dismiss

from .ear import Ear
from .kinds import GROUP
from .scene import Scene

pytestmark = needs_browser
AT_ONCE = 1.0
"""Seconds after its bridge within which a call is seen."""
Open = Callable[..., Tab]


@pytest.fixture
def web(daemon: Daemon, tmp_path: Path) -> Iterator[Web]:
    admit(daemon, AGENT, SUPERVISOR)
    process = Web(daemon, tmp_path)
    process.start()
    yield process
    process.close()
    dismiss(daemon, AGENT, SUPERVISOR)


@pytest.fixture
def open_tab(web: Web) -> Iterator[Open]:
    """Opens a tab of the browser."""
    tabs: list[Tab] = []
    with chromium() as browser:

        def opened(**options: Any) -> Tab:
            tabs.append(Tab(browser, web, **options))
            return tabs[-1]

        yield opened
        for tab in tabs:
            tab.close()


def written(scene: Scene) -> str:
    """The person's number as the page writes it."""
    return as_written(scene.number)


def row_of(tab: Tab, scene: Scene) -> Any:
    """The row of the person's call."""
    return tab.page.locator("#calls tr", has_text=written(scene))


def test_a_prank_from_first_sight_to_release(scene: Scene, open_tab: Open) -> None:
    """A supervisor sees the call come, marks it, sees both leave and the number with the time that
    is left, and releases it."""
    tab = open_tab().log_in(SUPERVISOR)
    page = tab.page
    tab.wait_live()
    talk = scene.talk(scene.number)
    began = time.monotonic()
    row = row_of(tab, scene)
    row.wait_for(timeout=AT_ONCE * 1000)
    assert time.monotonic() - began < AT_ONCE
    tab.check()
    row.locator("a.act").click()
    page.get_by_text("Mark as a prank").click()
    tab.check()
    page.get_by_role("button", name="Confirm the prank?").click()
    block = page.locator("#blocks li", has_text=written(scene))
    block.wait_for()
    talk.wait_over()
    until(lambda: not page.locator("#calls tr").count(), "the row is gone")
    left = block.locator("time").inner_text()
    assert left.startswith(("29:", "30:00"))
    until(lambda: block.locator("time").inner_text() < left, "the time goes on")
    assert page.locator("#notice .answer.ok").count() == 1
    tab.check()
    block.get_by_role("button", name="Release").click()
    block.wait_for(state="detached")
    assert not scene.is_refused(scene.number)


def test_a_groups_survey(scene: Scene, ear: Ear, open_tab: Open) -> None:
    """A supervisor switches a group's survey on, ends a call, and sees the 4 that was pressed."""
    scene.supervisor.sets_group(has_survey=False)
    tab = open_tab(locale="pt-BR").log_in(SUPERVISOR)
    page = tab.page
    tab.open("/groups")
    page.get_by_role("switch", name=f"Pesquisa de {GROUP}").click()
    assert page.get_by_role("switch").first.get_attribute("aria-checked") == "true"
    tab.check()
    tab.open("/")
    tab.wait_live()
    talk = scene.talk(scene.number)
    row_of(tab, scene).locator("a.act").click()
    page.locator(".popup summary", has_text="Encerrar").click()
    page.get_by_role("button", name="Encerrar agora?").click()
    page.locator("#notice .answer.ok").wait_for()
    ear.answers(talk.customer, 1, "4")
    talk.wait_over()

    def is_told() -> bool:
        tab.open(f"/survey?group={GROUP}")
        return "4,0 de 5" in page.content()

    until(is_told, "the 4 is told")
    tab.check()


def test_an_agent_with_the_keyboard_alone(scene: Scene, open_tab: Open) -> None:
    """Beside another window, in Portuguese: the own call, a transfer by typing, a prank."""
    scene.supervisor.adds_service("Segunda via", "7001")
    tab = open_tab(locale="pt-BR", viewport=TELEPHONE).log_in(AGENT)
    page = tab.page
    tab.wait_live()
    assert "Sem chamada agora." in page.locator("#own-line").inner_text()
    tab.check()
    talk = scene.talk(scene.number)
    page.locator("#own-actions").wait_for(timeout=AT_ONCE * 1000)
    tab.check()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    until(lambda: "transferido" in page.locator(".answers").inner_text(), "the answer is told")
    until(talk.agent_is_gone, "the agent is free")
    page.locator("#own-actions").wait_for(state="detached")
    talk.customer_hangs_up()
    talk.wait_over()
    again = scene.talk(scene.stranger().number)
    page.locator("#own-actions").wait_for(timeout=AT_ONCE * 1000)
    page.keyboard.press("1")
    tab.check()
    page.keyboard.press("1")
    again.wait_over()
    until(lambda: "bloqueado até" in page.locator(".answers").inner_text(), "the answer is told")
    page.locator("#own-actions").wait_for(state="detached")


def test_what_needs_no_script(scene: Scene, open_tab: Open) -> None:
    """Without JavaScript: a call is marked from its page, and the number is released."""
    talk = scene.talk(scene.number)
    tab = open_tab(java_script_enabled=False).log_in(SUPERVISOR)
    page = tab.page
    row_of(tab, scene).locator("a.act").click()
    page.get_by_text("Mark as a prank").click()
    page.get_by_role("button", name="Confirm the prank?").click()
    talk.wait_over()
    assert page.locator("#notice .answer.ok").count() == 1
    tab.open("/blocks")
    shown = page.locator("tr", has_text=written(scene))
    shown.get_by_role("button", name="Release").click()
    assert "is free again" in page.locator("#notice").inner_text()
    page.get_by_role("button", name="Block again").click()
    assert "is blocked until" in page.locator("#notice").inner_text()
    page.get_by_role("button", name="Release again").click()
    for path in ("/groups", "/survey", "/audit"):
        assert tab.open(path).status == 200


def test_a_picture_of_the_past_is_seen_to_be_one(scene: Scene, web: Web, open_tab: Open) -> None:
    """When the stream breaks nobody acts on what is shown; it goes on by itself."""
    tab = open_tab().log_in(SUPERVISOR)
    tab.wait_live()
    web.kill()
    tab.page.locator("#live.stale").wait_for()
    until(lambda: "stopped" in tab.page.locator("#pulse").inner_text(), "it says so")
    web.start()
    tab.wait_live()
    assert tab.page.locator("#live.stale").count() == 0
    tab.faults.clear()
