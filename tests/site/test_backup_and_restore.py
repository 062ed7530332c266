"""The commands of docs/site.md for the database, each done once: a user and a database are created,
a backup is taken and restored, and takes the place of the former database while two PBXs run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from tests.site.test_two_pbxs import Pair, audited, blocked, labs, wait_blocked
from tests.testing.daemon import Daemon
from tests.testing.postgresql import find_program
from tests.testing.waiting import until

__all__ = ["labs"]

EQUAL = 10.0
"""Seconds within which all PBXs are the same after the database is back."""
BEFORE, AFTER, WHILE_AWAY = "+5531955550001", "+5531955550002", "+5531955550003"
FREED = "+5531955550004"


class Server:
    """PostgreSQL's own programs, against a server."""

    def __init__(self, url: str) -> None:
        self.folder = url.partition("host=")[2]

    def run(self, program: str, *arguments: str, as_user: str = "fluxcc") -> str:
        """What it prints; it must end well."""
        path = find_program(program)
        if path is None:
            pytest.skip(f"PostgreSQL's {program} is not installed")
        command = [path, "-h", self.folder, "-U", as_user, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def sql(self, statement: str) -> str:
        """As the administrator."""
        return self.run("psql", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qAtc", statement)

    def rename(self, name: str, new: str) -> None:
        """Give a database another name, as it is told in docs/site.md."""
        self.sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self.sql(f"ALTER DATABASE {name} RENAME TO {new}")
        self.sql(f"ALTER DATABASE {new} WITH ALLOW_CONNECTIONS true")


@pytest.fixture(scope="module")
def server(postgresql_server: str) -> Server:
    """With the user and the database of the set-up."""
    there = Server(postgresql_server)
    there.run("createuser", "backed")
    there.run("createdb", "--owner", "backed", "backed")
    return there


@pytest.fixture
def pair(labs: tuple[Lab, Lab], server: Server, tmp_path: Path) -> Iterator[Pair]:
    """A site of two nodes, which run, in a database of its own user's."""
    url = f"postgresql+psycopg://backed@/backed?host={server.folder}"
    daemons = []
    with ExitStack() as opened:
        for number, lab in enumerate(labs, 1):
            folder = tmp_path / f"pbx{number}"
            folder.mkdir()
            settings = {"FLUXCC_SITE_URL": url, "FLUXCC_PBX_NODE": f"pbx{number}"}
            daemons.append(Daemon(lab, folder, settings))
            opened.callback(daemons[-1].close)
            daemons[-1].start()
        yield Pair(*daemons)


def all_blocked(daemon: Daemon) -> set[str]:
    """The numbers that are blocked there."""
    found = {BEFORE, AFTER, WHILE_AWAY, FREED}
    return {number for number in found if blocked(daemon, number)}


@pytest.mark.slow
def test_a_restored_backup_takes_the_place_of_the_former_database_while_two_pbxs_run(
    pair: Pair, server: Server, tmp_path: Path
) -> None:
    here, there = pair
    for number in (BEFORE, FREED):
        assert here.cli("block", number).code == 0
        wait_blocked(there, number)
    backup = str(tmp_path / "fluxcc.dump")
    server.run("pg_dump", "-Fc", "-f", backup, "backed", as_user="backed")
    # What follows is not in the backup.
    assert there.cli("block", AFTER).code == 0
    wait_blocked(here, AFTER)
    assert there.cli("unblock", FREED).code == 0
    until(lambda: not blocked(here, FREED), "it is free", EQUAL)
    server.run("createdb", "--owner", "backed", "restored")
    server.run("pg_restore", "-d", "restored", backup, as_user="backed")

    server.rename("backed", "former")
    assert here.cli("block", WHILE_AWAY).code == 0
    server.rename("restored", "backed")
    wanted = {BEFORE, AFTER, WHILE_AWAY}
    until(
        lambda: all_blocked(here) == all_blocked(there) == wanted,
        lambda: f"{all_blocked(here)} {all_blocked(there)} {here.log} {there.log}",
        EQUAL,
    )
    # History, too, of before and after the backup.
    until(
        lambda: {row["number"] for row in audited(there)} >= wanted | {FREED},
        lambda: here.log + there.log,
        EQUAL,
    )
    for daemon in pair:
        assert daemon.cli("site", "status", "--json").json["failure"] == ""
    server.sql("DROP DATABASE former")


@pytest.mark.slow
def test_an_empty_database_is_filled_by_the_pbxs(pair: Pair, server: Server) -> None:
    here, there = pair
    first, second = "+5531955550005", "+5531955550006"
    assert here.cli("block", first).code == 0
    wait_blocked(there, first)
    server.run("createdb", "--owner", "backed", "empty")
    server.rename("backed", "lost")
    server.rename("empty", "backed")
    assert there.cli("block", second).code == 0
    wait_blocked(here, second)
    held = "SELECT key FROM site_registers WHERE kind = 'block'"

    def keys() -> set[str]:
        return set(server.run("psql", "-d", "backed", "-qAtc", held, as_user="backed").split())

    # The second was told to it, so its tables are there.
    until(lambda: keys() >= {first, second}, lambda: here.log + there.log, EQUAL)
    server.sql("DROP DATABASE lost WITH (FORCE)")
