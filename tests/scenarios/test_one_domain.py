"""The kit on a PBX with two domains in files: the gate and the rooms of one leave the other alone.

mod_hash is written by the test, so that the kit's XML and scripts alone are under test.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Caller, Lab, LabError
from tests.builders import SAO_PAULO
from tests.testing.waiting import until

from .pbx import members
from .people import Person

DOMAINS = ("a.example", "b.example")
CONTEXT = """<context name="{context}">
  <X-PRE-PROCESS cmd="include" data="domain/00_fluxcc.xml"/>
  <X-PRE-PROCESS cmd="include" data="default/00_fluxcc.xml"/>
  <extension name="ring">
    <condition field="destination_number" expression="^100[0-9]$">
      <action application="ring_ready"/>
      <action application="sleep" data="300"/>
      <action application="answer"/>
      <action application="park"/>
    </condition>
  </extension>
</context>
"""
ROUTE = """<extension name="{name}">
  <condition field="destination_number" expression="^{prefix}(.+)$">
    {set}
    <action application="transfer" data="$1 XML {context}"/>
  </condition>
</extension>
"""
SET = '<action application="set" data="{}={}"/>'
ROUTES = {
    "71": ("a.example", {}),
    "72": ("b.example", {}),
    # A context of another name, whose domain the variable tells.
    "73": ("sales", {"domain_name": "a.example"}),
    "74": ("sales", {"domain_name": "b.example"}),
    # As on FusionPBX.
    "75": ("a.example", {"domain_uuid": "1", "call_direction": "inbound"}),
    "76": ("a.example", {"domain_uuid": "1"}),
    "77": ("a.example", {"domain_uuid": "1", "call_direction": "local"}),
    "78": ("sales", {"domain_name": "a.example@b.example"}),
}
"""What is dialled in front of the number → the context it goes to, and what is set before."""


@pytest.fixture
def lab(running_lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """The PBX with two domains in files."""
    kit = tmp_path / "kit"
    shutil.copytree(find_kit(), kit)
    contexts = "".join(CONTEXT.format(context=name) for name in (*DOMAINS, "sales"))
    (kit / "dialplan/domains.xml").write_text(f"<include>\n{contexts}</include>\n")
    routes = "".join(
        ROUTE.format(
            name=f"to_{prefix}",
            prefix=prefix,
            context=context,
            set="\n    ".join(SET.format(*pair) for pair in variables.items()),
        )
        for prefix, (context, variables) in ROUTES.items()
    )
    (kit / "dialplan/public/10_domains.xml").write_text(f"<include>\n{routes}</include>\n")
    running_lab.install_kit(kit)
    yield running_lab
    running_lab.api("hupall")
    running_lab.install_kit(find_kit())


@pytest.fixture
def block(lab: Lab, person: Person) -> Iterator[tuple[str, ...]]:
    """The keys by which a.example has blocked this person: as it is presented, and as the rule has
    it that a daemon may have told this PBX before."""
    numbers = (person.number, SAO_PAULO.key(person.number))
    keys = tuple(f"fluxcc_block/{number}@a.example" for number in numbers)
    insert(lab, keys, until=int(time.time()) + 600)
    yield keys
    for key in keys:
        lab.api(f"hash delete/{key}")


def insert(lab: Lab, keys: tuple[str, ...], until: int) -> None:
    for key in keys:
        lab.api(f"hash insert/{key}/{until}")


def is_refused(lab: Lab, person: Person, dialled: str) -> bool:
    """Whether the call is refused before anything answers; otherwise it is taken."""
    caller = lab.call(person.number, dialled)
    if dialled[:2] in REFUSED:
        return caller.wait_ended() == 603
    caller.wait_answered()
    caller.hang_up()
    return False


REFUSED = {"71", "73", "75"}
"""Prefixes by which a caller whom a.example has blocked is refused."""


@pytest.mark.parametrize("prefix", ROUTES)
def test_a_domain_refuses_whom_it_has_blocked(
    lab: Lab, block: tuple[str, ...], person: Person, prefix: str
) -> None:
    """By its context's name or by ``domain_name``; with FusionPBX's marks only calls from outside;
    a domain that is none looks nothing up."""
    assert is_refused(lab, person, f"{prefix}1000") is (prefix in REFUSED)


def test_a_block_that_has_ended_refuses_nobody(
    lab: Lab, block: tuple[str, ...], person: Person
) -> None:
    insert(lab, block, until=int(time.time()) - 1)
    caller = lab.call(person.number, "711000")
    caller.wait_answered()
    caller.hang_up()


def test_the_configured_cause_counts(lab: Lab, block: tuple[str, ...], person: Person) -> None:
    lab.api("hash insert/fluxcc/reject_cause/USER_BUSY")
    try:
        assert lab.call(person.number, "711000").wait_ended() == 486
    finally:
        lab.api("hash insert/fluxcc/reject_cause/CALL_REJECTED")


@pytest.mark.parametrize("prefix", sorted(REFUSED))
def test_a_domains_gate_diverts_too(
    lab: Lab, block: tuple[str, ...], person: Person, prefix: str
) -> None:
    """In the context of that gate, which lets the caller pass then."""
    lab.api("hash insert/fluxcc/divert/1009")
    try:
        caller = enter(lab, person, f"{prefix}1000")
        assert " 1009 " in lab.api("show channels").replace(",", " ")
        caller.hang_up()
    finally:
        lab.api("hash insert/fluxcc/divert/:")


def enter(lab: Lab, person: Person, dialled: str) -> Caller:
    caller = lab.call(person.number, dialled)
    caller.wait_answered()
    return caller


def test_rooms_of_two_domains_are_two_rooms(lab: Lab, person: Person) -> None:
    rooms = {f"*291000@{domain}": f"1000@{domain}" for domain in DOMAINS}
    for dialled, room in rooms.items():
        lab.api(f"hash insert/fluxcc_room/{dialled}/{room}")
    lab.api("hash insert/fluxcc_room/*291000/1000")
    callers = [enter(lab, person, f"{prefix}*291000") for prefix in ("71", "71", "72", "74")]
    until(lambda: len(members(lab, "1000@a.example")) == 2, "two in a's room")
    # By the context's name, and by the variable.
    until(lambda: len(members(lab, "1000@b.example")) == 2, "two in b's room")
    assert members(lab, "1000") == []
    for caller in callers:
        caller.hang_up()
    for dialled in [*rooms, "*291000"]:
        lab.api(f"hash delete/fluxcc_room/{dialled}")


def test_a_room_of_all_domains_is_for_each_that_has_none_of_its_own(
    lab: Lab, person: Person
) -> None:
    lab.api("hash insert/fluxcc_room/*291001/1001")
    callers = [enter(lab, person, f"{prefix}*291001") for prefix in ("71", "72")]
    until(lambda: len(members(lab, "1001")) == 2, "both in one room")
    for caller in callers:
        caller.hang_up()
    lab.api("hash delete/fluxcc_room/*291001")


def test_whoever_waits_in_a_domains_room_alone_is_released(lab: Lab, person: Person) -> None:
    lab.api("hash insert/fluxcc_room/*291002@a.example/1002@a.example")
    caller = enter(lab, person, "71*291002")
    assert caller.wait_ended(timeout=9) == 200
    lab.api("hash delete/fluxcc_room/*291002@a.example")


@pytest.mark.parametrize("prefix", ["71", "73", "78"])
@pytest.mark.parametrize(
    "number",
    [
        "${hash(insert/canary/x/1)}",
        "%24%7Bhash(insert/canary/x/1)%7D",
        "5511988887777@b.example",
        "5511988887777)}${hash(insert/canary/x/1",
    ],
)
def test_a_strangers_text_is_not_expanded(lab: Lab, number: str, prefix: str) -> None:
    caller = lab.call(number, f"{prefix}1000")
    with contextlib.suppress(LabError):
        # What is no SIP address is refused before any dialplan.
        caller.wait_answered(3)
    caller.hang_up()
    assert "canary" not in lab.api("hash_dump db")
