"""The way to FreeSWITCH: the connection, its password, and who else reaches the event socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxcc.config import PbxSettings, Settings
from fluxcc.doctor import link
from fluxcc.domain.errors import AddressRefusedError, LinkLostError, LinkRefusedError, PbxError

from .builders import FAR, FakeInquiry, codes, installation

TCP = """  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F55 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   2: 0A00000A:1F55 0A00000B:9999 01 00000000:00000000 00:00000000 00000000     0        0 1
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F55 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0
"""


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the kernel shows its sockets; none so far."""
    file = tmp_path / "tcp"
    monkeypatch.setattr(link, "SOCKET_TABLES", (file, tmp_path / "tcp6"))
    return file


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LinkRefusedError("FreeSWITCH refused the password (-ERR invalid)"), "password-refused"),
        (AddressRefusedError("FreeSWITCH refuses ::1, its ACL"), "address-refused"),
        (LinkLostError("no connection"), "pbx-unreachable"),
    ],
)
def test_a_missing_link_is_reported_with_its_reason(error: PbxError, code: str) -> None:
    assert codes(link.check_link(installation(error))) == [code]


def test_a_link_that_is_there_is_right() -> None:
    assert codes(link.check_link(installation())) == []


@pytest.mark.parametrize(("password", "expected"), [("ClueCon", ["stock-password"]), ("x", [])])
def test_the_stock_password_is_warned_of(password: str, expected: list[str]) -> None:
    settings = Settings(pbx=PbxSettings(password=password))
    assert codes(link.check_password(installation(settings=settings))) == expected


def test_a_password_that_was_not_tried_is_not_judged() -> None:
    settings = Settings(pbx=PbxSettings(password="ClueCon"))
    assert codes(link.check_password(installation(LinkLostError("gone"), settings=settings))) == []


def test_who_listens_is_read_from_the_kernels_tables() -> None:
    assert link.listening([TCP], 8021) == {"127.0.0.1"}
    assert link.listening([TCP, TCP6], 8021) == {"127.0.0.1", "::"}
    assert link.listening([TCP, TCP6], 8080) == {"0.0.0.0", "::1"}
    assert link.listening(["", TCP], 1) == set()


@pytest.mark.parametrize(
    ("address", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.5.5.5", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("::", False),
        ("0.0.0.0", False),
        ("10.0.0.5", False),
        ("$${local_ip_v4}", False),
    ],
)
def test_loopback_is_known(address: str, is_own: bool) -> None:
    assert link.is_loopback(address) is is_own


@pytest.mark.parametrize(
    ("address", "expected"), [("0100007F", []), ("00000000", ["listens-beyond-loopback"])]
)
def test_the_kernel_says_where_a_freeswitch_on_this_machine_listens(
    sockets: Path, address: str, expected: list[str]
) -> None:
    sockets.write_text(TCP.splitlines()[0] + f"\n   0: {address}:1F55 00000000:0000 0A 0\n")
    # What its configuration says was perhaps written after it started.
    inquiry = FakeInquiry(listen_ip="10.0.0.5")
    assert codes(link.check_listener(installation(inquiry))) == expected


@pytest.mark.usefixtures("sockets")
def test_where_the_kernel_says_nothing_the_configuration_does() -> None:
    inquiry = FakeInquiry(listen_ip="::")
    assert codes(link.check_listener(installation(inquiry))) == ["listens-beyond-loopback"]
    assert codes(link.check_listener(installation(FakeInquiry(listen_ip="::1")))) == []


def test_the_sockets_of_this_machine_say_nothing_of_a_far_freeswitch(sockets: Path) -> None:
    sockets.write_text(TCP.splitlines()[0] + "\n   0: 00000000:1F55 00000000:0000 0A 0\n")
    wide = FakeInquiry(listen_ip="::")
    assert codes(link.check_listener(installation(wide, settings=FAR))) == [
        "listens-beyond-loopback"
    ]
    assert codes(link.check_listener(installation(FakeInquiry(), settings=FAR))) == []
