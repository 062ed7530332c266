"""The commands of docs/site.md for a standby, each done once: it begins as a copy of the primary,
takes over when that is lost, and both PBXs go on with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from tests.site.test_two_pbxs import Pair, labs, wait_blocked
from tests.testing.daemon import Daemon
from tests.testing.ports import free_port
from tests.testing.postgresql import find_program, find_unprivileged_user
from tests.testing.waiting import until

__all__ = ["labs"]

FOUND_AGAIN = 10.0
"""Seconds within which the PBXs agree again after the standby was promoted."""
BEFORE, AFTER = "+5531955560001", "+5531955560002"
PASSWORD = "a-password"


class Cluster:
    """One server with a folder of its own, run by PostgreSQL's own programs."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        self._folder = folder
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            user = find_unprivileged_user()
            os.chown(folder, user.pw_uid, user.pw_gid)
            ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
            self._prefix = ["setpriv", *ids, "--clear-groups"]

    def run(self, program: str, *arguments: str) -> None:
        """Run one of them; it must end well."""
        path = find_program(program)
        if path is None:
            pytest.skip(f"PostgreSQL's {program} is not installed")
        # Not a pipe: the server that is started would keep it open.
        with (self._folder / "output").open("w+") as output:
            code = subprocess.run(
                [*self._prefix, path, *arguments],
                check=False,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env={**os.environ, "PGPASSWORD": PASSWORD},
            ).returncode
            output.seek(0)
            assert code == 0, (program, output.read())

    def client(self, program: str, *arguments: str) -> None:
        """Run one that connects as the administrator, by the socket."""
        reach = ["-h", str(self._folder), "-p", str(self.port), "-U", "postgres"]
        self.run(program, *reach, *arguments)

    def control(self, command: str, *arguments: str) -> None:
        """``pg_ctl``."""
        self.run("pg_ctl", command, "-D", str(self.data), "-w", *arguments)

    def start(self) -> None:
        """Begin to serve, on loopback."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        self.control("start", "-o", options, "-l", str(self._folder / "log"))


@pytest.fixture
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary with the user and database of the set-up, and a standby that follows it."""
    if find_program("pg_ctl") is None:
        pytest.skip("PostgreSQL is not installed")
    with ExitStack() as opened:
        folders = [Path(tempfile.mkdtemp(prefix="fluxcc-pg-")) for _ in range(2)]
        for folder in folders:
            opened.callback(shutil.rmtree, folder)
        primary, standby = map(Cluster, folders)
        methods = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        primary.run("initdb", "-D", str(primary.data), "-U", "postgres", "--no-sync", *methods)
        primary.start()
        opened.callback(_stop, primary)
        primary.client("createuser", "fluxcc")
        primary.client("createdb", "--owner", "fluxcc", "fluxcc")
        primary.client("createuser", "--replication", "replica")
        for user in ("fluxcc", "replica"):
            set_password = f"ALTER ROLE {user} PASSWORD '{PASSWORD}'"
            primary.client("psql", "-d", "postgres", "-c", set_password)
        with (primary.data / "pg_hba.conf").open("a") as rules:
            rules.write("host replication replica 127.0.0.1/32 scram-sha-256\n")
        primary.control("reload")
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "replica"]
        place = [
            "-D",
            str(standby.data),
            "-R",
            "--slot",
            "db2",
            "--create-slot",
            "--checkpoint=fast",
        ]
        standby.run("pg_basebackup", *source, *place)
        standby.start()
        opened.callback(_stop, standby)
        yield primary, standby


def _stop(cluster: Cluster) -> None:
    if (cluster.data / "postmaster.pid").exists():
        cluster.control("stop", "-m", "immediate")


@pytest.fixture
def pair(
    labs: tuple[Lab, Lab], clusters: tuple[Cluster, Cluster], tmp_path: Path
) -> Iterator[Pair]:
    """Two PBXs that know both servers."""
    ports = ",".join(str(cluster.port) for cluster in clusters)
    hosts = f"host=127.0.0.1,127.0.0.1&port={ports}"
    url = f"postgresql+psycopg://fluxcc:{PASSWORD}@/fluxcc?{hosts}"
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


@pytest.mark.slow
def test_both_pbxs_go_on_with_a_standby_that_was_promoted(
    pair: Pair, clusters: tuple[Cluster, Cluster]
) -> None:
    here, there = pair
    primary, standby = clusters
    assert here.cli("block", BEFORE).code == 0
    wait_blocked(there, BEFORE)
    primary.control("stop", "-m", "immediate")
    assert here.cli("block", AFTER).code == 0
    standby.control("promote")
    wait_blocked(there, AFTER)
    wait_blocked(there, BEFORE)
    until(
        lambda: all(d.cli("site", "status", "--json").json["failure"] == "" for d in pair),
        lambda: here.log + there.log,
        FOUND_AGAIN,
    )
    codes = {finding["code"] for finding in here.cli("doctor", "--json").json["findings"]}
    assert not {code for code in codes if code.startswith("site-")}
