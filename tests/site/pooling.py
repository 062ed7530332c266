"""A PgBouncer in transaction mode in front of a site's server."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.site.servers import Server
from tests.testing.ports import free_port
from tests.testing.postgresql import find_program
from tests.testing.waiting import until

CONNECTIONS = 8
"""To the server; the clients have more."""


@contextmanager
def pooled(server: Server) -> Iterator[str]:
    """The URL of the server's database through a pooler, in a ``with``."""
    program = find_program("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="fluxcc-pool-"))
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        "[databases]\n"
        f"postgres = host=127.0.0.1 port={server.port} dbname=postgres user=fluxcc\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\nmax_client_conn = 500\n"
        f"default_pool_size = {CONNECTIONS}\nserver_login_retry = 1\n"
    )
    folder.chmod(0o755)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([*server.prefix, program, settings], stderr=output)
    try:
        until(lambda: b"process up" in log.read_bytes(), log.read_text)
        yield server.url.replace(f":{server.port}/", f":{port}/")
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
