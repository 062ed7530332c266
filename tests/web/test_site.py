"""Beside one PBX of a site the page and the API show the whole site, and act on it (contract,
sections 9 and 10): two simulated PBXs, their daemons, a PostgreSQL, and a web process beside the
first."""

from __future__ import annotations

import csv
import io
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from fluxcc.core.ports import Batch
from fluxcc.domain.nodes import SILENT_AFTER
from fluxcc.domain.provisioning import UserRole
from fluxcc.domain.written import as_written
from fluxcc.kit import find_kit
from fluxcc.lab.port import Caller
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.site.postgresql import PostgresqlSite
from fluxcc.web.records import LEFT_ALONE, PATIENCE
from tests.contract.records import a_survey, an_audit
from tests.testing.browser import Tab, chromium, needs_browser
from tests.testing.daemon import Daemon
from tests.testing.postgresql import empty_schema, running_server, stopped_server
from tests.testing.waiting import until
from tests.testing.web import (
    ADMIN,
    AGENT,
    CONFINED_SUPERVISOR,
    SUPERVISOR,
    Listener,
    Someone,
    Web,
    admit,
    listening,
)

HERE = "pbx1"
THERE = "the-pbx-of-the-second-floor." + "x" * 100
"""A name as long as a person would never choose it."""
ABOUT_A_SECOND = 1.5
"""Seconds within which a call elsewhere is seen: it is told, and looked for, every half second."""
HISTORY_SOON = 10.0
"""Seconds for which history of the other node is waited for; it takes 5 at most."""
NUMBER = "+5511955554444"


class Site(NamedTuple):
    """What runs."""

    here: Daemon
    there: Daemon
    web: Web
    database: str
    """The server's URL."""
    url: str
    """The site's."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as opened:
        server = opened.enter_context(running_server())
        url = empty_schema(server)
        daemons = []
        for name in (HERE, THERE):
            lab = opened.enter_context(SimulatedLab())
            lab.install_kit(find_kit())
            settings = {"FLUXCC_SITE_URL": url, "FLUXCC_PBX_NODE": name}
            daemons.append(Daemon(lab, tmp_path_factory.mktemp("node"), settings))
            opened.callback(daemons[-1].close)
            daemons[-1].start()
        here, there = daemons
        admit(here, AGENT, SUPERVISOR, ADMIN, CONFINED_SUPERVISOR)
        web = Web(here, tmp_path_factory.mktemp("web"))
        opened.callback(web.close)
        web.start()
        until(lambda: status(web)["nodes"] == [HERE, THERE], lambda: here.log, 20)
        yield Site(here, there, web, server, url)


@pytest.fixture
def talk(site: Site) -> Iterator[Caller]:
    """A customer who talks to 1000 on the other PBX, until the end of the test."""
    until(lambda: not read(site.web, "calls"), "the page shows no call of an earlier test")
    caller = site.there.lab.call(NUMBER, "1000")
    caller.wait_answered()
    yield caller
    if site.there.is_running:
        site.there.lab.api("hupall")
        until(lambda: not site.there.calls(), "the other PBX is quiet")


def status(web: Web) -> Any:
    """What a supervisor is told of the state."""
    with web.client(SUPERVISOR) as program:
        return program.get("/api/v1/status").json()


def read(web: Web, path: str, person: Someone = SUPERVISOR) -> Any:
    """What the API answers."""
    with web.client(person) as program:
        return program.get(f"/api/v1/{path}").json()


def wait_call(web: Web, person: Someone = SUPERVISOR) -> Any:
    """The call, once that person sees it talk."""

    def found() -> Any:
        calls = read(web, "calls", person)
        return next((each for each in calls if each["talking"]), None)

    return until(found, lambda: web.log)


def wait_told(listener: Listener, change: str) -> Any:
    """The event about a call on the other node."""

    def found() -> Any:
        told = [each.data for each in list(listener.events) if each.kind == "call"]
        return next((e for e in told if (e["change"], e["call"]["node"]) == (change, THERE)), None)

    return until(found, lambda: f"{change} in {listener.events}", HISTORY_SOON)


def test_a_call_on_the_other_pbx_is_told_within_about_a_second_and_ended_from_here(
    site: Site,
) -> None:
    with listening(site.web, SUPERVISOR) as listener:
        began = time.monotonic()
        site.there.lab.call(NUMBER, "1000").wait_answered()
        wait_told(listener, "bridged" if listener.events[0].data["calls"] else "began")
        assert time.monotonic() - began < ABOUT_A_SECOND
        call = wait_call(site.web)
        assert (call["node"], call["number"], call["agent"]) == (THERE, NUMBER, "1000")
        assert read(site.web, f"calls?node={THERE}") == [call]
        assert read(site.web, f"calls?node={HERE}") == []
        assert read(site.web, f"calls/{call['call']}") == call
        with site.web.client(SUPERVISOR) as program:
            body = {"action": "hangup", "call": call["call"], "survey": False}
            answer = program.post("/api/v1/actions", json=body)
        assert (answer.status_code, answer.json()["code"]) == (200, "ended")
        ended = wait_told(listener, "ended")
        assert ended["call"]["outcome"] == ""
    assert site.there.calls() == []
    request = answer.json()["request"]

    def row() -> Any:
        rows = read(site.web, f"audit?node={THERE}")
        return next((each for each in rows if each["request"] == request), None)

    found = until(row, lambda: site.there.log, HISTORY_SOON)
    assert (found["node"], found["by"]) == (THERE, "supervisor:token/ana via web")
    assert [r for r in read(site.web, f"audit?node={HERE}") if r["request"] == request] == []
    calls = read(site.web, "calls?state=ended")
    assert (calls[0]["node"], calls[0]["number"]) == (THERE, NUMBER)
    assert read(site.web, f"calls/{call['call']}")["state"] == "ended"


def test_an_agents_own_page_has_the_own_call_on_whichever_pbx(site: Site, talk: Caller) -> None:
    """Also the program with the agent's token, which names no call."""
    assert wait_call(site.web, AGENT)["node"] == THERE
    with site.web.client(AGENT) as program:
        page = program.get("/me").text
        assert as_written(NUMBER) in page
        answer = program.post("/api/v1/actions", json={"action": "hangup", "survey": False})
    assert answer.json()["code"] == "ended", answer.text
    until(lambda: not site.there.calls(), "it is over")


