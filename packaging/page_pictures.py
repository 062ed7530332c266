"""Takes pictures of the page for README and docs, and of every page as it looks at 360 and 1920 px,
light and dark, in both languages (``docs/looks``).

Run by ``make pictures``: on the simulator, with the people of ``make demo-web``, in Chromium.
"""

from __future__ import annotations

import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

from fluxcc.kit import find_kit
from fluxcc.lab.demo_web import ENTRIES
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.browser import Tab, chromium
from tests.testing.daemon import Daemon
from tests.testing.web import ADMIN, AGENT, SUPERVISOR, Someone, Web, admit

DOCS = Path(__file__).parents[1] / "docs"
DESK = {"width": 1280, "height": 560}
TELEPHONE = {"width": 360, "height": 640}
WINDOW = {"width": 360, "height": 320}
PICTURES = (
    ("page-now.png", SUPERVISOR, "/", "en", "light", DESK),
    ("page-now.pt-BR.png", SUPERVISOR, "/", "pt-BR", "light", DESK),
    ("page-now-dark.pt-BR.png", SUPERVISOR, "/", "pt-BR", "dark", DESK),
    ("page-now-telephone.pt-BR.png", SUPERVISOR, "/", "pt-BR", "light", TELEPHONE),
    ("page-survey.pt-BR.png", SUPERVISOR, "/survey", "pt-BR", "light", DESK),
    ("page-agent.pt-BR.png", AGENT, "/me", "pt-BR", "light", WINDOW),
)
"""File, who looks, at which page, in which language and scheme, how large."""
LOOKS = DOCS / "looks"
PAGES = {
    "now": (ADMIN, "/"),
    "blocks": (ADMIN, "/blocks"),
    "groups": (ADMIN, "/groups"),
    "survey": (ADMIN, "/survey"),
    "audit": (ADMIN, "/audit"),
    "users": (ADMIN, "/users"),
    "agent": (AGENT, "/me"),
}
QUALITY = 45
"""Of a JPEG: legible, and a picture has some 50 kB."""
CALLS = (("+5511988887777", "1000"), ("+5521977776666", "1001"), ("anonymous", "1001"))
BLOCKED = (("31977776666", 1700, "trote"), ("51966665555", 700, "trote: bomba"))
ANSWERS = "54455"


def main() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as folder, SimulatedLab() as lab:
        lab.install_kit(find_kit())
        daemon = Daemon(lab, Path(folder))
        daemon.start(cold=True)
        admit(daemon, ADMIN, SUPERVISOR, AGENT)
        for entry in ENTRIES:
            daemon.operate("set", entry=entry)
        for number, seconds, reason in BLOCKED:
            daemon.operate("block", number=number, duration=seconds, reason=reason)
        for key in ANSWERS:
            _survey(lab, daemon, key)
        for number, agent in CALLS:
            lab.call(number, agent).wait_answered()
        web = Web(daemon, Path(folder))
        web.start()
        with chromium() as browser:
            for name, person, path, language, scheme, viewport in PICTURES:
                options = {"locale": language, "color_scheme": scheme, "viewport": viewport}
                tab = Tab(browser, web, **options).log_in(person)
                tab.open(path)
                tab.page.wait_for_timeout(1500)
                tab.page.screenshot(path=DOCS / name)
                tab.close()
            for language, scheme, width in product(("en", "pt-BR"), ("light", "dark"), (360, 1920)):
                look(browser, web, language, scheme, width)
        web.close()
        daemon.close()


def look(browser: Any, web: Web, language: str, scheme: str, width: int) -> None:
    """Take every page, whole, as it looks so."""
    LOOKS.mkdir(exist_ok=True)
    viewport = {"width": width, "height": 900 if width > 600 else 640}
    options = {"locale": language, "color_scheme": scheme, "viewport": viewport}
    tabs: dict[Someone, Tab] = {}

    def take(tab: Tab, name: str) -> None:
        path = LOOKS / f"{name}-{width}-{scheme}.{language}.jpg"
        tab.page.screenshot(path=path, type="jpeg", quality=QUALITY, full_page=True)

    stranger = Tab(browser, web, **options)
    stranger.open("/login")
    take(stranger, "login")
    stranger.close()
    for name, (person, path) in PAGES.items():
        tab = tabs.get(person) or Tab(browser, web, **options).log_in(person)
        tabs[person] = tab
        tab.open(path)
        tab.page.wait_for_timeout(800)
        take(tab, name)
    for tab in tabs.values():
        tab.close()


def _survey(lab: SimulatedLab, daemon: Daemon, key: str) -> None:
    """A customer is asked, and presses that key."""
    caller = lab.call("+5511955554444", "1000")
    caller.wait_answered()
    call = daemon.wait_talking("+5511955554444")["call"]
    daemon.operate("hangup", call=call)
    time.sleep(2)
    lab.api(f"uuid_recv_dtmf {call} {key}")
    time.sleep(1)
    caller.hang_up()


if __name__ == "__main__":
    main()
