#!/usr/bin/env python3
"""The package's life, from installation to purge, on a machine with systemd that is thrown away.

Counterpart: ``test-deb``, which makes that machine. The steps build on each other; the first that
fails ends it, with exit code 1. FreeSWITCH is played by the package's own simulator.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

ROOT = Path("/root")
CONFIGURATION = Path("/etc/fluxcc/fluxcc.toml")
SECRET = Path("/etc/fluxcc/esl.password")
DATABASE = Path("/var/lib/fluxcc/fluxcc.db")
STORAGE = Path("/var/lib/freeswitch/storage")
PYTHON = "/opt/fluxcc/bin/python"
PASSWORD = "not-ClueCon"
NUMBER = "+5511988887777"
PAGE = "http://127.0.0.1:8137"
LOG_IN = "a long password"
LIMIT = 600
"""Seconds that a command may take; a new release on a busy machine takes minutes."""
OVERRIDE = Path("/run/systemd/system/fluxcc.service.d/test.conf")

SIMULATOR = """
from fluxcc.kit import find_kit
from fluxcc.lab.simulated import SimulatedLab
lab = SimulatedLab()
lab.password = input()
with lab:
    lab.install_kit(find_kit())
    print(lab.port, flush=True)
    input()
"""
OLD_STORE = """
from alembic import command
from alembic.script import ScriptDirectory
from fluxcc.store import migrations
from fluxcc.store.engines import create_writer, parse_url
with create_writer(parse_url("sqlite:////var/lib/fluxcc/fluxcc.db")).begin() as connection:
    config = migrations._config()
    config.attributes["connection"] = connection
    command.upgrade(config, ScriptDirectory.from_config(config).get_base())
"""
IS_CURRENT = """
from fluxcc.store.upkeep import is_current
print(is_current("sqlite:////var/lib/fluxcc/fluxcc.db"))
"""


def run(*command: str, user: str = "", fails: bool = False) -> str:
    """What a command prints; it has to succeed, or to fail."""
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    done = subprocess.run(
        [*as_user, *command], capture_output=True, text=True, timeout=LIMIT, cwd="/", check=False
    )
    if fails != (done.returncode != 0):
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def apt(*arguments: str) -> str:
    """Nobody is asked anything; a changed configuration is kept."""
    keep = "Dpkg::Options::=--force-confold"
    return run("apt-get", "--quiet", "--yes", "--option", keep, *arguments)


def prop(name: str, unit: str = "fluxcc") -> str:
    """One of systemd's properties of a service."""
    return run("systemctl", "show", "--value", "--property", name, unit).strip()


def until(look: Callable[[], object], what: str, timeout: float = 20) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + timeout
    while not look():
        if time.monotonic() > deadline:
            journal = run("journalctl", "--unit=fluxcc", "--no-pager", "--lines=40")
            raise AssertionError(f"not within {timeout:g} s: {what}\n{journal}")
        time.sleep(0.1)


def status(user: str = "") -> dict[str, object]:
    """What the daemon says of itself."""
    document: dict[str, object] = json.loads(run("fluxcc", "--json", "status", user=user))
    return document


