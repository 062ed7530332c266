"""An agent sends the customer to a service, blind (contract, section 1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.waiting import until

from .kinds import Kind, both_ways, every_kind
from .pbx import AGENT, COLLEAGUE, exists
from .scene import Scene

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
def services(scene: Scene) -> None:
    """The catalogue."""
    scene.supervisor.adds_service("invoices", ANSWERS)
    scene.supervisor.adds_service("complaints", BUSY)
    scene.supervisor.adds_service("nobody", NOWHERE)
    scene.supervisor.adds_service("colleague", COLLEAGUE)


@every_kind
def test_a_service_that_answers(scene: Scene, kind: Kind) -> None:
    """The customer is with the service and the agent is free when the board hears so."""
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="invoices")
    assert (reply.status, reply.code, reply.call) == ("ok", "transferred", talk.customer)
    assert talk.agent_is_gone()
    scene.wait_free()
    until(lambda: is_with_the_service(scene.lab, talk.customer), "the service has the customer")
    assert scene.follow_up(reply.request) == ""

    talk.customer_hangs_up()
    until(lambda: scene.follow_up(reply.request) == "abandoned", "the audit says so")
    talk.wait_over()


@every_kind
def test_a_service_that_is_busy(scene: Scene, kind: Kind) -> None:
    """Blind: the agent was freed, the call ends and does not come back; the audit says why."""
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="complaints")
    assert (reply.status, reply.code) == ("ok", "transferred")
    scene.wait_free()
    talk.wait_over(timeout=1)
    until(lambda: scene.follow_up(reply.request) == "busy", "the audit says so")


@every_kind
def test_a_service_that_no_dialplan_has(scene: Scene, kind: Kind) -> None:
    """``destination-rejected``: tried, and the agent is free all the same."""
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="nobody")
    assert (reply.status, reply.code) == ("failed", "destination-rejected")
    scene.wait_free()
    talk.wait_over(timeout=1)


PREPARED = {
    "set, export, hash, log": "7900",
    "an answer": "7901",
    "a pause": "7902",
    "eval": "7903",
    "sent on to the like": "7905",
    "an extension of its own": "7906",
}
"""Numbers that nothing answers, behind the beginning of a real dialplan."""


@both_ways
@pytest.mark.parametrize("number", list(PREPARED.values()), ids=list(PREPARED))
def test_a_dialplan_that_only_prepared(scene: Scene, kind: Kind, number: str) -> None:
    """Nobody talked to the customer: ``destination-rejected``, although the PBX's cause is that of
    any call's end."""
    scene.supervisor.adds_service("prepared", number)
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="prepared")
    assert (reply.status, reply.code) == ("failed", "destination-rejected")
    scene.wait_free()
    talk.wait_over(timeout=1)
    until(lambda: scene.follow_up(reply.request) == "ended:NORMAL_CLEARING", "the audit says so")


@both_ways
def test_a_dialplan_that_prepares_for_longer_than_a_reply_may_take(
    scene: Scene, kind: Kind
) -> None:
    """Whatever has the customer when the time is over decides; the agent is free."""
    scene.supervisor.adds_service("slow", "7904")
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="slow")
    assert (reply.status, reply.code) == ("failed", "destination-rejected")
    scene.wait_free()
    talk.customer_hangs_up()
    talk.wait_over()


@both_ways
@pytest.mark.parametrize(
    "number", ["7301", "7302", "7303"], ids=["at once", "after a pause", "an extension of its own"]
)
def test_a_service_behind_a_dialplans_beginning(scene: Scene, kind: Kind, number: str) -> None:
    """It talks to the customer when the board hears so."""
    scene.supervisor.adds_service("behind", number)
    talk = scene.connect(kind)
    assert scene.board.ask("transfer", AGENT, service="behind").code == "transferred"
    assert is_with_the_service(scene.lab, talk.customer)
    scene.wait_free()
    talk.customer_hangs_up()
    talk.wait_over()


@both_ways
def test_a_busy_service_behind_a_dialplans_beginning(scene: Scene, kind: Kind) -> None:
    """Busy is an answer."""
    scene.supervisor.adds_service("busy", "7304")
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="busy")
    assert (reply.status, reply.code) == ("ok", "transferred")
    scene.wait_free()
    talk.wait_over(timeout=1)
    until(lambda: scene.follow_up(reply.request) == "busy", "the audit says so")


