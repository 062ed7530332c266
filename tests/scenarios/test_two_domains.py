"""A PBX with two SIP domains that have the same extensions (contract, section 8): whatever an agent
of the one asks for, nothing of the other's is touched.

It runs on the sites of ``tests/shapes``; ``sides`` has the people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fluxcc.client import Board, Reply
from fluxcc.domain.provisioning import UserRole
from fluxcc.domain.written import as_written
from tests.shapes.cast import Pool
from tests.shapes.domains import TWO
from tests.shapes.simulated import SimulatedSite
from tests.shapes.site import RealSite, why_unavailable
from tests.testing.browser import Tab, chromium, needs_browser
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.web import SUPERVISOR, Listener, Someone, Web, admit, dismiss, listening

from .scene import Scene
from .sides import Side, Sides

_WHY_NOT = why_unavailable()
SETTINGS = dict.fromkeys(("FLUXCC_CONFERENCE_CONTEXT", "FLUXCC_SURVEY_CONTEXT"), "{domain}")
NOTICES = 1.0
"""Seconds within which a notice comes."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            SimulatedSite, id="simulator", marks=pytest.mark.xdist_group("domains-simulator")
        ),
        pytest.param(
            RealSite,
            id="freeswitch",
            marks=[
                pytest.mark.live,
                pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT),
                pytest.mark.xdist_group("domains-freeswitch"),
            ],
        ),
    ],
)
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    with request.param(homes=TWO) as site:
        yield Pool(site)


