"""The real web process beside a real daemon, the people who use it, and their requests."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
from argon2 import PasswordHasher

from fluxcc.domain.provisioning import Token, User, UserRole

from .daemon import Daemon
from .ports import free_port
from .program import Cold
from .waiting import until

PASSWORD = "a long password"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes at once: what slows down a thief would slow down the tests."""
HASH = QUICK.hash(PASSWORD)
HOME, ELSEWHERE = "a.example", "b.example"
"""The SIP domain of those who are confined to one, and another one."""
FIELD = re.compile(r'name="csrf_token" value="([^"]*)"')


class Someone(NamedTuple):
    """A user, and a token with the same rights."""

    name: str
    role: UserRole
    extension: str = ""
    domain: str = ""

    @property
    def token(self) -> str:
        """What a program of theirs shows."""
        return f"token-of-{self.name}"

    @property
    def bearer(self) -> dict[str, str]:
        """The header with it."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def entries(self) -> tuple[User, Token]:
        """As an admin sets them."""
        digest = sha256(self.token.encode()).hexdigest()
        confined = {"extension": self.extension, "domain": self.domain}
        return (
            User(name=self.name, role=self.role, password_hash=HASH, **confined),
            Token(name=self.name, role=self.role, digest=digest, **confined),
        )


VIEWER = Someone("vera", UserRole.VIEWER)
AGENT = Someone("carla", UserRole.AGENT, "1000")
SUPERVISOR = Someone("ana", UserRole.SUPERVISOR)
ADMIN = Someone("root", UserRole.ADMIN)
EVERYONE = (VIEWER, AGENT, SUPERVISOR, ADMIN)
CONFINED_VIEWER = Someone("vito", UserRole.VIEWER, domain=HOME)
CONFINED_AGENT = Someone("caio", UserRole.AGENT, "1000", HOME)
CONFINED_SUPERVISOR = Someone("saul", UserRole.SUPERVISOR, domain=HOME)
CONFINED = (CONFINED_VIEWER, CONFINED_AGENT, CONFINED_SUPERVISOR)


def admit(daemon: Daemon, *people: Someone) -> None:
    """Make their users and tokens."""
    for person in people:
        for entry in person.entries:
            answer = daemon.operate("set", entry=entry)
            assert answer["reply"]["code"] == "saved", answer


def dismiss(daemon: Daemon, *people: Someone) -> None:
    """Remove their users and tokens."""
    for person in people:
        for entry in person.entries:
            daemon.operate("remove", entry=entry)


def log_in(
    client: httpx.Client, name: str, password: str = PASSWORD, **form: str
) -> httpx.Response:
    """Fill in the log-in form."""
    token = FIELD.search(client.get("/login").text)
    fields = {"user": name, "password": password, "csrf_token": token[1] if token else ""}
    return client.post("/login", data=fields | form)


class Web:
    """``fluxcc web`` beside a daemon."""

    def __init__(
        self, daemon: Daemon, folder: Path, settings: dict[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "web.log"
        self._log.touch()
        self._environment = daemon.environment | {
            "FLUXCC_WEB_LISTEN": f"127.0.0.1:{self.port}",
            **(settings or {}),
        }
        self._process: Cold | None = None

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text("utf-8", "replace")

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = Cold(["web"], self._environment, self._log, self._log)
        process = self._process

        def is_there() -> bool:
            assert process.poll() is None, f"the web process ended:\n{self.log}"
            try:
                return httpx.get(f"{self.url}/healthz").status_code == 200
            except httpx.TransportError:
                return False

        # It imports for a second where nothing else runs.
        until(is_there, "the web process answers", 60)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End it; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(10)
        self._process = None
        return code

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def client(self, person: Someone | None = None) -> httpx.Client:
        """A program with that person's token, or nobody's."""
        headers = person.bearer if person else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=10)


class Event(NamedTuple):
    """One server-sent event."""

    id: str
    kind: str
    data: Any


class Listener:
    """Reads a stream of events in a thread, as a browser does."""

    def __init__(self, web: Web, person: Someone, after: str | None = None) -> None:
        headers = person.bearer | ({"Last-Event-ID": after} if after else {})
        self.events: list[Event] = []
        self.error: Exception | None = None
        self._client = httpx.Client(base_url=web.url, headers=headers, timeout=30)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            with self._client.stream("GET", "/api/v1/events") as answer:
                assert answer.status_code == 200, answer.read()
                for event in events(answer.iter_lines()):
                    self.events.append(event)
        except (httpx.HTTPError, AssertionError) as error:
            self.error = error

    def wait(self, kind: str, timeout: float = 15.0, **about: Any) -> Event:
        """The first event of that kind whose data has these values."""

        def found() -> Event | None:
            for event in list(self.events):
                body = event.data.get(kind, event.data)
                told = event.data | (body if isinstance(body, dict) else {})
                if event.kind == kind and all(told.get(k) == v for k, v in about.items()):
                    return event
            return None

        return until(found, lambda: f"{kind} {about} in {self.events} {self.error}", timeout)

    def wait_over(self, timeout: float = 15.0) -> None:
        """Return when the stream has ended."""
        self._thread.join(timeout)
        assert not self._thread.is_alive()

    def close(self) -> None:
        """Listen no longer."""
        self._client.close()


def events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream, out of its lines."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "event" in fields:
            yield Event(fields.get("id", ""), fields["event"], msgspec.json.decode(fields["data"]))
            fields = {}
        else:
            fields = {}


@contextmanager
def listening(web: Web, person: Someone, after: str | None = None) -> Iterator[Listener]:
    """A listener, in a ``with``, that has been told what is there."""
    listener = Listener(web, person, after)
    try:
        if after is None:
            listener.wait("reset")
        yield listener
    finally:
        listener.close()