class Simulator:
    """A FreeSWITCH with the package's kit; installed packages may come and go under it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> int:
        """Start it; its event socket's port."""
        self._process = subprocess.Popen(
            [PYTHON, "-c", SIMULATOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{PASSWORD}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate("\n")


def make_older(deb: Path) -> Path:
    """A package that this one upgrades: it has a lower version, another conffile, and a file that
    is no more."""
    tree = ROOT / "older"
    run("dpkg-deb", "--raw-extract", str(deb), str(tree))
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*", "Version: 0.0.1", control.read_text()))
    with (tree / "etc/fluxcc/fluxcc.toml").open("a") as file:
        file.write("# An older version's.\n")
    (tree / "opt/fluxcc/obsolete").touch()
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(ROOT))
    shutil.rmtree(tree)
    return next(ROOT.glob("fluxcc_0.0.1_*.deb"))


def leftovers() -> list[str]:
    """Every path with our name in it, but for the package's own file and what remembers."""
    places = ("/etc", "/lib/systemd", "/opt", "/run", "/usr", "/var")
    places = tuple(filter(os.path.exists, places))
    found = run("find", *places, "-xdev", "-name", "*fluxcc*").splitlines()
    remembering = ("/var/log", "/var/cache", "/usr/src")
    return [path for path in found if not path.startswith(remembering)]


def installs(deb: Path) -> None:
    """A fresh installation runs, enabled, and waits for a FreeSWITCH; nobody else may look in."""
    apt("install", str(deb))
    until(lambda: prop("StatusText").startswith("No link to FreeSWITCH"), "it looks for FreeSWITCH")
    assert (prop("ActiveState"), prop("UnitFileState")) == ("active", "enabled")
    for path, owner, mode in (
        (CONFIGURATION.parent, "root", 0o750),
        (CONFIGURATION, "root", 0o640),
        (SECRET, "root", 0o600),
        (DATABASE.parent, "fluxcc", 0o750),
        (DATABASE, "fluxcc", 0o640),
        (Path("/run/fluxcc/control.sock"), "fluxcc", 0o660),
    ):
        found = path.stat()
        assert (pwd.getpwuid(found.st_uid).pw_name, found.st_mode & 0o777) == (owner, mode), path
    run("dpkg", "--verify", "fluxcc")
    assert "fluxcc, version" in run("fluxcc", "--version")
    assert "pranks" in run("sh", "-c", "zcat /usr/share/man/man1/fluxcc.1.gz")
    script = "/usr/share/bash-completion/completions/fluxcc"
    words = f"source {script}; COMP_WORDS=(fluxcc bl); COMP_CWORD=1; _fluxcc_completion fluxcc"
    assert "block" in run("bash", "-c", f"{words}; echo ${{COMPREPLY[*]}}")
    run("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/fluxcc.service")


def connects(simulator: Simulator) -> None:
    """Two lines are edited, and it is connected; the password is nowhere to be seen."""
    port = simulator.start()
    CONFIGURATION.write_text(CONFIGURATION.read_text().replace("#port = 8021", f"port = {port}"))
    SECRET.write_text(f"{PASSWORD}\n")
    run("systemctl", "restart", "fluxcc")
    until(lambda: prop("StatusText") == "Connected to FreeSWITCH", "it is connected")
    pid = prop("MainPID")
    for file in ("environ", "cmdline"):
        assert PASSWORD.encode() not in Path(f"/proc/{pid}/{file}").read_bytes()
    run("cat", str(SECRET), user="fluxcc", fails=True)


def serves_operators() -> None:
    """A member of the group may use it and is known by name; nobody else may."""
    run("adduser", "--quiet", "--disabled-password", "--gecos", "", "anna")
    run("fluxcc", "status", user="anna", fails=True)
    run("adduser", "--quiet", "anna", "fluxcc")
    assert status(user="anna")["connected"] is True
    run("fluxcc", "block", NUMBER, "--reason", "test", user="anna")
    assert NUMBER in run("fluxcc", "blocks", user="anna")
    assert "anna" in run("fluxcc", "audit")


def serves_the_page() -> None:
    """Off as delivered. With an address it serves, as a user of its own who has no password of
    FreeSWITCH's, and acts on behalf of its users; a restart logs nobody out."""
    assert prop("UnitFileState", "fluxcc-web") == "disabled"
    run("systemctl", "start", "fluxcc-web", fails=True)
    assert prop("ExecMainStatus", "fluxcc-web") == "78"
    text = CONFIGURATION.read_text()
    assert text.count('#listen = ""') == 1
    listen = PAGE.removeprefix("http://")
    CONFIGURATION.write_text(text.replace('#listen = ""', f'listen = "{listen}"'))
    run("sh", "-c", f"echo '{LOG_IN}' | fluxcc user add ana --role admin")
    token = json.loads(run("fluxcc", "--json", "token", "add", "ci", "--role", "supervisor"))
    run("systemctl", "enable", "--now", "fluxcc-web")
    user = pwd.getpwnam("fluxcc-web").pw_uid
    assert Path(f"/proc/{prop('MainPID', 'fluxcc-web')}").stat().st_uid == user
    run("cat", str(SECRET), user="fluxcc-web", fails=True)
    run("touch", str(DATABASE), user="fluxcc-web", fails=True)
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    form = browser.open(f"{PAGE}/login").read().decode()
    (csrf,) = re.findall('name="csrf_token" value="([^"]*)"', form)
    fields = {"user": "ana", "password": LOG_IN, "csrf_token": csrf}
    assert browser.open(f"{PAGE}/login", urlencode(fields).encode()).url == f"{PAGE}/"
    asked = Request(f"{PAGE}/api/v1/blocks", b'{"number": "11977776666"}')
    asked.add_header("Authorization", f"Bearer {token['token']}")
    asked.add_header("Content-Type", "application/json")
    assert json.loads(urlopen(asked).read())["code"] == "blocked"
    assert "supervisor:token/ci via web" in run("fluxcc", "audit")
    run("systemctl", "restart", "fluxcc-web")
    assert browser.open(f"{PAGE}/users").url == f"{PAGE}/users"
    # The records are there also while the daemon is not.
    run("systemctl", "stop", "fluxcc")
    audit = browser.open(f"{PAGE}/audit").read().decode()
    assert "11977776666" in re.sub(r"\D", "", audit)
    run("systemctl", "start", "fluxcc")
    until(lambda: status()["connected"], "it is connected again")
    run("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/fluxcc-web.service")


def page_answers() -> bool:
    """Whether the page's process is there, and wants a log-in."""
    try:
        urlopen(f"{PAGE}/api/v1/status")
    except HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return False


def takes_answers_in() -> None:
    """It may list FreeSWITCH's storage folder and take the answers out of it, although these are
    another user's, and nothing else of FreeSWITCH's."""
    run(
        "adduser",
        "--quiet",
        "--system",
        "--ingroup",
        "freeswitch",
        "--no-create-home",
        "freeswitch",
    )
    STORAGE.mkdir(parents=True)
    left, message, database = (
        STORAGE / "fluxcc-survey-1.done",
        STORAGE / "msg.wav",
        STORAGE.parent / "db",
    )
    for path, mode in (
        (left, 0o660),
        (message, 0o600),
        (database, 0o600),
        (STORAGE, 0o750),
        (STORAGE.parent, 0o700),
    ):
        if not path.is_dir():
            path.write_text("{}\n")
        shutil.chown(path, "freeswitch", "freeswitch")
        path.chmod(mode)
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text.replace('#spool = ""', f'spool = "{STORAGE}"'))
    run("systemctl", "restart", "fluxcc")
    until(lambda: not left.exists(), "it has taken the file")
    for path in (message, database):
        run("cat", str(path), user="fluxcc", fails=True)
    run("ls", str(STORAGE.parent), user="fluxcc", fails=True)
    shutil.rmtree(STORAGE.parent)


