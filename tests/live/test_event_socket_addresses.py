"""On which addresses FreeSWITCH's event socket is reached, and whom its ACL admits."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fluxcc.domain.errors import AddressRefusedError
from fluxcc.lab.freeswitch import FreeSwitch, find_freeswitch
from fluxcc.lab.layout import CONFIGURATION
from fluxcc.lab.ports import PortBlock
from fluxcc.lab.processes import ProcessGroup
from fluxcc.lab.real import why_unavailable
from fluxcc.pbx.switch import Address, Switch

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable())),
]
LISTEN = '<param name="listen-ip" value="127.0.0.1"/>'
ACL = '<param name="apply-inbound-acl" value="{}"/>'
Listening = Callable[[str], int]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    """Starts a FreeSWITCH that listens on ``::`` with this ACL, empty for its own; the port."""
    binary = find_freeswitch()
    assert binary is not None
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with ExitStack() as opened:
        ports = PortBlock()
        opened.callback(ports.release)

        def listen(acl: str) -> int:
            configuration = shutil.copytree(CONFIGURATION, tmp_path / "source")
            file = configuration / "autoload_configs" / "core.conf.xml"
            params = LISTEN.replace("127.0.0.1", "::") + (ACL.format(acl) if acl else "")
            file.write_text(file.read_text().replace(LISTEN, params))
            folder = tmp_path / "freeswitch"
            folder.mkdir()
            processes = ProcessGroup(folder)
            opened.callback(processes.kill)
            FreeSwitch(
                binary,
                folder,
                ports=ports,
                password="secret",
                processes=processes,
                configuration=configuration,
            ).start()
            return ports.event_socket

        yield listen


def connect(host: str, port: int) -> None:
    """As the daemon does."""
    switch = Switch(Address(host, port, "secret"))
    try:
        switch.connect(lambda _body: None)
        assert switch.clock() > 0
    finally:
        switch.disconnect()


def test_the_loopback_acl_admits_either_address(listening: Listening) -> None:
    """FreeSWITCH sees ``::ffff:127.0.0.1`` then, and takes it for what it is."""
    port = listening("")
    for host in ("127.0.0.1", "::1", "localhost"):
        connect(host, port)


def test_an_acl_of_ipv4_alone_is_told_with_the_address_that_it_lacks(listening: Listening) -> None:
    port = listening("127.0.0.0/8")
    connect("127.0.0.1", port)
    with pytest.raises(AddressRefusedError, match=r"at \[::1\]:\d+ refuses .* address ::1 "):
        connect("::1", port)
