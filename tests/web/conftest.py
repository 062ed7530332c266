"""The simulator, a daemon, and the page's application beside it: in this process where a route is
tested (``app``), as a process of its own where the whole is (``web``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from fluxcc.config import Settings, load
from fluxcc.kit import find_kit
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.web.app import build_app
from fluxcc.web.backend import Backend
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.web import CONFINED, EVERYONE, Web, admit


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One daemon for all of them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("web"))


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with SimulatedLab() as lab:
        lab.install_kit(find_kit())
        running = Daemon(lab, tmp_path_factory.mktemp("web"))
        running.start()
        admit(running, *EVERYONE, *CONFINED)
        yield running
        running.close()


@pytest.fixture(scope="session")
def settings(daemon: Daemon) -> Settings:
    return load(None, daemon.environment, is_password_needed=False)


@pytest.fixture(scope="session")
def backend(settings: Settings) -> Backend:
    return Backend(settings)


@pytest.fixture(scope="session")
def client(settings: Settings, backend: Backend) -> Iterator[TestClient[Litestar]]:
    """The application, in this process, beside the real daemon."""
    app = build_app(settings, backend)
    with TestClient(app, raise_server_exceptions=False) as opened:
        opened.follow_redirects = False
        until(lambda: backend.live.present.is_reached, "the daemon is watched")
        yield opened


@pytest.fixture
def browser(client: TestClient[Litestar]) -> Iterator[TestClient[Litestar]]:
    """The same with no cookie."""
    client.cookies = httpx.Cookies()
    yield client
    client.cookies = httpx.Cookies()


@pytest.fixture(scope="session")
def web(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The process."""
    process = Web(daemon, tmp_path_factory.mktemp("process"))
    process.start()
    yield process
    process.close()