def is_restarted(times: int) -> bool:
    """Whether it is ready again after so many restarts."""
    return (prop("NRestarts"), prop("ActiveState")) == (str(times), "active")


def is_watched() -> None:
    """A stuck one is started again, and so is one that was killed."""
    OVERRIDE.parent.mkdir(parents=True)
    OVERRIDE.write_text("[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\nRestartSec=100ms\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "fluxcc")
    for restarts, signal in enumerate(("STOP", "KILL")):
        assert prop("NRestarts") == str(restarts)
        run("systemctl", "kill", f"--signal={signal}", "--kill-who=main", "fluxcc")
        until(partial(is_restarted, restarts + 1), f"it is started again after SIG{signal}")
    time.sleep(4)
    assert prop("NRestarts") == "2", "a working one was restarted"
    until(lambda: status()["connected"], "it is connected again")
    assert NUMBER in run("fluxcc", "blocks")


def waits_for_a_person() -> None:
    """With a wrong password it is not started again until somebody does so; a reload is none."""
    run("systemctl", "reload", "fluxcc")
    assert status()["connected"] is True
    SECRET.write_text("wrong\n")
    run("systemctl", "restart", "fluxcc")
    until(lambda: prop("ActiveState") == "failed", "it gives up")
    assert prop("ExecMainStatus") == "78"
    time.sleep(1)
    assert prop("ActiveState") == "failed"
    SECRET.write_text(f"{PASSWORD}\n")
    run("systemctl", "restart", "fluxcc")
    until(lambda: prop("StatusText") == "Connected to FreeSWITCH", "it is connected")


def stops_at_once() -> None:
    """Two seconds, and no complaint of what the unit forbids in the journal."""
    asked = time.monotonic()
    run("systemctl", "stop", "fluxcc")
    assert time.monotonic() - asked < 2
    assert (prop("Result"), prop("ExecMainStatus")) == ("success", "0")
    journal = run("journalctl", "--unit=fluxcc", "--no-pager")
    for complaint in ("Operation not permitted", "Read-only file system", "Traceback"):
        assert complaint not in journal, journal


def upgrades(deb: Path) -> None:
    """The changed configuration is kept, the store of an older version migrated."""
    configuration = CONFIGURATION.read_text()
    for file in DATABASE.parent.glob("fluxcc.db*"):
        file.unlink()
    run("touch", str(DATABASE), user="fluxcc")
    run(PYTHON, "-c", OLD_STORE, user="fluxcc")
    assert run(PYTHON, "-c", IS_CURRENT, user="fluxcc").strip() == "False"
    apt("install", str(deb))
    until(lambda: prop("StatusText") == "Connected to FreeSWITCH", "it is connected")
    assert run(PYTHON, "-c", IS_CURRENT, user="fluxcc").strip() == "True"
    assert CONFIGURATION.read_text() == configuration
    assert not Path("/opt/fluxcc/obsolete").exists()
    run("fluxcc", "block", NUMBER)
    until(page_answers, "the page is there again")


def is_removed(deb: Path) -> None:
    """Configuration and store stay; installed again, it goes on where it was."""
    apt("remove", "fluxcc")
    assert (prop("ActiveState"), prop("ActiveState", "fluxcc-web")) == ("inactive", "inactive")
    assert not Path("/opt/fluxcc").exists()
    assert CONFIGURATION.exists()
    assert DATABASE.exists()
    apt("install", str(deb))
    until(lambda: prop("StatusText") == "Connected to FreeSWITCH", "it is connected")
    assert NUMBER in run("fluxcc", "blocks")


def is_purged() -> None:
    """Nothing is left but the user, whose number must not become somebody else's."""
    if OVERRIDE.exists():
        OVERRIDE.unlink()
        OVERRIDE.parent.rmdir()
    apt("purge", "fluxcc")
    assert leftovers() == []


def release() -> str:
    """The Debian that this is: ``bookworm``."""
    (name,) = re.findall(r"(?m)^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())
    return str(name)


def python_of_the_daemon() -> str:
    """The program that runs the daemon: ``python3.11``."""
    return Path(f"/proc/{prop('MainPID')}/exe").resolve().name


def has_what_it_compiled(version: str) -> None:
    """For this Python and for no other one: nobody can write there when a command starts."""
    compiled = run("find", "/opt/fluxcc", "-name", "*.pyc").splitlines()
    assert compiled
    assert {path.split("/python")[1].split("/")[0] for path in compiled} == {version}


def is_blocking() -> None:
    """A number is blocked, which the next release has to know."""
    assert (release(), python_of_the_daemon()) == ("bookworm", "python3.11")
    run("fluxcc", "block", NUMBER, "--reason", "before")
    run("fluxcc", "group", "set", "sales", "--survey", "on")


def goes_to_the_next_release(simulator: Simulator) -> None:
    """As Debian's release notes say. The package stays as it is; the daemon goes on, on the next
    Python, with its store and its configuration."""
    configuration, installed = CONFIGURATION.read_text(), run("dpkg-query", "--show", "fluxcc")
    for file in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").iterdir()):
        if file.is_file():
            file.write_text(file.read_text().replace("bookworm", "trixie"))
    apt("update")
    apt("full-upgrade")
    assert release() == "trixie"
    apt("autoremove", "--purge")
    assert run("dpkg-query", "--show", "fluxcc") == installed
    until(lambda: python_of_the_daemon() == "python3.13", "it runs on the next Python")
    # It was imported by the former Python, which is removed.
    simulator.stop()
    CONFIGURATION.write_text(
        re.sub(r"(?m)^port = .*", f"port = {simulator.start()}", configuration)
    )
    run("systemctl", "restart", "fluxcc")
    until(lambda: prop("StatusText") == "Connected to FreeSWITCH", "it is connected")
    assert NUMBER in run("fluxcc", "blocks")
    assert "sales" in run("fluxcc", "group", "list")
    assert "before" in run("fluxcc", "audit")


LIFE, RELEASE = "life", "release"
"""The stories: one release's life, and the way to the next release."""


def main() -> None:
    """Every step of a story, each with the time that it took."""
    os.environ |= {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    story, new = sys.argv[1], Path(sys.argv[2])
    simulator = Simulator()
    if story == LIFE:
        old = make_older(new)
        steps = (
            partial(installs, old),
            partial(has_what_it_compiled, f"3.{sys.version_info.minor}"),
            partial(connects, simulator),
            serves_operators,
            serves_the_page,
            takes_answers_in,
            is_watched,
            waits_for_a_person,
            stops_at_once,
            partial(upgrades, new),
            partial(is_removed, new),
            is_purged,
        )
    else:
        steps = (
            partial(installs, new),
            partial(connects, simulator),
            is_blocking,
            partial(goes_to_the_next_release, simulator),
            partial(has_what_it_compiled, "3.13"),
            stops_at_once,
            is_purged,
        )
    for step in steps:
        began = time.monotonic()
        step()
        name = step.func.__name__ if isinstance(step, partial) else step.__name__
        print(f"test-deb: {name.replace('_', ' ')}: {time.monotonic() - began:.1f} s", flush=True)
    simulator.stop()


if __name__ == "__main__":
    main()
