"""A PBX leaves its site and comes back, on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.scenarios.people import Person
from tests.site.test_commands import nodes, wait_both
from tests.site.test_two_pbxs import Pair, labs, pair, person, wait_blocked, wait_free
from tests.testing.daemon import Daemon

__all__ = ["labs", "pair", "person"]


def kept_of_the_site(daemon: Daemon) -> int:
    """Rows of its store that are about the site."""
    with closing(sqlite3.connect(daemon.database)) as store:
        count = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM site_position)"
        return int(store.execute(count).fetchone()[0])


def test_what_was_changed_on_both_while_one_was_out_counts_when_it_is_back(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    another, third = "+5531955551111", "+5531955552222"
    wait_both(pair)
    for number in (person.number, another):
        assert here.cli("block", number).code == 0
        wait_blocked(there, number)
    here.stop()
    assert here.cli("site", "leave").code == 0
    assert kept_of_the_site(here) == 0
    assert [*nodes(Pair(there, here))] == ["pbx2"]
    url = here.environment.pop("FLUXCC_SITE_URL")
    here.start()
    # Each goes on by itself.
    assert here.cli("unblock", person.number).code == 0
    assert there.cli("unblock", another).code == 0
    assert there.cli("block", third).code == 0
    assert "no-site" in here.cli("site", "status").stderr
    here.stop()
    assert kept_of_the_site(here) == 0
    here.environment["FLUXCC_SITE_URL"] = url
    here.start()
    wait_blocked(here, third)
    wait_free(there, person.number)
    wait_free(here, another)
    wait_both(pair)
