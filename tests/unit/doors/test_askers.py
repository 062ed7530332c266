"""Who may ask at the operators' door on behalf of whom, and what each may do (contract, section
10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Group, Protected, Token, User, UserRole
from fluxcc.doors.operators import OperatorsDoor
from fluxcc.protocol.operators import NOT_PERMITTED, Answer
from tests.builders import NUMBER, OTHER, World, a_block

from .doors import DAEMON, MARIA, USERS, WEB, A, B, a_door, with_users

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
ANOTHER = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$b3RoZXJvdGhlcg"
WHO = ("admin:eva", "supervisor:ana", "supervisor:bia", "agent:carla", "viewer:davi")
EVERYBODY = frozenset(WHO)
ALL = frozenset({"admin:eva", "supervisor:ana"})
"""Who has a say in every domain."""
WITH_BIA = ALL | {"supervisor:bia"}


@pytest.fixture
def world() -> World:
    return with_users(World())


@pytest.fixture
def door(world: World) -> OperatorsDoor:
    return a_door(world, Path("none"))


def ask(door: OperatorsDoor, who: str, user: int = WEB, **fields: Any) -> Answer:
    """The answer to the web process on behalf of a user of the page."""
    return door.answer(json.dumps({"on_behalf_of": who, **fields}).encode(), user)


def code(answer: Answer) -> str:
    """What the answer comes to: its reply's code, or its error."""
    return answer.reply.code.value if answer.reply is not None else answer.error


def audited(world: World) -> list[AuditRecord]:
    """The audit, the newest row first."""
    world.journal.flush()
    return sorted(world.store.audit.values(), key=lambda row: -row.id)


def entry(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    """An entry as it travels."""
    return {"kind": kind, "name": name, **fields}


# Who may say on whose behalf


@pytest.mark.parametrize("user", [WEB, DAEMON])
def test_the_web_process_and_the_daemons_own_user_ask_on_behalf_of_others(
    world: World, door: OperatorsDoor, user: int
) -> None:
    answer = ask(door, "supervisor:ana", user, do="block", number=NUMBER)
    assert answer.status is Status.OK
    assert world.blocklist.blocks()[0].by == "supervisor:ana via web"
    assert audited(world)[0].by == "supervisor:ana via web"


@pytest.mark.parametrize("question", [{"do": "block", "number": NUMBER}, {"do": "status"}])
def test_nobody_else_does(world: World, door: OperatorsDoor, question: dict[str, Any]) -> None:
    answer = ask(door, "supervisor:ana", MARIA, **question)
    assert answer.error == "malformed: on_behalf_of is not for this user"
    assert not world.blocklist.blocks()


@pytest.mark.parametrize(
    "who",
    [
        *("supervisor:eva", "admin:ana", "supervisor:nobody", "operator:maria", "ana", ":ana"),
        *("supervisor:", "supervisor:token/ana", "supervisor:Ana", "supervisor:ana via web"),
    ],
)
def test_a_name_that_does_not_have_the_role_is_malformed(door: OperatorsDoor, who: str) -> None:
    answer = ask(door, who, do="block", number=NUMBER)
    assert answer.error.startswith("malformed: on_behalf_of")


def test_a_user_who_was_removed_asks_for_nothing_more(world: World, door: OperatorsDoor) -> None:
    world.provisioning.drop(User("ana", UserRole.SUPERVISOR))
    assert ask(door, "supervisor:ana", do="status").error.startswith("malformed: ")


def test_a_token_asks_by_a_name_that_no_user_has(world: World, door: OperatorsDoor) -> None:
    world.provisioning.put(Token("ci", UserRole.SUPERVISOR, digest="0" * 64))
    assert ask(door, "supervisor:token/ci", do="block", number=NUMBER).status is Status.OK
    assert world.blocklist.blocks()[0].by == "supervisor:token/ci via web"
    assert ask(door, "supervisor:ci", do="status").error.startswith("malformed: ")


@pytest.mark.parametrize("question", [{"do": "block", "number": NUMBER}, {"do": "blocks"}])
def test_the_web_process_does_nothing_in_its_own_name(
    door: OperatorsDoor, question: dict[str, Any]
) -> None:
    assert door.answer(json.dumps(question).encode(), WEB).error.startswith("malformed: ")


@pytest.mark.parametrize("do", ["status", "calls"])
def test_it_may_look_at_calls_and_at_the_daemon(door: OperatorsDoor, do: str) -> None:
    assert door.answer(json.dumps({"do": do}).encode(), WEB).error == ""


# What each may do


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("question", "permitted"),
    [
        ({"do": "block", "number": OTHER}, WITH_BIA),
        ({"do": "block", "number": OTHER, "domain": A}, WITH_BIA),
        ({"do": "block", "number": OTHER, "domain": B}, ALL),
        ({"do": "unblock", "number": NUMBER}, ALL),
        ({"do": "set", "entry": entry("group", "sales", domain=A)}, WITH_BIA),
        ({"do": "set", "entry": entry("group", "sales", domain=B)}, ALL),
        ({"do": "set", "entry": entry("group", "sales")}, ALL),
        ({"do": "remove", "entry": entry("group", "there", domain=A)}, WITH_BIA),
        ({"do": "remove", "entry": entry("group", "there")}, ALL),
        ({"do": "set", "entry": entry("protected", OTHER)}, ALL),
        ({"do": "remove", "entry": entry("protected", "1133334444")}, ALL),
        ({"do": "set", "entry": entry("user", "eva", role="admin", password_hash=HASH)}, {WHO[0]}),
        ({"do": "set", "entry": entry("token", "ci", role="admin", digest="0" * 64)}, {WHO[0]}),
        ({"do": "remove", "entry": entry("user", "davi", role="viewer")}, {WHO[0]}),
    ],
)
def test_roles_and_domains_decide(
    world: World, door: OperatorsDoor, who: str, question: dict[str, Any], permitted: set[str]
) -> None:
    world.block(a_block())
    for known in (Group("there"), Group("there", domain=A), Protected("+551133334444")):
        world.provisioning.put(known)
    answer = ask(door, who, **question)
    if who in permitted:
        assert answer.status is Status.OK
    else:
        assert (answer.status, code(answer)) == (Status.REFUSED, Code.NOT_PERMITTED)
        assert audited(world)[0].code == Code.NOT_PERMITTED


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("question", "permitted"),
    [
        ({"do": "status"}, EVERYBODY),
        ({"do": "calls"}, EVERYBODY),
        ({"do": "blocks"}, EVERYBODY - {"agent:carla"}),
        ({"do": "check", "number": NUMBER}, WITH_BIA),
        ({"do": "purge", "number": NUMBER}, frozenset()),
    ],
)
def test_roles_decide_what_may_be_read(
    door: OperatorsDoor, who: str, question: dict[str, Any], permitted: set[str]
) -> None:
    answer = ask(door, who, **question)
    assert code(answer) == ("" if who in permitted else NOT_PERMITTED)