@pytest.fixture(scope="module")
def domains_daemon(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(pool.site, tmp_path_factory.mktemp("daemon"), SETTINGS)  # type: ignore[arg-type]
    yield daemon
    daemon.close()


@pytest.fixture
def sides(pool: Pool, domains_daemon: Daemon) -> Iterator[Sides]:
    if not domains_daemon.is_running:
        domains_daemon.start()
    sides = Sides(pool.site, pool, domains_daemon)
    yield sides
    sides.close()


@pytest.fixture
def make_sides(
    pool: Pool, domains_daemon: Daemon, tmp_path: Path
) -> Iterator[Callable[..., Sides]]:
    """The same with settings of its own."""
    if domains_daemon.is_running:
        domains_daemon.stop()
    daemons: list[Daemon] = []
    made: list[Sides] = []

    def make(**settings: str) -> Sides:
        daemons.append(Daemon(pool.site, tmp_path, SETTINGS | settings))  # type: ignore[arg-type]
        daemons[0].start()
        made.append(Sides(pool.site, pool, daemons[0]))
        return made[0]

    yield make
    for sides in made:
        for block in sides.daemon.operate("blocks")["reading"]:
            sides.daemon.operate("unblock", number=block["number"])
        sides.close()
    for daemon in daemons:
        daemon.close()


@pytest.fixture
def board(sides: Sides) -> Iterator[Board]:
    with sides.daemon.board() as board:
        yield board


def told(reply: Reply) -> tuple[str, str]:
    """Code and domain."""
    return reply.code, reply.domain


# Who is meant


@pytest.mark.parametrize("action", ["prank", "conference", "transfer", "hangup"])
def test_an_extension_of_two_domains_has_to_be_named_with_its_own(
    sides: Sides, board: Board, action: str
) -> None:
    """Though only one of the two talks, and though the call is named."""
    call = sides.a.talks()
    for named in ("", call):
        reply = board.ask(action, sides.extension, call=named, service="tone")
        assert (reply.status, reply.code) == ("refused", "ambiguous-agent")
    assert sides.a.is_up


def test_the_domain_stands_behind_the_extension_or_beside_it(sides: Sides, board: Board) -> None:
    sides.a.talks()
    sides.b.talks()
    assert told(board.prank(sides.a.agent)) == ("blocked", sides.a.domain)
    until(sides.a.is_over, "the call is over")
    assert sides.b.is_up
    assert told(board.prank(sides.extension, domain=sides.b.domain)) == ("blocked", sides.b.domain)
    until(sides.b.is_over, "the call is over")


def test_a_domain_is_read_without_regard_to_case(sides: Sides, board: Board) -> None:
    sides.a.talks()
    assert told(board.hangup(sides.a.agent.upper())) == ("ended", sides.a.domain)


def test_two_names_of_two_domains_are_none(sides: Sides, board: Board) -> None:
    sides.a.talks()
    reply = board.hangup(sides.a.agent, domain=sides.b.domain)
    assert (reply.status, reply.code) == ("refused", "malformed-request")
    assert sides.a.is_up


@pytest.mark.parametrize("action", ["prank", "conference", "transfer", "hangup"])
def test_the_twin_never_has_the_others_call(sides: Sides, board: Board, action: str) -> None:
    """Neither without a call of their own nor with one."""
    call = sides.a.talks()
    for names in ({"agent": sides.b.agent}, {"agent": sides.extension, "domain": sides.b.domain}):
        assert board.ask(action, **names, service="tone").code == "no-live-call"
        assert board.ask(action, **names, call=call, service="tone").code == "not-your-call"
    sides.b.talks()
    assert board.ask(action, sides.b.agent, call=call, service="tone").code == "not-your-call"
    assert sides.a.is_up
    assert sides.b.is_up


def test_one_customer_talks_to_both(sides: Sides, board: Board) -> None:
    """Of one number's two calls only that of the asking agent ends."""
    sides.a.talks()
    sides.b.talks(sides.a.cast.people["customer"])
    assert told(board.prank(sides.b.agent)) == ("blocked", sides.b.domain)
    until(sides.b.is_over, "the call is over")
    assert sides.a.is_up


def test_an_operator_names_the_domain_too(sides: Sides) -> None:
    sides.a.talks()
    sides.b.talks()
    refused = sides.daemon.cli("hangup", "--agent", sides.extension)
    assert (refused.code, "ambiguous-agent" in refused.stderr) == (1, True)
    sides.fluxcc("hangup", "--agent", sides.a.agent)
    until(sides.a.is_over, "the call is over")
    assert sides.b.is_up


def test_the_synchronous_door_knows_domains(sides: Sides) -> None:
    if not sides.site.is_real:
        pytest.importorskip("lupa", reason="the simulator runs scripts with lupa only")
    sides.a.talks()
    answer = sides.site.api(f"lua fluxcc.lua hangup agent={sides.extension}")
    assert answer.startswith("-ERR ambiguous-agent ")
    answer = sides.site.api(f"lua fluxcc.lua hangup agent={sides.a.agent}")
    assert answer.startswith("+OK ended ")
    until(sides.a.is_over, "the call is over")


def test_where_there_is_one_domain_nothing_has_to_be_named(scene: Scene) -> None:
    """And it may be."""
    for agent in ("1000", "1000@pbx.test"):
        talk = scene.talk(scene.stranger().number)
        assert scene.board.hangup(agent).code == "ended"
        talk.wait_over()


# Rooms, services, groups


def test_two_who_ask_for_their_room_get_one_each(sides: Sides, board: Board) -> None:
    sides.sets("room", "add", name=sides.extension)
    for side in (sides.a, sides.b):
        side.talks()
        assert told(board.conference(side.agent)) == ("conference-joined", side.domain)
    assert (sides.a.members(), sides.b.members()) == ("2", "2")
    assert sides.site.api(f"conference {sides.extension} list count").startswith("-ERR")


def test_a_room_of_one_domain_is_none_of_the_other(sides: Sides, board: Board) -> None:
    sides.sets("room", "add", name=sides.extension, domain=sides.a.domain)
    sides.a.talks()
    sides.b.talks()
    assert board.conference(sides.b.agent).code == "room-not-provisioned"
    assert sides.b.is_up
    assert board.conference(sides.a.agent).code == "conference-joined"
    assert sides.a.members() == "2"


def test_a_service_of_one_domain_is_unknown_in_the_other(sides: Sides, board: Board) -> None:
    sides.sets(*_service("8003"), name="ivr", domain=sides.a.domain)
    sides.a.talks()
    sides.b.talks()
    assert board.transfer(sides.b.agent, "ivr").code == "unknown-service"
    assert sides.b.is_up
    assert board.transfer(sides.a.agent, "ivr").code == "transferred"


def test_each_domain_has_a_service_of_its_own(sides: Sides, board: Board) -> None:
    """The exact one wins over that of all."""
    sides.sets(*_service("8003"), name="ivr")
    sides.sets(*_service("8001"), name="ivr", domain=sides.b.domain)
    for side in (sides.a, sides.b):
        side.talks()
        assert board.transfer(side.agent, "ivr").code == "transferred"
    assert "tone_stream" in sides.a.plays()
    assert "silence_stream" in sides.b.plays()


def _service(destination: str) -> list[str]:
    return ["service", "add", "--destination", destination, "--context", "{domain}"]


def test_a_group_of_one_domain_counts_there_alone(sides: Sides, board: Board) -> None:
    """Both groups have the same name."""
    sides.sets("group", "set", "--survey", "on", name="sales", domain=sides.a.domain)
    sides.a.talks()
    sides.b.talks()
    assert told(board.hangup(sides.b.agent)) == ("ended", sides.b.domain)
    assert told(board.hangup(sides.a.agent)) == ("survey-started", sides.a.domain)


def test_a_queues_name_has_the_domain_in_it(sides: Sides, board: Board) -> None:
    """``q00@a.example`` is the group q00 of a.example, where nothing else is told."""
    queues = []
    for side in (sides.a, sides.b):
        customer = side.cast.outside()
        number = side.cast.staff("agent")
        queues.append(f"q{side.cast.queue}")
        side.cast.originate(side.cast.site.trunk(customer.user), side.cast.place(number))
        side.cast.ring("customer")
        side.cast.ring("agent")
        side.cast.talk("customer", "agent")
        side.wait_seen()
    for queue in queues:
        sides.sets("group", "set", "--survey", "on", name=queue, domain=sides.a.domain)
    assert told(board.hangup(sides.b.agent)) == ("ended", sides.b.domain)
    assert told(board.hangup(sides.a.agent)) == ("survey-started", sides.a.domain)


# Blocks


def test_a_mark_refuses_the_caller_in_that_domain_alone(sides: Sides, board: Board) -> None:
    """Unanswered, and also while the daemon is down."""
    sides.a.talks()
    caller = sides.a.cast.people["customer"]
    assert told(board.prank(sides.a.agent)) == ("blocked", sides.a.domain)
    until(sides.a.is_over, "the call is over")
    assert sides.a.refuses(caller)
    assert not sides.b.refuses(caller)
    sides.daemon.kill()
    assert sides.a.refuses(caller)
    assert not sides.b.refuses(caller)
    sides.daemon.start()
    assert sides.a.refuses(caller)
    assert not sides.b.refuses(caller)


def test_a_mark_in_each_domain_makes_two_blocks(sides: Sides, board: Board) -> None:
    """Of which the one is released without the other."""
    sides.a.talks()
    caller = sides.a.cast.people["customer"]
    assert board.prank(sides.a.agent).code == "blocked"
    sides.b.talks(caller)
    assert board.prank(sides.b.agent).code == "blocked"
    until(sides.b.is_over, "the call is over")
    assert sides.b.refuses(caller)
    sides.fluxcc("unblock", caller.user, "--domain", sides.a.domain)
    assert not sides.a.refuses(caller)
    assert sides.b.refuses(caller)


def test_an_operator_blocks_for_all_or_for_one(sides: Sides) -> None:
    caller = sides.a.cast.outside()
    sides.fluxcc("block", caller.user, "--domain", sides.b.domain)
    assert not sides.a.refuses(caller)
    assert sides.b.refuses(caller)
    sides.fluxcc("block", caller.user)
    assert sides.a.refuses(caller)
    assert sides.b.refuses(caller)
    sides.fluxcc("unblock", caller.user)
    assert not sides.a.refuses(caller)
    assert not sides.b.refuses(caller)


def test_a_sites_mark_may_be_for_the_whole_pbx(make_sides: Callable[..., Sides]) -> None:
    """``[blocks] scope = "pbx"``"""
    sides = make_sides(FLUXCC_BLOCKS_SCOPE="pbx")
    sides.a.talks()
    caller = sides.a.cast.people["customer"]
    with sides.daemon.board() as board:
        assert board.prank(sides.a.agent).code == "blocked"
    until(sides.a.is_over, "the call is over")
    assert sides.a.refuses(caller)
    assert sides.b.refuses(caller)


# What is told


def test_notices_name_the_domain(sides: Sides) -> None:
    sides.a.talks()
    caller = sides.a.cast.people["customer"]
    with sides.daemon.board(notices=True) as board:
        board.prank(sides.a.agent)
        until(sides.a.is_over, "the call is over")
        assert sides.a.refuses(caller)
        sides.fluxcc("unblock", caller.user)
        sides.fluxcc("block", caller.user)
        sides.fluxcc("unblock", caller.user)
        notices = [_notice(one) for one in board.notices(NOTICES)]
    domain = sides.a.domain
    assert notices == [
        ("fluxcc::block", "blocked", domain),
        ("fluxcc::attempt", "", domain),
        ("fluxcc::block", "released", domain),
        ("fluxcc::block", "blocked", ""),
        ("fluxcc::block", "released", ""),
    ]


def _notice(headers: dict[str, str]) -> tuple[str, str, str]:
    names = ("Event-Subclass", "Fluxcc-Change", "Fluxcc-Domain")
    subclass, change, domain = (headers.get(name, "") for name in names)
    return subclass, change, domain


@pytest.mark.parametrize("what", ["calls", "blocks", "audit"])
def test_what_is_read_has_a_domain_and_can_be_narrowed(
    sides: Sides, board: Board, what: str
) -> None:
    for side in (sides.a, sides.b):
        side.talks()
        if what != "calls":
            assert board.prank(side.agent).code == "blocked"
            until(side.is_over, "the call is over")
    domains = {side.domain for side in (sides.a, sides.b)}
    assert {row["domain"] for row in _rows(sides, what)} >= domains
    for domain in domains:
        assert {row["domain"] for row in _rows(sides, what, "--domain", domain)} == {domain}


def test_a_survey_is_reported_in_its_domain(sides: Sides, board: Board) -> None:
    """Both domains have a group of that name, each with a survey of its own."""
    if not sides.site.is_real:
        pytest.importorskip("lupa", reason="the simulator runs scripts with lupa only")
    for side in (sides.a, sides.b):
        sides.sets("group", "set", "--survey", "on", name="sales", domain=side.domain)
        side.talks()
        assert board.hangup(side.agent).code == "survey-started"
    domain = sides.a.domain
    sides.a.cast.lines["customer"].press("5")
    sides.a.cast.lines["customer"].wait("ended")

    def answered() -> dict[str, int]:
        rows = _rows(sides, "survey", "report", "--domain", domain)
        return {row["domain"]: row["answered"] for row in rows if row["agent"] == sides.extension}

    until(lambda: answered() == {domain: 1}, "the answer is reported")


def _rows(sides: Sides, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sides.fluxcc(*words, "--json").json
    return rows


# The page


@pytest.fixture
def page(sides: Sides, tmp_path: Path) -> Iterator[Web]:
    """The web process, for a supervisor of all domains and for those of one (``of``)."""
    people = (SUPERVISOR, of(sides.a), of(sides.b))
    admit(sides.daemon, *people)
    process = Web(sides.daemon, tmp_path)
    process.start()
    yield process
    process.close()
    dismiss(sides.daemon, *people)


def of(side: Side) -> Someone:
    """The supervisor of that side's domain."""
    return Someone(f"saul-{side.domain[0]}", UserRole.SUPERVISOR, domain=side.domain)


def domains_told(listener: Listener) -> set[str]:
    """Of which domains' calls somebody was told."""
    return {event.data["call"]["domain"] for event in listener.events if event.kind == "call"}


def test_a_supervisor_of_one_domain_is_told_of_its_calls_alone(sides: Sides, page: Web) -> None:
    with listening(page, SUPERVISOR) as every, listening(page, of(sides.a)) as own:
        legs = [side.talks() for side in (sides.b, sides.a)]
        every.wait("call", call=legs[1], talking=True)
        own.wait("call", call=legs[1], talking=True)
        assert domains_told(every) >= {sides.a.domain, sides.b.domain}
        assert domains_told(own) == {sides.a.domain}
    with page.client(of(sides.a)) as program:
        assert [call["call"] for call in program.get("/api/v1/calls").json()] == [legs[1]]
        assert program.get(f"/api/v1/calls/{legs[0]}").status_code == 404
        refused = program.get("/api/v1/calls", params={"domain": sides.b.domain})
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign-domain")


@pytest.mark.parametrize("action", ["prank", "conference", "transfer", "hangup"])
def test_a_supervisor_of_one_domain_does_nothing_to_the_others_call(
    sides: Sides, page: Web, action: str
) -> None:
    """By its leg, by its agent with the domain, or by its agent alone, who is the own one then."""
    leg = sides.b.talks()
    with page.client(of(sides.a)) as program:

        def ask(**named: str) -> str:
            body = {"action": action, "service": "tone"} | named
            if action != "transfer":
                body.pop("service")
            return str(program.post("/api/v1/actions", json=body).json()["code"])

        assert ask(call=leg) in ("not-your-call", "no-such-call")
        assert ask(agent=sides.b.agent) in ("not-permitted", "not-your-call", "foreign-domain")
        assert ask(agent=sides.extension) == "no-live-call"
    assert sides.b.is_up


def test_what_a_supervisor_of_one_domain_blocks_is_refused_there_alone(
    sides: Sides, page: Web
) -> None:
    caller = sides.a.cast.outside()
    with page.client(of(sides.a)) as program, page.client(of(sides.b)) as other:
        blocked = program.post("/api/v1/blocks", json={"number": caller.user}).json()
        assert (blocked["code"], blocked["domain"]) == ("blocked", sides.a.domain)
        assert sides.a.refuses(caller)
        assert not sides.b.refuses(caller)
        for path in ("/api/v1/blocks", "/api/v1/audit"):
            rows = other.get(path).json()
            assert not [row for row in rows if row["number"] == blocked["number"]]
        assert other.delete(f"/api/v1/blocks/{blocked['number']}").status_code in (403, 404)
        body = {"number": caller.user, "domain": sides.a.domain}
        assert other.post("/api/v1/blocks", json=body).status_code == 403
        assert sides.a.refuses(caller)
        assert program.delete(f"/api/v1/blocks/{blocked['number']}").json()["code"] == "released"
        assert not sides.a.refuses(caller)


def test_a_supervisor_of_one_domain_sets_nothing_in_the_other(sides: Sides, page: Web) -> None:
    sides.sets("group", "set", "--survey", "off", name="theirs", domain=sides.b.domain)
    with page.client(of(sides.a)) as program:
        path, theirs = "/api/v1/groups/sales", {"domain": sides.b.domain}
        assert program.put(path, json={"survey": True}, params=theirs).status_code == 403
        assert program.delete("/api/v1/groups/theirs", params=theirs).status_code == 403
        assert program.put(path, json={"survey": True}).json()["code"] == "saved"
        try:
            entries = program.get("/api/v1/groups").json()
            assert [(each["name"], each["domain"]) for each in entries] == [
                ("sales", sides.a.domain)
            ]
        finally:
            assert program.delete(path).json()["code"] == "removed"


@needs_browser
def test_two_supervisors_look_at_one_page(sides: Sides, page: Web) -> None:
    """She of all domains sees both calls and chooses one domain; he of one sees his own, marks it,
    and is told nothing of the other."""
    with chromium() as browser:
        hers = Tab(browser, page, locale="pt-BR").log_in(SUPERVISOR)
        his = Tab(browser, page, locale="pt-BR").log_in(of(sides.a))
        for tab in (hers, his):
            tab.wait_live()
        for side in (sides.b, sides.a):
            side.talks()
        callers = {
            side.domain: as_written(f"+{side.cast.people['customer'].user}")
            for side in (sides.a, sides.b)
        }
        for side in (sides.a, sides.b):
            row = hers.page.locator("#calls tr", has_text=callers[side.domain])
            row.wait_for()
            assert side.domain in row.inner_text()
        his.page.locator("#calls tr", has_text=callers[sides.a.domain]).wait_for()
        assert callers[sides.b.domain] not in his.page.content()
        assert his.page.locator("header .domain").inner_text() == sides.a.domain
        hers.open(f"/domain?to={sides.b.domain}")
        hers.wait_live()
        assert hers.page.locator("#calls tr").count() == 1
        for tab in (hers, his):
            tab.check()
        his.page.locator("a.act").click()
        his.page.get_by_text("Marcar como trote").click()
        his.page.get_by_role("button", name="Confirmar trote?").click()
        his.page.locator("#blocks li", has_text=callers[sides.a.domain]).wait_for()
        until(sides.a.is_over, "the call is over")
        assert sides.b.is_up
        assert hers.page.locator("#blocks li", has_text=callers[sides.a.domain]).count() == 0
        for path in ("/blocks", "/groups", "/survey", "/audit"):
            his.open(path)
            assert callers[sides.b.domain] not in his.page.content()
            his.check()
        for tab in (hers, his):
            tab.close()


# What the doctor says


def test_twins_queues_and_agents_by_uuid_are_named_with_what_follows(sides: Sides) -> None:
    """Nothing of it is a fault: a PBX may be built so."""
    for side in (sides.a, sides.b):
        side.cast.staff("agent")
    printed = sides.daemon.cli("doctor", "--json")
    found = {each["code"]: each for each in printed.json["findings"]}
    for code, remedy in (
        ("extension-in-domains", f"--agent 2000@{sides.a.domain}"),
        ("queue-in-domains", f"--domain {sides.a.domain}"),
        ("agent-not-extension", f"Name the extension everywhere, in boards too: {sides.b.agent}"),
    ):
        assert found[code]["state"] == "note"
        assert sides.b.domain in found[code]["problem"]
        assert remedy in found[code]["remedy"]