@both_ways
def test_a_customer_who_hangs_up_in_a_dialplans_pause(scene: Scene, kind: Kind) -> None:
    """They left by themselves: the destination did not reject them."""
    scene.supervisor.adds_service("slow", "7904")
    talk = scene.connect(kind)
    scene.board.send(
        {
            "Fluxcc-Request-ID": (request := uuid4().hex),
            "Fluxcc-Action": "transfer",
            "Fluxcc-Agent": AGENT,
            "Fluxcc-Service": "slow",
        }
    )
    until(lambda: scene.lab.api(f"uuid_getvar {talk.customer} lab_preamble") == "true", "it pauses")
    talk.customer_hangs_up()
    assert scene.board.wait(request).code == "transferred"
    until(lambda: scene.follow_up(request) == "abandoned", "the audit says so")
    talk.wait_over()


@every_kind
def test_a_service_that_is_not_in_the_catalogue(scene: Scene, kind: Kind) -> None:
    """An unknown name moves nothing, be it a number that the dialplan has."""
    talk = scene.connect(kind)
    for name in ("sales", ANSWERS):
        reply = scene.board.ask("transfer", AGENT, service=name)
        assert (reply.status, reply.code) == ("refused", "unknown-service")
        assert talk.is_up
    talk.customer_hangs_up()
    talk.wait_over()


@every_kind
def test_a_service_that_puts_the_customer_through(scene: Scene, kind: Kind) -> None:
    """Who answered is in the audit."""
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="colleague")
    assert reply.code == "transferred"
    scene.wait_free()
    until(
        lambda: scene.follow_up(reply.request) == f"answered:{COLLEAGUE}",
        "the audit says who answered",
    )
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.fixture
def detours(scene: Scene, tmp_path: Path) -> Iterator[None]:
    """Services whose dialplan sends the customer on: ``far`` by way of ``near``."""
    kit = tmp_path / "kit"
    shutil.copytree(find_kit(), kit)
    (kit / "dialplan" / "default" / "60_detours.xml").write_text(DETOURS)
    scene.lab.install_kit(kit)
    scene.supervisor.adds_service("near", "7100")
    scene.supervisor.adds_service("far", "7200")
    yield
    scene.lab.install_kit(find_kit())


@both_ways
@pytest.mark.usefixtures("detours")
@pytest.mark.parametrize("service", ["near", "far"])
def test_a_service_that_sends_the_customer_on(scene: Scene, kind: Kind, service: str) -> None:
    """It took the customer, wherever its dialplan sends them then."""
    talk = scene.connect(kind)
    assert scene.board.ask("transfer", AGENT, service=service).code == "transferred"
    scene.wait_free()
    until(lambda: is_with_the_service(scene.lab, talk.customer), "the service has the customer")
    talk.customer_hangs_up()
    talk.wait_over()


@both_ways
def test_the_transfer_is_history(scene: Scene, kind: Kind) -> None:
    """Who, what, which call, which service, and what became of it."""
    talk = scene.connect(kind)
    reply = scene.board.ask("transferir", AGENT, service="invoices", reason="wants a copy")
    talk.customer_hangs_up()
    talk.wait_over()
    (row,) = until(lambda: scene.daemon.store.ended_calls(number=talk.number, limit=9), "history")
    assert (row.outcome, row.customer_leg) == ("transferred", talk.customer)
    (row,) = scene.daemon.store.audit(number=talk.number, limit=9)
    assert (row.request, row.action, row.by) == (reply.request, "transfer", f"agent:{AGENT}")
    assert (row.code, row.subject, row.reason) == ("transferred", "invoices", "wants a copy")
    assert row.call == talk.customer


@every_kind
def test_what_became_of_an_erased_customer_does_not_bring_the_number_back(
    scene: Scene, kind: Kind
) -> None:
    """The audit's row is written again when the call's sequel is known (contract, section 2a)."""
    talk = scene.connect(kind)
    reply = scene.board.ask("transfer", AGENT, service="invoices")
    until(lambda: is_with_the_service(scene.lab, talk.customer), "the service has the customer")
    number = talk.number
    assert [row.number for row in scene.daemon.store.audit(number=number, limit=9)]
    assert scene.daemon.cli("db", "purge", "--number", number).code == 0
    talk.customer_hangs_up()
    until(lambda: scene.follow_up(reply.request) == "abandoned", "the audit says so")
    assert scene.daemon.store.audit(number=number, limit=9) == []


def is_with_the_service(lab: Lab, leg: str) -> bool:
    """Whether the leg got to what stands behind ``ANSWERS`` in the lab's dialplan."""
    variable = lab.api(f"uuid_getvar {leg} lab_service_reached").strip()
    return exists(lab, leg) and variable == "true"
