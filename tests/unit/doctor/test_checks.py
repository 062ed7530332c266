"""Single checks, with a FreeSWITCH that answers what the test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from fluxcc import __version__
from fluxcc.config import PbxSettings, Settings, StoreSettings, SurveySettings
from fluxcc.doctor import daemon, destinations, gate, kit, link, spool, store
from fluxcc.doctor.checks import CHECKS, misconfigured, run_checks
from fluxcc.doctor.finding import Finding, State
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import (
    Fault,
    LinkLostError,
    LinkRefusedError,
    PbxError,
    StoreUnavailableError,
)
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from fluxcc.kit import find_kit
from fluxcc.pbx.inquiry import Inquiry, Profile
from fluxcc.protocol.operators import DaemonStatus
from tests.fakes import NOW

GATE = (
    '<extension name="fluxcc_gate" kit_version="1"><condition field="caller_id_number">'
    '<action application="hangup"/></condition></extension>'
)
OTHER = '<extension name="other"><condition field="a"/></extension>'
STATUS = DaemonStatus(
    version=__version__,
    node="pbx1",
    since=NOW,
    connected=True,
    connected_since=NOW,
    link_loss="",
    calls=0,
    legs=0,
    blocks=0,
    lag=0.0,
    clock_offset=0.0,
    gate_told=True,
    events=0,
    events_waiting=0,
    events_dropped=0,
    resyncs=1,
    records_pending=0,
    store_failure="",
    contexts_without_gate=[],
)


class FakeInquiry:
    """Says what it was given."""

    def __init__(self, **known: Any) -> None:
        self.contexts: Mapping[str, str] = known.pop("contexts", {})
        self.variables: Mapping[str, str] = known.pop("variables", {})
        self.known = known
        self.blocked: list[str] = []

    def context(self, name: str) -> str:
        found = self.contexts.get(name, "")
        return f'<context name="{name}">{found}</context>' if found else ""

    def variable(self, name: str) -> str:
        return self.variables.get(name, "")

    def profiles(self) -> list[Profile]:
        return cast("list[Profile]", self.known.get("profiles", []))

    def listen_ip(self) -> str:
        return str(self.known.get("listen_ip", ""))

    def has_module(self, name: str) -> bool:
        return name in self.known.get("modules", ())

    def refuses(self, gate: object, number: str) -> bool:
        return bool(self.blocked) or bool(self.known.get("refuses_everyone"))

    @contextmanager
    def rehearsed_block(self, number: str) -> Iterator[None]:
        self.blocked.append(number)
        yield
        self.blocked.remove(number)

    def call(self, number: str, context: str) -> str:
        return str(self.known["cause"])

    def evaluate(self, text: str) -> str:
        return ""

    def room(self, dialled: str) -> str:
        return str(self.known.get("room", ""))


def looked_at(
    inquiry: FakeInquiry | PbxError | None = None,
    *,
    settings: Settings | None = None,
    entries: list[Entry] | None = None,
    status: Callable[[], DaemonStatus] = lambda: STATUS,
    places_call: bool = False,
) -> Installation:
    return Installation(
        settings=settings or Settings(),
        kit=find_kit(),
        inquiry=cast(Inquiry, inquiry or FakeInquiry()),
        ask_daemon=status,
        entries=entries or [],
        now=lambda: 0.0,
        places_call=places_call,
    )


def codes(findings: Iterator[Finding]) -> list[str]:
    found = list(findings)
    for each in found:
        # Every sentence can be told with the facts that it comes with.
        each.problem.format(**each.facts)
        each.remedy.format(**each.facts)
    return [each.code for each in found]


# The link


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LinkRefusedError("FreeSWITCH refused the password (-ERR invalid)"), "password-refused"),
        (LinkRefusedError("FreeSWITCH refuses this address (::1, its ACL)"), "address-refused"),
        (LinkLostError("no connection"), "pbx-unreachable"),
    ],
)
def test_a_link_that_is_not_there_is_told_with_its_reason(error: PbxError, code: str) -> None:
    assert codes(link.check_link(looked_at(error))) == [code]


def test_the_stock_password_is_warned_of() -> None:
    pbx = PbxSettings(password="ClueCon")
    assert codes(link.check_password(looked_at(settings=Settings(pbx=pbx)))) == ["stock-password"]
    pbx = PbxSettings(password="another")
    assert codes(link.check_password(looked_at(settings=Settings(pbx=pbx)))) == []


TCP = """  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F55 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   2: 0A00000A:1F55 0A00000B:9999 01 00000000:00000000 00:00000000 00000000     0        0 1
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F55 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0
"""


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


def test_a_socket_that_the_network_reaches_is_warned_of() -> None:
    far = Settings(pbx=PbxSettings(host="10.0.0.5"))
    wide = FakeInquiry(listen_ip="::")
    assert codes(link.check_listener(looked_at(wide, settings=far))) == ["listens-beyond-loopback"]
    assert codes(link.check_listener(looked_at(FakeInquiry(), settings=far))) == []


# The gate


def test_the_contexts_of_trunks_are_those_of_the_profiles() -> None:
    inquiry = FakeInquiry(
        profiles=[
            Profile("internal", "default"),
            Profile("external", "public"),
            Profile("carrier", "default", gateway_contexts=("from_carrier",)),
        ]
    )
    assert looked_at(inquiry).trunk_contexts == ["from_carrier", "public"]
    assert looked_at(FakeInquiry()).trunk_contexts == ["public"]


@pytest.mark.parametrize(
    ("dialplan", "expected"),
    [
        (GATE + OTHER, []),
        (OTHER, ["gate-missing"]),
        (OTHER + GATE, ["gate-not-first"]),
        ("", ["context-missing"]),
    ],
)
def test_where_the_gate_stands(dialplan: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"public": dialplan})
    assert codes(gate.check_gate(looked_at(inquiry))) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"modules": ("mod_loopback",), "cause": "CALL_REJECTED"}, []),
        ({"modules": ("mod_loopback",), "cause": "NO_ROUTE_DESTINATION"}, ["call-let-through"]),
        ({}, ["no-loopback"]),
        ({"refuses_everyone": True}, ["gate-refuses-everyone"]),
    ],
)
def test_whether_the_gate_refuses(known: dict[str, Any], expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"public": GATE}, **known)
    assert codes(gate.check_refusal(looked_at(inquiry, places_call=True))) == expected
    assert inquiry.blocked == []


def test_without_a_gate_there_is_nothing_to_try() -> None:
    inquiry = FakeInquiry(contexts={"public": OTHER})
    assert codes(gate.check_refusal(looked_at(inquiry))) == ["no-gate"]


def test_a_gate_that_does_not_hang_up_lets_through() -> None:
    harmless = FakeInquiry(contexts={"public": GATE.replace("hangup", "answer")})
    assert codes(gate.check_refusal(looked_at(harmless))) == ["gate-lets-through"]


# The kit


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (' kit_version="1"', []),
        ("", ["kit-outdated"]),
        (' kit_version="x"', ["kit-outdated"]),
        (' kit_version="2"', ["kit-newer"]),
    ],
)
def test_the_version_that_freeswitch_runs(version: str, expected: list[str]) -> None:
    rooms = '<extension name="fluxcc_room" kit_version="1"/>'
    survey = '<extension name="fluxcc_survey" kit_version="1"/>'
    inquiry = FakeInquiry(
        contexts={
            "public": GATE.replace(' kit_version="1"', version),
            "default": rooms + survey,
        }
    )
    assert codes(kit.check_dialplan(looked_at(inquiry))) == expected


def test_a_far_freeswitchs_files_are_not_looked_for() -> None:
    far = looked_at(
        FakeInquiry(variables={"script_dir": "/x"}),
        settings=Settings(pbx=PbxSettings(host="10.0.0.5")),
    )
    assert codes(kit.check_scripts(far)) == ["scripts-elsewhere"]
    assert codes(kit.check_prompts(far)) == []


def test_missing_recordings_are_warned_of(tmp_path: Path) -> None:
    inquiry = FakeInquiry(variables={"sounds_dir": str(tmp_path)})
    assert codes(kit.check_prompts(looked_at(inquiry))) == ["prompts-missing"]


# The store and the daemon


def test_a_store_of_another_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "is_current", lambda _url: False)
    assert codes(store.check_store(looked_at())) == ["store-not-migrated"]


def test_somebody_elses_store_is_not_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_url: str) -> None:
        raise StoreUnavailableError("read-only")

    file = tmp_path / "fluxcc.db"
    file.touch()
    settings = Settings(store=StoreSettings(url=f"sqlite:///{file}"))
    monkeypatch.setattr(store, "is_current", lambda _url: True)
    monkeypatch.setattr(store, "try_writing", fail)
    assert codes(store.check_store(looked_at(settings=settings))) == ["store-read-only"]
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    monkeypatch.setattr("os.access", lambda _file, _mode: False)
    assert codes(store.check_store(looked_at(settings=settings))) == ["store-not-ours"]


def test_a_full_disk_is_warned_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(url=f"sqlite:///{tmp_path}/fluxcc.db"))
    free = SimpleNamespace(f_bavail=1000, f_frsize=4096)
    monkeypatch.setattr("os.statvfs", lambda _folder: free)
    assert codes(store.check_disk(looked_at(settings=settings))) == ["disk-nearly-full"]
    free.f_bavail = 10**9
    assert codes(store.check_disk(looked_at(settings=settings))) == []


def _raise(error: Exception) -> Mapping[str, Any]:
    raise error


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"connected": False, "link_loss": "closed"}, ["daemon-not-connected"]),
        ({"store_failure": "full", "records_pending": 3}, ["records-not-written"]),
        ({"contexts_without_gate": ["a", "b"]}, ["caller-without-gate"] * 2),
        ({"lag": 9.0}, ["events-late"]),
        ({"version": "0.0.1"}, ["daemon-of-another-version"]),
    ],
)
def test_what_the_daemon_says_of_itself(change: dict[str, Any], expected: list[str]) -> None:
    assert (
        codes(daemon.check_daemon(looked_at(status=lambda: replace(STATUS, **change)))) == expected
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError(), "daemon-down"),
        (ValueError(), "daemon-down"),
        (PermissionError(), "daemon-not-permitted"),
    ],
)
def test_a_daemon_that_does_not_say(error: Exception, expected: str) -> None:
    assert codes(daemon.check_daemon(looked_at(status=lambda: _raise(error)))) == [expected]


# What supervisors have set

CATCH_ALL = (
    '<extension name="wrong_number"><condition field="destination_number" expression="^.*$">'
    '<action application="playback"/></condition></extension>'
)
ROOM = (
    '<extension name="fluxcc_room"><condition field="destination_number" expression="^[*]"/>'
    '<condition field="${hash(select/fluxcc_room/${destination_number})}" expression=".">'
    '<action application="conference"/></condition></extension>'
)


def test_what_only_a_catch_all_takes_is_warned_of() -> None:
    inquiry = FakeInquiry(contexts={"default": CATCH_ALL})
    entries: list[Entry] = [Group("sales", has_survey=True), Service("invoices", "7001")]
    whole = looked_at(inquiry, entries=entries)
    assert codes(destinations.check_surveys(whole)) == ["survey-caught"]
    assert codes(destinations.check_services(whole)) == ["service-caught"]


def test_a_group_without_a_survey_is_not_looked_at() -> None:
    assert codes(destinations.check_surveys(looked_at(entries=[Group("sales")]))) == []


@pytest.mark.parametrize(
    ("dialplan", "room", "expected"),
    [
        (ROOM, "1000", []),
        (ROOM, "", ["room-not-told"]),
        (CATCH_ALL + ROOM, "1000", ["room-taken"]),
        ("", "1000", ["room-without-dialplan"]),
    ],
)
def test_a_room_of_the_kits(dialplan: str, room: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"default": dialplan}, room=room)
    assert codes(destinations.check_rooms(looked_at(inquiry, entries=[Room("1000")]))) == expected


# The spool


def test_the_spool_is_where_both_look(tmp_path: Path) -> None:
    inquiry = FakeInquiry(variables={"storage_dir": str(tmp_path)})
    assert codes(spool.check_spool(looked_at(inquiry))) == []
    elsewhere = Settings(survey=SurveySettings(spool="/nowhere"))
    found = codes(spool.check_spool(looked_at(inquiry, settings=elsewhere)))
    assert found == ["spool-elsewhere", "spool-unreachable"]


def test_a_far_spool_is_told() -> None:
    far = Settings(pbx=PbxSettings(host="10.0.0.5"))
    inquiry = FakeInquiry(variables={"storage_dir": "/var"})
    assert codes(spool.check_spool(looked_at(inquiry, settings=far))) == [
        "spool-on-another-machine"
    ]


# All of them


def test_what_needs_freeswitch_says_that_it_is_not_there(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(url=f"sqlite:///{tmp_path}/none.db"))
    results = list(run_checks(looked_at(LinkLostError("gone"), settings=settings)))
    found = {result.check.name: result.finding for result in results}
    assert set(found) == {"configuration", *(check.name for check in CHECKS)}
    assert found["gate"].state is State.SKIPPED
    assert found["link"].code == "pbx-unreachable"
    assert found["store"].code == "store-unavailable"
    assert found["daemon"].state is State.OK


def test_a_wrong_configuration_is_all_that_is_told() -> None:
    results = list(misconfigured([Fault("pbx.port", "must be from 1 to 65535"), Fault("x", "y")]))
    grave = [each.finding.facts for each in results if each.finding.state is State.GRAVE]
    assert [facts["key"] for facts in grave] == ["pbx.port", "x"]
    assert len(results) == len(CHECKS) + 2


def test_every_check_has_a_name_and_a_title_of_its_own() -> None:
    for words in ([check.name for check in CHECKS], [check.title for check in CHECKS]):
        assert all(words)
        assert len(set(words)) == len(words)
