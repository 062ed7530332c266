"""The page's users act through the daemon, each with what an admin gave them (contract, section
10)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fluxcc.domain.provisioning import Group, User, UserRole
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .pbx import AGENT, COLLEAGUE
from .scene import Scene

ASK = """
import os, socket, sys
os.setgid(0)
os.setuid(65534)
asker = socket.socket(socket.AF_UNIX)
asker.connect(sys.argv[1])
asker.sendall(sys.argv[2].encode() + b"\\n")
print(asker.makefile().read())
"""
DOMAIN, OTHER = "pbx.test", "other.example"
"""The agents' SIP domain, and one in which nobody is."""
USERS = (
    User("ana", UserRole.SUPERVISOR),
    User("bia", UserRole.SUPERVISOR, domain=DOMAIN),
    User("caio", UserRole.SUPERVISOR, domain=OTHER),
    User("carla", UserRole.AGENT, AGENT, DOMAIN),
    User("davi", UserRole.VIEWER),
)


Ask = Callable[..., tuple[str, str]]


@pytest.fixture
def ask(scene: Scene) -> Iterator[Ask]:
    """Status and code of what the page asks on behalf of one of ``USERS``."""
    for user in USERS:
        assert scene.daemon.operate("set", entry=user)["status"] == "ok"

    def asked(who: str, do: str, **fields: Any) -> tuple[str, str]:
        answer = scene.daemon.operate(do, on_behalf_of=who, **fields)
        return answer["status"], answer["reply"]["code"]

    yield asked
    for user in USERS:
        scene.daemon.operate("remove", entry=user)


def test_a_supervisor_marks_a_call_and_releases_the_number(scene: Scene, ask: Ask) -> None:
    talk = scene.talk(scene.number)
    assert ask("supervisor:ana", "prank", call=talk.customer) == ("ok", "blocked")
    talk.wait_over()
    assert scene.is_refused(scene.number)
    block = scene.daemon.block_of(scene.number)
    assert block is not None
    assert block.by == "supervisor:ana via web"
    assert ask("supervisor:ana", "unblock", number=scene.number) == ("ok", "released")
    assert not scene.is_refused(scene.number)
    rows = until(
        lambda: scene.daemon.store.audit(number=scene.number, limit=9)[:2], "both are audited"
    )
    assert [(row.action, row.by) for row in rows] == [
        ("unblock", "supervisor:ana via web"),
        ("prank", "supervisor:ana via web"),
    ]


@pytest.mark.parametrize("do", ["prank", "hangup"])
def test_a_supervisor_of_another_domain_touches_nothing(scene: Scene, ask: Ask, do: str) -> None:
    talk = scene.talk(scene.number)
    assert ask("supervisor:caio", do, call=talk.customer) == ("refused", "not-your-call")
    assert ask("viewer:davi", do, call=talk.customer) == ("refused", "not-permitted")
    assert talk.is_up
    assert ask("supervisor:bia", do, call=talk.customer)[0] == "ok"
    talk.wait_over()


def test_an_agent_has_the_rights_of_a_boards(scene: Scene, ask: Ask) -> None:
    """The own call, and no other; the audit knows the extension."""
    other = scene.talk(scene.somebody_else.number, COLLEAGUE)
    assert ask("agent:carla", "hangup", call=other.customer) == ("refused", "not-your-call")
    assert ask("agent:carla", "hangup") == ("refused", "no-live-call")
    assert ask("agent:carla", "block", number=scene.number) == ("refused", "not-permitted")
    own = scene.talk(scene.number)
    assert ask("agent:carla", "prank", request="key-3") == ("ok", "blocked")
    own.wait_over()
    assert other.customer in {call["call"] for call in scene.daemon.calls()}
    assert scene.daemon.audited("key-3")["by"] == f"agent:{AGENT}@{DOMAIN} via web"


def test_a_form_that_is_sent_twice_is_one_request(scene: Scene, ask: Ask) -> None:
    talk = scene.talk(scene.number)
    asked = {"call": talk.customer, "request": "form:1"}
    first = scene.daemon.operate("prank", on_behalf_of="supervisor:ana", **asked)
    assert scene.daemon.operate("prank", on_behalf_of="supervisor:ana", **asked) == first
    assert ask("supervisor:bia", "prank", **asked) == ("refused", "request-id-reused")
    scene.daemon.stop()
    scene.daemon.start()
    again = scene.daemon.operate("prank", on_behalf_of="supervisor:ana", **asked)
    assert again["reply"]["code"] == "blocked"
    assert [block.number for block in scene.daemon.store.blocks(limit=99)].count(scene.number) == 1


