"""A host that is renamed, and a container that is made anew with the same volume."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.testing.daemon import Daemon

from .people import Person

NAMESPACE = ["unshare", "--map-root-user", "--uts"]


def on_host(name: str) -> list[str]:
    """Runs a command on a host of that name."""
    return [*NAMESPACE, "sh", "-c", f'hostname {name}; exec "$@"', "-"]


def why_not() -> str:
    """Why no host of another name can be had here; empty where it can."""
    if not shutil.which("unshare"):
        return "unshare (util-linux) is not installed"
    tried = subprocess.run(
        [*on_host("fluxcc-trial"), "true"], capture_output=True, text=True, check=False
    )
    return tried.stderr.strip()


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is no other host")
def test_everything_that_was_set_is_there_under_another_hosts_name(
    make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """Blocks, rooms and groups; and ``doctor`` says that the host has another name."""
    daemon = make_daemon()
    del daemon.environment["FLUXCC_PBX_NODE"]
    daemon.start(cold=True, wrapper=on_host("first"))
    assert daemon.cli("room", "add", "1000").code == 0
    assert daemon.cli("group", "set", "sales", "--survey", "on").code == 0
    assert daemon.cli("block", person.number).code == 0
    daemon.stop()
    daemon.start(cold=True, wrapper=on_host("second"))
    assert daemon.status()["node"] == "first"
    assert daemon.status()["blocks"] == 1
    assert [room["extension"] for room in daemon.cli("room", "list", "--json").json] == ["1000"]
    assert [group["name"] for group in daemon.cli("group", "list", "--json").json] == ["sales"]
    found = {f["code"]: f for f in daemon.cli("doctor", "--json").json["findings"]}
    assert found["host-renamed"]["facts"]["node"] == "first"
    assert "set pbx.node to first" in found["host-renamed"]["remedy"]
