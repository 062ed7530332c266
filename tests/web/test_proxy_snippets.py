"""What ``docs/serving.md`` tells administrators to write for nginx and Caddy, run by the real ones
as they stand there: behind TLS, and below a path."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from fluxcc.lab.ports import listens
from tests.documents import DOCS
from tests.testing.daemon import Daemon
from tests.testing.ports import free_port
from tests.testing.waiting import until
from tests.testing.web import SUPERVISOR, Web, events, log_in

from .test_proxies import BASE

TEXT = (DOCS / "serving.md").read_text(encoding="utf-8")
DELIVERED = "127.0.0.1:8137"
"""Where the page listens in the documents."""
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        {snippet}
    }}
}}
"""
CADDY = """
{{
    admin off
    auto_https disable_redirects
}}
{snippet}
"""


class Proxy(NamedTuple):
    """One that runs: where it is, and whom a client has to trust for it."""

    url: str
    trust: ssl.SSLContext

    def client(self) -> httpx.Client:
        """A browser."""
        return httpx.Client(base_url=f"{self.url}{BASE}", verify=self.trust, timeout=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a certificate for this machine."""
    made = tmp_path_factory.mktemp("proxy")
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl here, which makes the certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
    words += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem"
    command = ["openssl", *words.split(), "-out", "certificate.pem"]
    subprocess.run(command, cwd=made, check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def page(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web process, as the document wants it behind a proxy."""
    settings = {"FLUXCC_WEB_BASE_PATH": BASE, "FLUXCC_WEB_TRUSTED_PROXIES": "127.0.0.1"}
    process = Web(daemon, tmp_path_factory.mktemp("behind"), settings)
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, folder: Path, page: Web) -> Iterator[Proxy]:
    """The real one, with the document's words."""
    name = request.param
    # Debian has it where an ordinary user does not look.
    program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip(f"there is no {name} here")
    port = free_port()
    found = re.search(rf"^```{name}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    assert DELIVERED in found[1]
    snippet = found[1].replace(DELIVERED, page.url.removeprefix("http://"))
    with _started(_COMMANDS[name](program, folder, port, snippet), folder, port):
        trust = ssl.create_default_context(cafile=folder / "certificate.pem")
        yield Proxy(f"https://127.0.0.1:{port}", trust)


def _nginx(program: str, folder: Path, port: int, snippet: str) -> list[str]:
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port, snippet=snippet))
    return [program, "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(file)]


def _caddy(program: str, folder: Path, port: int, snippet: str) -> list[str]:
    own = f"https://127.0.0.1:{port} {{\n    tls {folder}/certificate.pem {folder}/key.pem"
    file = folder / "Caddyfile"
    file.write_text(CADDY.format(snippet=snippet.replace("pbx.example {", own)))
    return [program, "run", "--config", str(file), "--adapter", "caddyfile"]


_COMMANDS: dict[str, Callable[[str, Path, int, str], list[str]]] = {
    "nginx": _nginx,
    "caddy": _caddy,
}


@contextmanager
def _started(command: list[str], folder: Path, port: int) -> Iterator[None]:
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | home, stdout=output, stderr=subprocess.STDOUT
        )

    def is_up() -> bool:
        assert process.poll() is None, (folder / "output").read_text()
        return listens(port)

    try:
        until(is_up, "the proxy listens")
        yield
    finally:
        process.terminate()
        process.wait(10)


def test_a_log_in_goes_through_and_its_cookie_by_tls_alone(proxy: Proxy) -> None:
    with proxy.client() as browser:
        answer = log_in(browser, SUPERVISOR.name)
        assert answer.headers["Location"] == f"{BASE}/"
        cookie = answer.headers["Set-Cookie"]
        assert "Secure" in cookie
        assert f"Path={BASE}/" in cookie
        assert f'href="{BASE}/blocks"' in browser.get("/").text
        assert browser.get("/api/v1/status").status_code == 200


def test_what_happens_is_told_at_once(proxy: Proxy, daemon: Daemon) -> None:
    """Nothing waits in the proxy until there is more of it."""
    with (
        proxy.client() as browser,
        browser.stream("GET", "/api/v1/events", headers=SUPERVISOR.bearer) as stream,
    ):
        told = events(stream.iter_lines())
        assert next(told).kind == "reset"
        assert daemon.operate("block", number="11955556666")["status"] == "ok"
        event = next(event for event in told if event.kind == "block")
        assert event.data["block"]["number"].endswith("11955556666")
        daemon.operate("unblock", number="11955556666")


def test_nobody_forges_an_address_through_it(proxy: Proxy) -> None:
    """Whichever one says to be, it is the proxy who knows: wrong passwords are counted together."""
    tries = []
    with proxy.client() as browser:
        for last in range(6):
            browser.headers["X-Forwarded-For"] = f"203.0.113.{last}"
            tries.append(log_in(browser, f"nobody-{proxy.url[-5:]}", "wrong").status_code)
    assert tries == [401] * 5 + [429]