def test_a_supervisor_of_one_domain_blocks_in_it_and_frees_what_is_its_own(
    world: World, door: OperatorsDoor
) -> None:
    assert ask(door, "supervisor:bia", do="block", number=NUMBER).status is Status.OK
    (block,) = world.blocklist.blocks()
    assert (block.domain, block.by) == (A, "supervisor:bia via web")
    world.block(a_block("b2", number=OTHER, domain=B, keys=(f"{OTHER}@{B}",)))
    listed = ask(door, "supervisor:bia", do="blocks").reading
    assert [each.id for each in listed] == [block.id]
    refused = ask(door, "supervisor:bia", do="unblock", number="b2")
    assert code(refused) == Code.NOT_BLOCKED
    assert code(ask(door, "supervisor:bia", do="unblock", number=OTHER)) == Code.NOT_PERMITTED
    assert code(ask(door, "supervisor:bia", do="unblock", number=NUMBER)) == Code.RELEASED
    assert [each.id for each in world.blocklist.blocks()] == ["b2"]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("domain", [A, B])
@pytest.mark.parametrize("naming", [{"call": "customer"}, {"agent": "1000"}])
def test_a_call_is_the_business_of_its_agent_and_of_who_has_a_say_in_its_domain(
    world: World, door: OperatorsDoor, who: str, domain: str, naming: dict[str, str]
) -> None:
    world.provisioning.put(User("carla", UserRole.AGENT, "1000", domain))
    world.received_call(agent=f"1000@{domain}")
    answer = ask(door, who, do="hangup", **naming)
    is_permitted = who in ALL | {"agent:carla"} or (who == "supervisor:bia" and domain == A)
    assert (answer.status is Status.OK) == is_permitted
    if who == "viewer:davi":
        assert code(answer) == Code.NOT_PERMITTED
    elif not is_permitted:
        assert code(answer) in (Code.NOT_YOUR_CALL, Code.NO_LIVE_CALL)