def test_a_supervisor_of_one_domain_sees_and_acts_on_that_domains_calls_alone(
    site: Site, talk: Caller
) -> None:
    call = wait_call(site.web)
    own = Someone("lia", UserRole.SUPERVISOR, domain=call["domain"])
    assert own.domain
    admit(site.here, own)
    until(lambda: isinstance(read(site.web, "calls", own), list), "the page knows them")
    assert read(site.web, "calls", CONFINED_SUPERVISOR) == []
    with site.web.client(CONFINED_SUPERVISOR) as program:
        assert program.get(f"/api/v1/calls/{call['call']}").status_code == 404
        body = {"action": "hangup", "call": call["call"]}
        answer = program.post("/api/v1/actions", json=body)
        assert answer.status_code in (403, 404, 409), answer.text
    assert wait_call(site.web)["call"] == call["call"]
    assert wait_call(site.web, own)["call"] == call["call"]
    with site.web.client(own) as program:
        assert program.post("/api/v1/actions", json=body).json()["code"] == "ended"


def test_a_block_is_shown_with_the_pbx_that_marked_it(site: Site) -> None:
    assert site.there.cli("block", NUMBER, "--for", "2s").code == 0

    def block(path: str) -> Any:
        return next((each for each in read(site.web, path) if each["number"] == NUMBER), None)

    assert until(lambda: block("blocks"), "it is told")["node"] == THERE
    assert block(f"blocks?node={HERE}") is None
    until(lambda: block("blocks") is None, "its time is over")

    def ended() -> Any:
        found = block("blocks?state=all")
        return found if found and found["state"] == "expired" else None

    assert until(ended, "it is history", HISTORY_SOON)["node"] == THERE
    assert block(f"blocks?state=all&node={HERE}") is None


def test_the_survey_has_a_line_for_each_pbx_also_as_csv(site: Site) -> None:
    with closing(PostgresqlSite(site.url)) as other:
        now = time.time()
        for name, answer in ((HERE, 5), (THERE, 1)):
            survey = a_survey(f"of-{name}", started=now, offered=now, answers=(answer, None))
            other.record(name, Batch(surveys=(survey,)))
    lines = read(site.web, "surveys/report")
    assert {line["node"] for line in lines} == {HERE, THERE}
    assert {line["node"] for line in read(site.web, f"surveys/report?node={THERE}")} == {THERE}
    with site.web.client(SUPERVISOR) as program:
        rows = list(csv.DictReader(io.StringIO(program.get("/api/v1/surveys/report.csv").text)))
    assert {row["node"] for row in rows} == {HERE, THERE}


