"""An upgrade node by node: a daemon works beside tables of the next version, and goes on alone, and
says so, where they are too new for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from fluxcc.protocol.site import SITE
from fluxcc.site.postgresql import PostgresqlSite
from tests.scenarios.people import Person
from tests.site.test_tables import written_by_a_later_version
from tests.site.test_two_pbxs import SOON, blocked, labs, person
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

__all__ = ["labs", "person"]


@pytest.fixture
def older(labs: tuple[Lab, Lab], site_url: str, tmp_path: Path) -> Iterator[Daemon]:
    """A daemon of this version, not started yet."""
    daemon = Daemon(labs[0], tmp_path, {"FLUXCC_SITE_URL": site_url, "FLUXCC_PBX_NODE": "pbx1"})
    yield daemon
    daemon.close()


def failure(daemon: Daemon) -> str:
    """Why it is not in the site."""
    told: str = daemon.operate(SITE)["reading"]["failure"]
    return told


def test_a_daemon_that_the_tables_are_too_new_for_goes_on_alone_and_says_so(
    older: Daemon, site: PostgresqlSite, site_url: str, person: Person
) -> None:
    written_by_a_later_version(site_url, "9998")
    older.start()
    until(lambda: "newer fluxcc" in failure(older), lambda: older.log, SOON)
    assert "the site cannot be read" in older.log
    assert older.cli("block", person.number).code == 0
    assert is_refused(older.lab, person.number)
    codes = {finding["code"] for finding in older.cli("doctor", "--json").json["findings"]}
    assert {"site-unreachable", "site-tables-too-new"} <= codes
    assert site.changes(0, 9)[0] == []
    # It joins by itself once it may.
    written_by_a_later_version(site_url, "0001")
    until(lambda: failure(older) == "", lambda: older.log, SOON)
    until(lambda: site.changes(0, 9)[0], "what it has is told", SOON)


def test_a_daemon_of_the_version_before_works_with_the_tables_of_the_next(
    older: Daemon, site: PostgresqlSite, site_url: str, person: Person
) -> None:
    written_by_a_later_version(site_url, "0001")
    older.start()
    assert older.cli("block", person.number).code == 0
    until(lambda: site.changes(0, 9)[0], lambda: older.log, SOON)
    assert failure(older) == ""
    assert blocked(older, person.number)
