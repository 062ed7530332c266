"""Two daemons with one name in one site, as after a machine was copied: one of them takes no part,
says so, and has the name once the other one is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from fluxcc.protocol.site import SITE
from tests.scenarios.people import Person
from tests.site.test_two_pbxs import SOON, blocked, labs, person, wait_blocked
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

__all__ = ["labs", "person"]

TAKEN_OVER = 15.0
"""Seconds: the ten of silence, a beat, and some more."""


@pytest.fixture
def former(labs: tuple[Lab, Lab], site_url: str, tmp_path: Path) -> Iterator[Daemon]:
    """The daemon that is in the site as pbx1."""
    yield from running(labs[0], site_url, tmp_path / "former")


@pytest.fixture
def copy(
    former: Daemon, labs: tuple[Lab, Lab], site_url: str, tmp_path: Path, person: Person
) -> Iterator[Daemon]:
    """One that is started under the same name elsewhere, afterwards."""
    assert former.cli("block", person.number).code == 0
    until(lambda: names(former) == {"pbx1": False}, "it is there", SOON)
    yield from running(labs[1], site_url, tmp_path / "copy")


def running(lab: Lab, url: str, folder: Path) -> Iterator[Daemon]:
    """A daemon of the node pbx1, which runs."""
    folder.mkdir()
    daemon = Daemon(lab, folder, {"FLUXCC_SITE_URL": url, "FLUXCC_PBX_NODE": "pbx1"})
    daemon.start()
    yield daemon
    daemon.close()


def names(daemon: Daemon) -> dict[str, bool]:
    """The nodes that it tells, and whether each is silent."""
    return {node["name"]: node["silent"] for node in daemon.operate(SITE)["reading"]["nodes"]}


def is_out(daemon: Daemon) -> bool:
    """Whether it says that another daemon has its name."""
    return bool(daemon.operate(SITE)["reading"]["name_taken_by"])


def test_the_later_one_takes_no_part_and_has_the_name_once_the_other_is_gone(
    former: Daemon, copy: Daemon, person: Person
) -> None:
    until(lambda: is_out(copy), lambda: f"it is told: {copy.log}", SOON)
    assert "another daemon is in the site under the name of this node" in copy.log
    assert not is_out(former)
    assert "NO PART" in copy.cli("site", "status").stdout
    findings = json.loads(copy.cli("doctor", "--json").stdout)["findings"]
    assert "site-name-taken" in {finding["code"] for finding in findings}
    # It goes on alone, and keeps what it has to tell.
    assert copy.cli("block", "+5531955554444").code == 0
    assert blocked(copy, "+5531955554444")
    assert not blocked(former, "+5531955554444")

    former.kill()
    until(lambda: not is_out(copy), lambda: f"it has the name: {copy.log}", TAKEN_OVER)
    assert "this node is in the site under its name" in copy.log
    wait_blocked(copy, person.number)
    # Who comes back is the later one now.
    former.start()
    until(lambda: is_out(former), lambda: f"it is told: {former.log}", SOON)
    assert not is_out(copy)


def test_one_that_is_killed_and_started_where_it_was_has_its_name_at_once(
    former: Daemon,
) -> None:
    until(lambda: names(former) == {"pbx1": False}, "it is there", SOON)
    former.kill()
    former.start()
    until(lambda: former.operate(SITE)["reading"]["failure"] == "", lambda: former.log, SOON)
    assert "another daemon" not in former.log