def test_a_domain_that_only_another_pbx_has_is_told_apart(site: Site) -> None:
    with closing(PostgresqlSite(site.url)) as other:
        row = an_audit(domain="z.example", id=time.time_ns() // 1000, at=time.time(), agent="1000")
        twin = replace(row, id=row.id + 1, domain="y.example", request="r-2")
        assert '<th scope="col">domain</th>' not in page(site.web, f"/audit?node={HERE}")
        other.record(THERE, Batch(audit=(row, twin)))
    shown = page(site.web, "/audit?agent=1000")
    assert '<th scope="col">domain</th>' in shown
    assert "z.example" in shown


@needs_browser
@pytest.mark.timeout(240)
def test_a_call_on_the_other_pbx_is_hung_up_on_this_ones_page(site: Site, talk: Caller) -> None:
    """Legible at both widths, however long the other's name is."""
    with chromium() as browser:
        tabs = [
            Tab(browser, site.web, locale=language, viewport={"width": width, "height": 900})
            for language, width in (("en", 1920), ("pt-BR", 360))
        ]
        for tab in tabs:
            tab.log_in(ADMIN)
            tab.wait_live()
            row = tab.page.locator("#calls tr", has_text=as_written(NUMBER))
            row.wait_for()
            assert row.locator("[data-field=node]").inner_text() == THERE
            tab.check()
            for path in ("/blocks", "/survey", "/audit", f"/audit?node={THERE}"):
                tab.open(path)
                tab.check()
        desk = tabs[0]
        assert desk.page.locator("select[name=node]").input_value() == THERE
        desk.open("/")
        desk.wait_live()
        row = desk.page.locator("#calls tr", has_text=as_written(NUMBER))
        row.locator("a.act").click()
        desk.page.locator(".popup summary", has_text="End the call").click()
        desk.check()
        desk.page.get_by_role("button", name="End the call now?").click()
        desk.page.locator("#notice .answer.ok").wait_for()
        until(lambda: not site.there.calls(), "it is over")
        row.wait_for(state="detached")
        for tab in tabs:
            tab.close()


@pytest.mark.timeout(180)
def test_without_the_database_this_pbxs_records_are_shown_and_it_is_said(site: Site) -> None:
    """A database that takes what is sent to it and answers nothing, which is the slowest way."""
    assert site.here.cli("check", NUMBER).code == 0
    site.here.cli("block", NUMBER, "--for", "1h")
    site.here.cli("unblock", NUMBER)
    with site.web.client(SUPERVISOR) as program, listening(site.web, SUPERVISOR) as listener:
        program.timeout = 30
        assert "Fluxcc-Site" not in program.get("/api/v1/audit").headers
        with stopped_server(site.database):
            began = time.monotonic()
            answer = program.get("/api/v1/audit")
            assert time.monotonic() - began < PATIENCE + 2
            assert answer.headers["Fluxcc-Site"] == "unavailable"
            assert {row["node"] for row in answer.json()} == {HERE}
            began = time.monotonic()
            for path in ("/api/v1/calls?state=ended", "/api/v1/surveys/report.csv"):
                assert program.get(path).headers["Fluxcc-Site"] == "unavailable"
            # One wait is enough: it is left alone for a while.
            assert time.monotonic() - began < LEFT_ALONE - 1
            foreign = program.get(f"/api/v1/audit?node={THERE}")
            assert (foreign.status_code, foreign.json()["code"]) == (503, "site-unavailable")
            assert "Fluxcc-Site" not in program.get(f"/api/v1/calls?node={THERE}").headers
            until(lambda: status(site.web)["site_failure"], "the daemon says so", 20)
            for path in ("/audit", "/survey", "/blocks"):
                assert "records of this PBX alone" in page(site.web, path), path
            assert "database is not reached" in page(site.web, "/")
            listener.wait("status")
        until(
            lambda: "Fluxcc-Site" not in program.get("/api/v1/audit").headers,
            lambda: site.web.log,
            20,
        )
        until(lambda: not status(site.web)["site_failure"], lambda: site.here.log, 20)


@pytest.mark.timeout(120)
def test_a_database_that_hangs_does_not_keep_the_process_from_its_end(
    site: Site, tmp_path: Path
) -> None:
    web = Web(site.here, tmp_path)
    web.start()
    try:
        with web.client(SUPERVISOR) as program:
            until(lambda: program.get("/api/v1/audit").status_code == 200, lambda: web.log)
            program.timeout = 30
            with stopped_server(site.database):
                assert "Fluxcc-Site" in program.get("/api/v1/audit").headers
                # uvicorn ends by the signal itself.
                assert web.kill(signal.SIGTERM) == -signal.SIGTERM
    finally:
        web.close()


def page(web: Web, path: str) -> str:
    """A page, as a supervisor's program sees it, in English."""
    with web.client(SUPERVISOR) as program:
        program.timeout = 30
        program.headers["Accept-Language"] = "en"
        return program.get(path).text


@pytest.mark.timeout(120)
def test_a_pbx_that_is_not_heard_of_is_named_and_its_calls_go(site: Site, talk: Caller) -> None:
    wait_call(site.web)
    with listening(site.web, SUPERVISOR) as listener:
        site.there.kill()
        assert wait_call(site.web)["node"] == THERE
        lost = wait_told_later(listener)
        assert (lost["call"]["state"], lost["call"]["node"]) == ("live", THERE)
        assert status(site.web)["silent_nodes"] == [THERE]
        assert read(site.web, "calls") == []
        assert f"Not heard of for 10 s: {THERE}." in page(site.web, "/")
        site.there.start()
        until(lambda: status(site.web)["silent_nodes"] == [], lambda: site.there.log, 20)
    assert "Not heard of for 10 s: pbx" not in page(site.web, "/")


def wait_told_later(listener: Listener) -> Any:
    """The event that says that a call is lost sight of."""

    def found() -> Any:
        told = [each.data for each in list(listener.events) if each.kind == "call"]
        return next((each for each in told if each["change"] == "lost"), None)

    return until(found, lambda: f"lost in {listener.events}", SILENT_AFTER + 10)