def test_a_token_is_made_by_the_command_and_is_there_after_a_crash(scene: Scene) -> None:
    """It is shown once, and nowhere else."""
    printed = scene.daemon.cli("--json", "token", "add", "wall", "--role", "viewer")
    assert printed.code == 0
    token = printed.json["token"]
    try:
        scene.daemon.kill()
        scene.daemon.start()
        status = scene.daemon.operate("status", on_behalf_of="viewer:token/wall")
        assert status["error"] == ""
        shown = scene.daemon.cli("--json", "token", "list")
        assert [each["name"] for each in shown.json] == ["wall"]
        row = scene.daemon.audited(printed.json["request"])
        assert '"token":{"name":"wall","role":"viewer"' in row["subject"]
        for text in (shown.stdout, json.dumps(row), scene.daemon.log):
            assert token not in text
    finally:
        assert scene.daemon.cli("token", "revoke", "wall").code == 0
    gone = scene.daemon.operate("status", on_behalf_of="viewer:token/wall")
    assert gone["error"].startswith("malformed: ")


def test_a_user_is_made_and_changed_by_the_command(scene: Scene) -> None:
    """The password goes nowhere but into its hash; other rights leave it as it is."""
    argon2 = pytest.importorskip("argon2", reason="passwords are hashed by argon2-cffi")

    def fluxcc(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fluxcc", *words],
            env=scene.daemon.environment | {"LC_ALL": "C.UTF-8"},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def kept() -> User:
        (user,) = until(
            lambda: [each for each in scene.daemon.store.entries() if isinstance(each, User)],
            "it is written",
        )
        return user

    first, second = "a first password", "another password"
    assert fluxcc("user", "add", "eva", "--role", "admin", typed="short\n").returncode == 2
    assert fluxcc("user", "add", "eva", "--role", "agent", typed=f"{first}\n").returncode == 2
    assert fluxcc("user", "password", "eva", typed=f"{first}\n").returncode == 1
    made = fluxcc("--json", "user", "add", "eva", "--role", "admin", typed=f"{first}\n")
    assert made.returncode == 0, made.stderr
    try:
        hashed = kept().password_hash
        assert argon2.PasswordHasher().verify(hashed, first)
        words = ("--role", "supervisor", "--domain", DOMAIN, "--language", "en")
        assert fluxcc("user", "add", "eva", *words).returncode == 0
        assert kept() == User("eva", UserRole.SUPERVISOR, "", DOMAIN, hashed, "en")
        assert fluxcc("user", "password", "eva", typed=f"{second}\n").returncode == 0
        assert argon2.PasswordHasher().verify(kept().password_hash, second)
        listed = fluxcc("--json", "user", "list").stdout
        assert json.loads(listed)[0] == {
            "name": "eva",
            "role": "supervisor",
            "extension": "",
            "domain": DOMAIN,
            "language": "en",
            "password_hash": True,
        }
        told = listed + scene.daemon.log + scene.daemon.cli("audit", "--json").stdout
        assert not [word for word in (first, second, "argon2id") if word in told]
    finally:
        assert fluxcc("user", "remove", "eva").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_only_the_web_process_asks_on_behalf_of_others(make_daemon: Callable[..., Daemon]) -> None:
    """The kernel says who asks, and what is not in the line cannot be forged there."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        door = f"{folder}/control.sock"
        for web, is_permitted in (("fluxcc-web", False), ("nobody", True)):
            daemon = make_daemon(FLUXCC_CONTROL_SOCKET=door, FLUXCC_WEB_USER=web)
            daemon.start()
            daemon.operate("set", entry=USERS[0])
            sent = {"do": "set", "entry": {"kind": "group", "name": "sales"}}
            answer = as_nobody(door, sent | {"on_behalf_of": "supervisor:ana"})
            assert (answer["status"] == "ok") == is_permitted
            if is_permitted:
                assert daemon.audited(answer["reply"]["request"])["by"] == "supervisor:ana via web"
                # In its own name it may look and do nothing.
                assert as_nobody(door, sent)["error"] == "malformed: on_behalf_of is missing"
                assert as_nobody(door, {"do": "calls"})["reading"] == []
            else:
                assert answer["error"] == "malformed: on_behalf_of is not for this user"
                assert daemon.store.entries() == [USERS[0]]
                assert Group("sales") not in daemon.store.entries()
            daemon.stop()


def as_nobody(door: str, line: dict[str, Any]) -> Any:
    """The answer to a process of the user ``nobody``, who is in the socket's group."""
    printed = subprocess.run(
        [sys.executable, "-I", "-c", ASK, door, json.dumps(line)],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    return json.loads(printed.stdout)
