"""Two PBXs of a site and their PostgreSQL: groups, rooms, services, protected numbers, users and
tokens that are set on one count on the other (contract, section 9)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from fluxcc.domain.provisioning import Entry, Group, Protected, Room, Service
from tests.scenarios.people import Person
from tests.site.test_two_pbxs import SOON, Pair, blocked, labs, pair, person, wait_blocked
from tests.testing.daemon import Daemon
from tests.testing.postgresql import stopped_server
from tests.testing.waiting import until
from tests.testing.web import ADMIN, PASSWORD, QUICK, SUPERVISOR, Web, admit, log_in

__all__ = ["labs", "pair", "person"]

NEW_PASSWORD = f"new, {PASSWORD}"


@pytest.fixture
def webs(pair: Pair, tmp_path: Path) -> Iterator[tuple[Web, Web]]:
    """The page's process beside each."""
    found = []
    for number, daemon in enumerate(pair, 1):
        folder = tmp_path / f"web{number}"
        folder.mkdir()
        found.append(Web(daemon, folder))
    try:
        for web in found:
            web.start()
        yield found[0], found[1]
    finally:
        for web in found:
            web.close()


def put(daemon: Daemon, *entries: Entry) -> None:
    """Set these there."""
    for entry in entries:
        answer = daemon.operate("set", entry=entry)
        assert answer["reply"]["code"] == "saved", answer


def remove(daemon: Daemon, *entries: Entry) -> None:
    """Remove these there."""
    for entry in entries:
        answer = daemon.operate("remove", entry=entry)
        assert answer["reply"]["code"] == "removed", answer


def room(daemon: Daemon) -> str:
    """Where the kit's dialplan sends *1000."""
    return daemon.lab.api("hash select/fluxcc_room/*1000").strip()


def wait_until(daemon: Daemon, is_so: Callable[[], object], what: str) -> None:
    """Return once it is so."""
    until(is_so, lambda: f"{what}; the log:\n{daemon.log}", SOON)


def test_what_is_set_on_one_is_listed_and_removed_on_the_other(pair: Pair) -> None:
    here, there = pair
    entries: tuple[Entry, ...] = (
        Group("8000", destination="*29", domain="a.example"),
        Room("1000"),
        Service("invoices", "7999"),
        Protected("+5511955550000"),
        *ADMIN.entries,
    )
    put(here, *entries)

    def kept(daemon: Daemon) -> set[str]:
        uri = f"file:{daemon.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as store:
            found = store.execute("SELECT kind || '/' || name FROM entries").fetchall()
        return {name for (name,) in found}

    wanted = {
        "group/8000@a.example",
        "room/1000",
        "service/invoices",
        "protected/+5511955550000",
        "user/root",
        "token/root",
    }
    wait_until(there, lambda: kept(there) == wanted, "all are there")
    (group,) = there.cli("group", "list", "--json").json
    assert (group["name"], group["destination"], group["domain"]) == ("8000", "*29", "a.example")
    assert [each["name"] for each in there.cli("user", "list", "--json").json] == ["root"]
    wait_until(there, lambda: room(there) == "1000", "the dialplan knows it")
    remove(there, *entries)
    wait_until(here, lambda: kept(here) == set(), "all are gone")
    assert here.cli("token", "list", "--json").json == []
    wait_until(here, lambda: room(here) != "1000", "the dialplan does not know it any more")


