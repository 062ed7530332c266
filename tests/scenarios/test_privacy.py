"""Who asked for privacy is blocked, and the number shown to no agent (contract, section 2a)."""

from __future__ import annotations

import json

import pytest

from fluxcc.client import Reply
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .people import Person
from .tap import Tap


@pytest.fixture
def daemon(make_daemon) -> Daemon:
    """One that logs telephone numbers whole, where it logs them."""
    daemon: Daemon = make_daemon(FLUXCC_LOG_LEVEL="DEBUG")
    daemon.start()
    return daemon


def is_refused_privately(lab: Lab, person: Person) -> bool:
    caller = lab.call("anonymous", "9999", asserted=person.other_spellings[0])
    status = caller.wait_ended(5)
    return status == 603


def pranks(lab: Lab, daemon: Daemon, person: Person, *, by_remote_party: bool = False) -> Reply:
    """The person calls agent 1000, whose number the trunk asserts, and asks for privacy."""
    caller = lab.call("anonymous", "1000", asserted=person.number, by_remote_party=by_remote_party)
    caller.wait_answered()
    daemon.wait_talking("withheld")
    with daemon.board() as board:
        return board.prank("1000", language="en")


@pytest.mark.parametrize("by_remote_party", [False, True])
def test_the_number_is_blocked_and_shown_to_no_agent(
    lab: Lab, daemon: Daemon, person: Person, tap: Tap, by_remote_party: bool
) -> None:
    """Contract, section 2a: refused the next time, whether privacy is asked for or not; and no
    reply, notice or line of the log ever has the digits in it."""
    reply = pranks(lab, daemon, person, by_remote_party=by_remote_party)
    assert (reply.status, reply.code, reply.blocked) == ("ok", "blocked", True)
    assert (reply.number, bool(reply.block)) == ("withheld", True)
    assert "withheld" in reply.text
    assert f"fluxcc unblock {reply.block}" in reply.text

    assert is_refused_privately(lab, person)
    until(lambda: len(daemon.cli("calls", "--ended", "--json").json) == 2, "both calls are stored")
    for command in (["calls", "--ended"], ["audit"], ["blocks", "--all"]):
        for form in ([], ["--json"]):
            printed = daemon.cli(*command, *form)
            assert (printed.code, person.local in printed.stdout) == (0, False)
            assert "withheld" in printed.stdout

    assert is_refused(lab, person.number)
    attempts = until(lambda: _attempts(tap, 2), "both attempts are told")
    assert {attempt["Fluxcc-Number"] for attempt in attempts} == {"withheld"}
    assert {attempt["Fluxcc-Block"] for attempt in attempts} == {reply.block}

    printed = daemon.cli("unblock", reply.block)
    assert (printed.code, person.local in printed.stdout) == (0, False)
    tap.catch_up()
    notices = [tap.of(f"fluxcc::{kind}") for kind in ("block", "attempt", "reply")]
    assert [notice["Fluxcc-Change"] for notice in notices[0]] == ["blocked", "released"]
    for told in (json.dumps(notices), json.dumps(reply.headers), daemon.log):
        assert person.local not in told
    assert not is_refused(lab, person.number)


def test_the_operators_command_shows_it_and_the_audit_notes_that(
    lab: Lab, daemon: Daemon, person: Person
) -> None:
    """Contract, section 2a: on the PBX host alone."""
    reply = pranks(lab, daemon, person)
    assert f"{person.number} ({reply.block})" in daemon.cli("blocks").stdout
    assert daemon.cli("check", reply.block, "--json").json["number"] == person.number
    rows = until(lambda: _shown(daemon), "the audit notes it")
    assert [(row["number"], row["subject"]) for row in rows] == [("withheld", reply.block)]
    # It is found by the number all the same.
    assert len(daemon.cli("audit", "--number", person.number, "--json").json) == 2


def test_the_same_request_has_the_same_reply_after_a_restart(
    lab: Lab, daemon: Daemon, person: Person
) -> None:
    """Contract, section 3: out of the audit, which has the number."""
    first = pranks(lab, daemon, person)
    daemon.kill()
    daemon.start()
    with daemon.board() as board:
        again = board.ask("prank", "1000", request=first.request, language="en")
    assert (again.number, again.block, again.text) == ("withheld", first.block, first.text)


def _attempts(tap: Tap, count: int) -> list[dict[str, str]]:
    tap.catch_up()
    found = tap.of("fluxcc::attempt")
    return found if len(found) >= count else []


def _shown(daemon: Daemon) -> list[dict[str, str]]:
    return [row for row in daemon.cli("audit", "--json").json if row["action"] == "show"]