def test_an_agent_is_audited_as_the_extension_and_has_the_rights_of_a_boards(
    world: World, door: OperatorsDoor
) -> None:
    world.received_call(agent="1001")
    assert code(ask(door, "agent:carla", do="hangup", call="customer")) == Code.NOT_YOUR_CALL
    row, *_ = audited(world)
    assert (row.by, row.agent) == ("agent:1000 via web", "1000")
    answer = ask(door, "agent:carla", do="hangup", agent="1001")
    assert answer.error == "malformed: an agent has no say about others"


def test_an_agent_sees_the_own_call_alone(world: World, door: OperatorsDoor) -> None:
    world.received_call(agent="1001")
    assert ask(door, "agent:carla", do="calls").reading == []
    assert len(ask(door, "viewer:davi", do="calls").reading) == 1


def test_a_viewer_is_shown_no_number_that_its_caller_hides(
    world: World, door: OperatorsDoor
) -> None:
    world.block(a_block(is_private=True))
    assert ask(door, "viewer:davi", do="blocks").reading[0].number == "withheld"
    assert ask(door, "supervisor:ana", do="blocks").reading[0].number == NUMBER
    assert [row.by for row in audited(world)] == ["supervisor:ana via web"]


# Passwords


@pytest.mark.parametrize("who", WHO)
def test_everybody_sets_the_own_password_and_language(
    world: World, door: OperatorsDoor, who: str
) -> None:
    role, _, name = who.partition(":")
    (user,) = [each for each in USERS if each.name == name]
    own = entry("user", name, role=role, extension=user.extension, domain=user.domain)
    answer = ask(door, who, do="set", entry={**own, "password_hash": HASH, "language": "en"})
    assert answer.status is Status.OK
    found = world.provisioning.find(user)
    assert isinstance(found, User)
    assert (found.password_hash, found.language) == (HASH, "en")
    # What it may be more than that is an admin's business.
    more = ask(door, who, do="set", entry={**own, "role": "supervisor", "extension": ""})
    assert (code(more) == Code.NOT_PERMITTED) == (name not in ("ana", "eva", "bia"))


def test_no_secret_is_in_the_audit_and_an_empty_one_leaves_it_as_it_is(
    world: World, door: OperatorsDoor
) -> None:
    user = entry("user", "ana", role="supervisor")
    assert ask(door, "admin:eva", do="set", entry={**user, "password_hash": HASH}).status is (
        Status.OK
    )
    assert ask(door, "admin:eva", do="set", entry={**user, "domain": A}).status is Status.OK
    found = world.provisioning.find(User("ana", UserRole.SUPERVISOR))
    assert found == User("ana", UserRole.SUPERVISOR, "", A, HASH)
    token = entry("token", "ci", role="viewer", digest="ab" * 32)
    assert ask(door, "admin:eva", do="set", entry=token).status is Status.OK
    world.journal.flush()
    assert found in world.store.entries()
    rows = str(audited(world))
    assert '"user":{"name":"ana"' in rows
    assert "argon2id" not in rows
    assert "abab" not in rows


# Request IDs


def test_one_request_id_is_carried_out_once(world: World, door: OperatorsDoor) -> None:
    question = {"do": "block", "number": NUMBER, "request": "form-1"}
    first = ask(door, "supervisor:ana", **question)
    assert first.reply is not None
    assert first.reply.request == "form-1"
    assert ask(door, "supervisor:ana", **question) == first
    assert code(ask(door, "admin:eva", **question)) == Code.REQUEST_ID_REUSED
    assert [row.code for row in audited(world)] == ["request-id-reused", "blocked"]


def test_two_passwords_are_two_requests(door: OperatorsDoor) -> None:
    own = entry("user", "davi", role="viewer")
    for secret, wanted in ((HASH, Code.SAVED), (ANOTHER, Code.REQUEST_ID_REUSED)):
        answer = ask(
            door, "viewer:davi", do="set", request="one", entry={**own, "password_hash": secret}
        )
        assert code(answer) == wanted


@pytest.mark.parametrize("request_id", ["a b", "ü", "x" * 65, "a\n"])
def test_a_request_id_out_of_its_alphabet_is_malformed(
    door: OperatorsDoor, request_id: str
) -> None:
    answer = ask(door, "supervisor:ana", do="block", number=NUMBER, request=request_id)
    assert answer.error == "malformed: request is malformed"
