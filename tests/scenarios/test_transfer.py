"""An agent sends the customer to a service, blind (contract, section 1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.client import Board
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .kinds import (
    AGENT,
    COLLEAGUE,
    Calls,
    Kind,
    Supervisor,
    both_ways,
    every_kind,
    exists,
    sequel_of,
    wait_free,
)
from .people import Person

ANSWERS, BUSY, NOWHERE = "7001", "7002", "7999"
DETOURS = """<include>
  <extension name="near">
    <condition field="destination_number" expression="^7100$">
      <action application="transfer" data="7001 XML default"/>
    </condition>
  </extension>
  <extension name="far">
    <condition field="destination_number" expression="^7200$">
      <action application="transfer" data="7100 XML default"/>
    </condition>
  </extension>
</include>
"""


@pytest.fixture(autouse=True)
def services(supervisor: Supervisor) -> None:
    """The catalogue."""
    supervisor.adds_service("invoices", ANSWERS)
    supervisor.adds_service("complaints", BUSY)
    supervisor.adds_service("nobody", NOWHERE)
    supervisor.adds_service("colleague", COLLEAGUE)


@every_kind
def test_a_service_that_answers(
    *, lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """The customer is with the service and the agent is free when the board hears so."""
    talk = calls.connect(kind, person)
    reply = board.ask("transfer", AGENT, service="invoices")
    assert (reply.status, reply.code, reply.call) == ("ok", "transferred", talk.customer)
    assert talk.agent_is_gone()
    wait_free(lab)
    until(lambda: is_with_the_service(lab, talk.customer), "the service has the customer")
    assert sequel_of(daemon.store, reply.request) == ""

    talk.customer_hangs_up()
    until(lambda: sequel_of(daemon.store, reply.request) == "abandoned", "the audit says so")
    talk.wait_over()


@every_kind
def test_a_service_that_is_busy(
    *, lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """Blind: the agent was freed, the call ends and does not come back; the audit says why."""
    talk = calls.connect(kind, person)
    reply = board.ask("transfer", AGENT, service="complaints")
    assert (reply.status, reply.code) == ("ok", "transferred")
    wait_free(lab)
    talk.wait_over(timeout=1)
    until(lambda: sequel_of(daemon.store, reply.request) == "busy", "the audit says so")


@every_kind
def test_a_service_that_no_dialplan_has(
    lab: Lab, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """``destination-rejected``: tried, and the agent is free all the same."""
    talk = calls.connect(kind, person)
    reply = board.ask("transfer", AGENT, service="nobody")
    assert (reply.status, reply.code) == ("failed", "destination-rejected")
    wait_free(lab)
    talk.wait_over(timeout=1)


@every_kind
def test_a_service_that_is_not_in_the_catalogue(
    board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """An unknown name moves nothing, be it a number that the dialplan has."""
    talk = calls.connect(kind, person)
    for name in ("sales", ANSWERS):
        reply = board.ask("transfer", AGENT, service=name)
        assert (reply.status, reply.code) == ("refused", "unknown-service")
        assert talk.is_up
    talk.customer_hangs_up()
    talk.wait_over()


@every_kind
def test_a_service_that_puts_the_customer_through(
    *, lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """Who answered is in the audit."""
    talk = calls.connect(kind, person)
    reply = board.ask("transfer", AGENT, service="colleague")
    assert reply.code == "transferred"
    wait_free(lab)
    until(
        lambda: sequel_of(daemon.store, reply.request) == f"answered:{COLLEAGUE}",
        "the audit says who answered",
    )
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.fixture
def detours(lab: Lab, supervisor: Supervisor, tmp_path: Path) -> Iterator[None]:
    """Services whose dialplan sends the customer on: ``far`` by way of ``near``."""
    kit = tmp_path / "kit"
    shutil.copytree(find_kit(), kit)
    (kit / "dialplan" / "default" / "60_detours.xml").write_text(DETOURS)
    lab.install_kit(kit)
    supervisor.adds_service("near", "7100")
    supervisor.adds_service("far", "7200")
    yield
    lab.install_kit(find_kit())


@both_ways
@pytest.mark.usefixtures("detours")
@pytest.mark.parametrize("service", ["near", "far"])
def test_a_service_that_sends_the_customer_on(
    *, lab: Lab, board: Board, calls: Calls, person: Person, kind: Kind, service: str
) -> None:
    """It took the customer, wherever its dialplan sends them then."""
    talk = calls.connect(kind, person)
    assert board.ask("transfer", AGENT, service=service).code == "transferred"
    wait_free(lab)
    until(lambda: is_with_the_service(lab, talk.customer), "the service has the customer")
    talk.customer_hangs_up()
    talk.wait_over()


@both_ways
def test_the_transfer_is_history(
    daemon: Daemon, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """Who, what, which call, which service, and what became of it."""
    talk = calls.connect(kind, person)
    reply = board.ask("transferir", AGENT, service="invoices", reason="wants a copy")
    talk.customer_hangs_up()
    talk.wait_over()
    (row,) = until(lambda: daemon.store.ended_calls(number=talk.number, limit=9), "history")
    assert (row.outcome, row.customer_leg) == ("transferred", talk.customer)
    (row,) = daemon.store.audit(number=talk.number, limit=9)
    assert (row.request, row.action, row.by) == (reply.request, "transfer", f"agent:{AGENT}")
    assert (row.code, row.subject, row.reason) == ("transferred", "invoices", "wants a copy")
    assert row.call == talk.customer


def is_with_the_service(lab: Lab, leg: str) -> bool:
    """Whether the leg got to what stands behind ``ANSWERS`` in the lab's dialplan."""
    variable = lab.api(f"uuid_getvar {leg} lab_service_reached").strip()
    return exists(lab, leg) and variable == "true"
