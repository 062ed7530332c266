"""``fluxcc site …`` and ``fluxcc calls`` in a site of two PBXs."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from fluxcc import __version__
from fluxcc.cli.site import clashing
from fluxcc.domain.changes import Stamp, stamped
from fluxcc.domain.nodes import NodeState, Sign
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.lab.port import Lab
from fluxcc.protocol.site import SITE
from fluxcc.site.neighbours import PostgresqlNeighbours
from tests.builders import a_block
from tests.scenarios.people import Person
from tests.site.test_neighbours import talk, wait_seen
from tests.site.test_two_pbxs import SOON, Pair, is_told, labs, pair, person
from tests.testing.daemon import Daemon
from tests.testing.postgresql import stopped_server
from tests.testing.waiting import until

__all__ = ["labs", "pair", "person"]


def nodes(pair: Pair) -> dict[str, dict[str, object]]:
    """The nodes that the first daemon tells, by name."""
    return {node["name"]: node for node in pair.here.operate(SITE)["reading"]["nodes"]}


def wait_both(pair: Pair) -> None:
    """Return once both have told of themselves and of their clocks."""

    def told() -> bool:
        found = nodes(pair)
        return len(found) == 2 and all(n["clock_offset"] is not None for n in found.values())

    until(told, "both are there", SOON)


def test_status_tells_of_both_and_says_which_is_not_heard_of(pair: Pair) -> None:
    here, there = pair
    wait_both(pair)
    status = here.cli("site", "status", "--json").json
    assert (status["node"], status["failure"], status["behind"]) == ("pbx1", "", 0)
    for node in status["nodes"]:
        assert not node["silent"]
        assert node["connected"]
        assert abs(node["clock_offset"]) < 2
    there.kill()
    until(lambda: nodes(pair)["pbx2"]["silent"], "it is not heard of", 15)
    shown = here.cli("site", "status").stdout.splitlines()
    assert shown[0].startswith("pbx1\t")
    assert shown[1].startswith("pbx2\tNOT HEARD OF for 1")
    assert "pbx2 has NOT been heard of" in here.cli("calls").stderr
    findings = here.cli("doctor", "--json").json["findings"]
    assert "site-node-silent" in {finding["code"] for finding in findings}


def test_status_is_told_without_a_daemon_and_who_leaves_is_told_no_more(pair: Pair) -> None:
    here, there = pair
    wait_both(pair)
    refused = there.cli("site", "leave")
    assert (refused.code, refused.stderr.split(":")[0]) == (1, "daemon-running")
    there.stop()
    told = there.cli("site", "status", "--json").json
    assert [node["name"] for node in told["nodes"]] == ["pbx1", "pbx2"]
    assert there.cli("site", "leave").code == 0
    assert [*nodes(pair)] == ["pbx1"]
    assert here.cli("site", "leave", "--node", "pbx9").code == 1


def test_calls_have_a_column_with_their_node(pair: Pair, person: Person) -> None:
    here, there = pair
    talk(there, person)
    wait_seen(here, person)
    (line,) = [row for row in here.cli("calls").stdout.splitlines() if person.number in row]
    assert line.split("\t")[-1] == "pbx2"
    assert here.cli("calls", "--node", "pbx1").stdout == ""


def test_join_tells_what_clashes(pair: Pair, person: Person) -> None:
    here, _ = pair
    assert here.cli("block", person.number).code == 0
    report = here.cli("site", "join", "--json").json
    assert report == {"blocks": 1, "clashes": [], "entries": 0, "entry_clashes": []}


def test_join_tells_which_groups_and_users_of_a_newcomer_are_not_the_sites(
    labs: tuple[Lab, Lab], site_url: str, tmp_path: Path
) -> None:
    alone, member = (
        Daemon(lab, folder_in(tmp_path, name), {"FLUXCC_PBX_NODE": name})
        for lab, name in zip(labs, ("pbx1", "pbx2"), strict=True)
    )
    with ExitStack() as opened:
        opened.callback(alone.close)
        opened.callback(member.close)
        alone.start()
        for entry in (Group("sales"), Group("support"), Room("1000"), Service("x", "7999")):
            alone.operate("set", entry=entry)
        alone.stop()
        member.environment["FLUXCC_SITE_URL"] = site_url
        member.start()
        for entry in (Group("sales", destination="*29"), Room("1000"), Service("x", "1")):
            member.operate("set", entry=entry)
        member.operate("remove", entry=Service("x", "1"))
        until(lambda: is_told(member), "the site knows", SOON)
        alone.environment["FLUXCC_SITE_URL"] = site_url
        told = alone.cli("site", "join", "--json").json
        assert told["entries"] == 4
        assert told["entry_clashes"] == [
            {"entry": "group/sales", "counts": "site"},
            {"entry": "service/x", "counts": "site"},
        ]
        lines = alone.cli("site", "join").stdout.splitlines()
        assert lines[-2:] == [
            "group sales: not as in the site; the site's counts",
            "service x: removed in the site, and here too then",
        ]
        # And so it is, once the daemon is in it.
        alone.start()
        for daemon in (alone, member):
            until(
                lambda daemon=daemon: listed(daemon) == {"sales": "*29", "support": ""},
                lambda daemon=daemon: daemon.log,
                SOON,
            )
            assert daemon.cli("service", "list", "--json").json == []


def folder_in(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def listed(daemon: Daemon) -> dict[str, str]:
    """Name of each group → its destination."""
    found = daemon.cli("group", "list", "--json").json
    return {group["name"]: group["destination"] for group in found}


def test_of_two_marks_the_later_one_counts_by_its_stamp_or_its_beginning() -> None:
    own, other = a_block(id="own"), a_block(id="other")
    since = int(own.since * 1e6)
    for at, counts in ((since - 1, "here"), (since + 1, "site")):
        theirs = stamped(other, Stamp(at, "pbx2"))
        assert clashing([own], [theirs]) == [(own, theirs, counts)]
    assert clashing([own], [own]) == []


def test_the_doctor_finds_what_is_wrong_with_other_pbxs(pair: Pair, site_url: str) -> None:
    here, _ = pair
    wait_both(pair)
    assert not site_findings(here)
    assert "PBX pbx2: connected to FreeSWITCH" in here.cli("status").stdout
    state = NodeState(version=__version__, is_connected=True, number=5_000, offset=0.0)
    with closing(PostgresqlNeighbours(site_url)) as neighbours:
        neighbours.beat("pbx7", Sign(token="7"), replace(state, offset=-5.0))
        neighbours.beat("pbx8", Sign(token="8"), replace(state, number=0, waiting=3))
        neighbours.beat("pbx9", Sign(token="9"), replace(state, version="0.0.1"))
        assert site_findings(here) >= {"site-clock-off", "site-node-behind", "site-versions"}
        lines = here.cli("site", "status").stdout.splitlines()
        (behind,) = (line.split("\t") for line in lines if line.startswith("pbx8\t"))
        assert (behind[4], behind[5]) == ("5000", "3 (0 s)")


def test_the_doctor_and_status_find_that_the_database_is_away(
    pair: Pair, postgresql_server: str
) -> None:
    here, _ = pair
    wait_both(pair)
    with stopped_server(postgresql_server):
        assert here.cli("block", "+5531955570001").code == 0
        until(lambda: here.operate(SITE)["reading"]["failure"], "it is noticed", 20)
        status = until(lambda: waiting(here), "it is counted", SOON)
        assert status["waiting_for"] >= 0
        assert "NOT reached" in here.cli("status").stderr
        assert "site-unreachable" in site_findings(here)
    until(lambda: not waiting(here), lambda: f"all is told: {here.log}", 20)


def site_findings(daemon: Daemon) -> set[str]:
    """What its doctor finds of the site."""
    found = daemon.cli("doctor", "--json").json["findings"]
    return {each["code"] for each in found if each["code"].startswith("site-")}


def waiting(daemon: Daemon) -> dict[str, Any]:
    """What it tells of the site, while something waits for that; else nothing."""
    status: dict[str, Any] = daemon.operate(SITE)["reading"]
    return status if status["waiting"] else {}