def test_the_survey_of_a_group_that_was_set_on_one_follows_a_call_on_the_other(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    put(here, Group("sales", has_survey=True))
    wait_until(there, lambda: there.cli("group", "list", "--json").json, "the group is there")
    there.lab.call(person.number, "1000").wait_answered()
    there.wait_talking(person.number)
    with there.board() as board:
        assert board.ask("hangup", "1000").code == "survey-started"
    remove(here, Group("sales"))


def test_a_number_that_is_protected_on_one_is_free_and_stays_so_on_the_other(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    assert there.cli("block", person.number).code == 0
    wait_blocked(here, person.number)
    assert here.cli("protect", person.number).code == 0
    wait_until(there, lambda: not blocked(there, person.number), "it is free there")
    refused = until(
        lambda: [r for r in [there.cli("block", person.number)] if r.code],
        "it is protected there",
        SOON,
    )
    assert "number-protected" in refused[0].stderr


def wait_known(daemon: Daemon, web: Web) -> None:
    """Return once the page's process there knows Ana. She logs in once: who fails often waits."""
    wait_until(daemon, lambda: daemon.cli("token", "list", "--json").json, "the daemon knows her")
    with web.client(SUPERVISOR) as program:
        wait_until(
            daemon,
            lambda: program.get("/api/v1/blocks").status_code == 200,
            "the page's process knows her",
        )


def signed_in(web: Web, name: str, password: str) -> httpx.Client | None:
    """A browser in which that user is logged in; None where the log-in is refused."""
    client = httpx.Client(base_url=web.url, timeout=10, headers={"Origin": web.url})
    if log_in(client, name, password).status_code < 400 and is_in(client):
        return client
    client.close()
    return None


def is_in(client: httpx.Client) -> bool:
    """Whether the session of this browser still holds."""
    return client.get("/blocks").status_code == 200


def test_a_user_who_was_added_on_one_logs_in_on_the_other_until_removed(
    pair: Pair, webs: tuple[Web, Web]
) -> None:
    here, there = pair
    web = webs[1]
    admit(here, SUPERVISOR)
    wait_known(there, web)
    browser = signed_in(web, "ana", PASSWORD)
    assert browser is not None, web.log
    # Another password ends the sessions, here and elsewhere.
    put(here, replace(SUPERVISOR.entries[0], password_hash=QUICK.hash(NEW_PASSWORD)))
    wait_until(there, lambda: not is_in(browser), "the session is over")
    assert signed_in(web, "ana", PASSWORD) is None
    again = signed_in(web, "ana", NEW_PASSWORD)
    assert again is not None
    assert here.cli("user", "remove", "ana").code == 0
    wait_until(there, lambda: not is_in(again), "the session of a removed user is over")
    assert signed_in(web, "ana", NEW_PASSWORD) is None
    for client in (browser, again):
        client.close()


def test_a_token_that_was_revoked_on_one_is_refused_on_the_other(
    pair: Pair, webs: tuple[Web, Web]
) -> None:
    here, there = pair
    admit(here, SUPERVISOR)
    with webs[1].client(SUPERVISOR) as program:
        wait_known(there, webs[1])
        assert here.cli("token", "revoke", "ana").code == 0
        wait_until(
            there,
            lambda: program.get("/api/v1/blocks").status_code == 401,
            "it is refused there",
        )


def test_what_was_removed_while_a_pbx_was_off_is_gone_when_it_is_back(pair: Pair) -> None:
    here, there = pair
    put(here, Group("sales"), *SUPERVISOR.entries)
    wait_until(there, lambda: there.cli("group", "list", "--json").json, "the group is there")
    there.kill()
    remove(here, Group("sales"), *SUPERVISOR.entries)
    there.start()
    wait_until(there, lambda: not there.cli("group", "list", "--json").json, "it is gone")
    wait_until(there, lambda: not there.cli("user", "list", "--json").json, "the user too")


def test_without_its_database_a_group_is_set_at_once_and_told_later(
    pair: Pair, postgresql_server: str
) -> None:
    here, there = pair
    with stopped_server(postgresql_server):
        put(here, Group("sales", destination="*29"))
        here.kill()
        put(there, Group("sales", destination="*30"))
    here.start()
    for daemon in pair:

        def destinations(daemon: Daemon = daemon) -> list[str]:
            found = daemon.cli("group", "list", "--json").json
            return [group["destination"] for group in found]

        wait_until(daemon, lambda shown=destinations: shown() == ["*30"], "the later one counts")
