"""Users of two domains with the same extensions, as FreeSWITCH tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxcc.lab.simulator.assembly import build
from tests.shapes.domains import TWO, site_configuration
from tests.unit.lab.simulator.conftest import Scene

A, B = "2000@127.0.0.1:5191", "2000@127.0.0.1:5192"
HEAD = (
    "userid|context|domain|group|contact|callgroup|effective_caller_id_name"
    "|effective_caller_id_number"
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A PBX of two domains; 2000 is registered in both, from ports of their own."""
    folder = site_configuration(tmp_path / "conf", TWO)
    (folder / "vars.xml").write_text(
        '<X-PRE-PROCESS cmd="set" data="domain=a.example"/>', encoding="utf-8"
    )
    scene = Scene(build(folder))
    for domain, address in (("a.example", A), ("b.example", B)):
        port = address.rpartition(":")[2]
        added = scene.pbx.api(f"sim_telephone add user=2000&domain={domain}&port={port}")
        assert added == f"+OK {address}\n"
        scene.pbx.api(f"sim_telephone register address={address}&expires=3600")
    return scene


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("user_exists id 2000 a.example", "true"),
        ("user_exists id 2000 c.example", "false"),
        ("user_exists id 2000", "false"),
        ("user_data 2000@b.example var user_context", "b.example"),
        ("user_data 2000@b.example attr id", "2000"),
        ("user_data 2000@b.example param password", "lab"),
        ("user_data 2000@b.example var nothing", ""),
        ("user_data 2000@c.example attr id", ""),
        ("user_data 2000 var user_context", "a.example"),
        ("sofia_contact 2000", f"sofia/internal/sip:{A}"),
        ("sofia_contact */2000@b.example", f"sofia/internal/sip:{B}"),
        ("sofia_contact 2001@b.example", "error/user_not_registered"),
    ],
)
def test_a_user_is_one_of_a_domain(scene: Scene, command: str, answer: str) -> None:
    assert scene.pbx.api(command) == answer


def test_the_domains_own_dial_string_is_each_users(scene: Scene) -> None:
    found = scene.pbx.api("user_data 2000@b.example param dial-string")
    assert found.endswith("${sofia_contact(*/${dialed_user}@${dialed_domain})}")


def test_registrations_are_shown_with_their_realm(scene: Scene) -> None:
    lines = scene.pbx.api("show registrations").splitlines()
    shown = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:3]]
    assert [(row["reg_user"], row["realm"], row["url"]) for row in shown] == [
        ("2000", "a.example", f"sofia/internal/sip:{A}"),
        ("2000", "b.example", f"sofia/internal/sip:{B}"),
    ]
    assert scene.pbx.api("show registrations count") == "\n2 total.\n"


def test_a_registration_is_told_with_its_domain(scene: Scene) -> None:
    scene.pbx.api(f"sim_telephone register address={B}&expires=3600")
    scene.pbx.api(f"sim_telephone register address={B}&expires=0")
    told = [
        (event.get("Event-Subclass"), event.get("from-user"), event.get("from-host"))
        for event in scene.said("CUSTOM")[-2:]
    ]
    assert told == [
        ("sofia::register", "2000", "b.example"),
        ("sofia::unregister", "2000", "b.example"),
    ]


def test_users_are_listed_by_what_is_asked(scene: Scene) -> None:
    a = f"2000|a.example|a.example|default|sofia/internal/sip:{A}|||"
    b = f"2000|b.example|b.example|default|sofia/internal/sip:{B}|||"
    assert scene.pbx.api("list_users user 2000").splitlines() == [HEAD, a, b, "", "+OK"]
    asked = "list_users domain b.example user 2000"
    assert scene.pbx.api(asked).splitlines() == [HEAD, b, "", "+OK"]
