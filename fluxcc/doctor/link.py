"""The event socket: whether it answers, with which password, on which addresses, and whether it
lists its calls."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from fluxcc.config import STOCK_PASSWORD
from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import AddressRefusedError, LinkRefusedError
from fluxcc.marking import _

SOCKET_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Where Linux shows its sockets."""
LISTENING = "0A"
"""The state there of a socket that accepts connections."""


def check_link(installation: Installation) -> Iterator[Finding]:
    """FreeSWITCH's event socket accepts a connection with the configured password."""
    pbx, error = installation.settings.pbx, installation.link_error
    if isinstance(error, AddressRefusedError):
        yield grave(
            "address-refused",
            "{reason}.",
            _(
                "Let the ACL that event_socket.conf.xml names (apply-inbound-acl) have that"
                " address; loopback.auto has 127.0.0.1 and ::1. Or set pbx.host to the one of"
                " 127.0.0.1 and ::1 that it has."
            ),
            reason=error,
        )
    elif isinstance(error, LinkRefusedError):
        yield grave(
            "password-refused",
            _("FreeSWITCH refuses the password."),
            _(
                "Set pbx.password or pbx.password_file to the password in FreeSWITCH's"
                " autoload_configs/event_socket.conf.xml."
            ),
        )
    elif error is not None:
        yield grave(
            "pbx-unreachable",
            _("FreeSWITCH does not answer on {host}:{port} ({reason})."),
            _(
                "Start FreeSWITCH (systemctl start freeswitch), load mod_event_socket, and compare"
                " pbx.host and pbx.port with event_socket.conf.xml."
            ),
            host=pbx.host,
            port=pbx.port,
            reason=error,
        )


def check_password(installation: Installation) -> Iterator[Finding]:
    """The password is not FreeSWITCH's stock one."""
    if installation.settings.pbx.password == STOCK_PASSWORD and installation.link_error is None:
        yield warning(
            "stock-password",
            _("The event socket's password is the one FreeSWITCH is delivered with."),
            _(
                "Choose another in event_socket.conf.xml and in pbx.password_file, and restart"
                " FreeSWITCH: whoever knows it can run any command."
            ),
        )


def check_listener(installation: Installation) -> Iterator[Finding]:
    """The event socket is not to be reached from the network."""
    addresses = set()
    if installation.is_beside_pbx:
        addresses = listening(_read_tables(), installation.settings.pbx.port)
    if not addresses:
        addresses = {installation.pbx.listen_ip()} - {""}
    beyond = sorted(address for address in addresses if not is_loopback(address))
    if beyond:
        yield warning(
            "listens-beyond-loopback",
            _("The event socket listens on {address}, beyond this machine."),
            _(
                "Set listen-ip to 127.0.0.1 in event_socket.conf.xml and restart FreeSWITCH, or let"
                " apply-inbound-acl and a firewall name who may connect."
            ),
            address=", ".join(beyond),
        )


def check_listing(installation: Installation) -> Iterator[Finding]:
    """FreeSWITCH lists its calls, which a daemon that connects has to ask for."""
    if not installation.pbx.lists_calls():
        yield warning(
            "calls-not-listed",
            _(
                "FreeSWITCH runs with -nosql and does not list its calls: those that begin while"
                " the daemon is not connected stay unknown, and nothing can be done with them."
            ),
            _(
                "Start FreeSWITCH without -nosql. Blocks hold all the same, and calls that began"
                " while the daemon was connected are found again."
            ),
        )


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address == "localhost"
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def listening(tables: list[str], port: int) -> set[str]:
    """The addresses on which a process listens on a port, by the text of /proc/net/tcp and tcp6."""
    found = set()
    for table in tables:
        for line in table.splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == LISTENING:
                address, _colon, number = fields[1].partition(":")
                if int(number, 16) == port:
                    found.add(read_address(address))
    return found


def read_address(text: str) -> str:
    """``0100007F`` → ``127.0.0.1``: the kernel prints words of 32 bits in the machine's order."""
    raw = bytes.fromhex(text)
    words = [raw[start : start + 4][::-1] for start in range(0, len(raw), 4)]
    return str(ipaddress.ip_address(b"".join(words)))


def _read_tables() -> list[str]:
    return [table.read_text() for table in SOCKET_TABLES if table.exists()]
