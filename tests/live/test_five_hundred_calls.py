"""500 calls through all four actions at 10 a second: the audit says what FreeSWITCH's records say.

Takes a minute, so ``make live`` runs it and ``make test`` does not.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from fluxcc.client import Board, Reply
from fluxcc.core.ports import Batch
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.kit import find_kit
from fluxcc.lab.port import Caller
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.store.sql_store import SqlStore
from tests.testing.daemon import Daemon
from tests.testing.event_socket import EventSocket
from tests.testing.program import NODE
from tests.testing.waiting import until

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable())),
    pytest.mark.timeout(240),
]

CALLS = 500
RATE = 10
AGENTS = [str(2000 + number) for number in range(60)]
RATED = set(AGENTS[30:])
"""Agents of the group whose calls end in a survey."""
DIALPLAN = """<include>
  <extension name="crowd">
    <condition field="destination_number" expression="^(20[0-2][0-9])$" break="never">
      <action application="set" data="fluxcc_group=plain"/>
      <action application="bridge" data="sofia/external/$1@127.0.0.1:$${lab_phones_port}"/>
    </condition>
    <condition field="destination_number" expression="^(20[3-5][0-9])$">
      <action application="set" data="fluxcc_group=rated"/>
      <action application="bridge" data="sofia/external/$1@127.0.0.1:$${lab_phones_port}"/>
    </condition>
  </extension>
</include>
"""


class Records:
    """FreeSWITCH's own record of each call: the last event of each leg."""

    def __init__(self, lab: RealLab) -> None:
        self.of: dict[str, dict[str, str]] = {}
        self._socket = EventSocket(lab.host, lab.port, lab.password)
        assert self._socket.command("event json CHANNEL_DESTROY").startswith("+OK")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> None:
        self._socket.shut_down()
        self._reader.join()
        self._socket.close()

    def _read(self) -> None:
        # It is closed, or FreeSWITCH was just writing to it when it was.
        with suppress(ConnectionError):
            while True:
                event = self._socket.event(timeout=None)
                self.of[event["Unique-ID"]] = event


@contextmanager
def crowded_lab(folder: Path) -> Iterator[RealLab]:
    kit = folder / "kit"
    shutil.copytree(find_kit(), kit)
    (kit / "dialplan/public/60_crowd.xml").write_text(DIALPLAN)
    with RealLab() as lab:
        lab.install_kit(kit)
        yield lab


def provision(daemon: Daemon) -> None:
    """What a supervisor would have set before."""
    store = SqlStore(f"sqlite:///{daemon.database}", NODE)
    rooms = tuple(Room(agent) for agent in AGENTS)
    store.write(
        Batch(
            entries=(
                *rooms,
                Group("rated", has_survey=True),
                Service("tone", "7001"),
                Service("busy", "7002"),
            )
        )
    )
    store.close()


def one_call(lab: RealLab, number: int, agent: str, replies: list[Reply]) -> None:
    """Somebody calls, the agent acts, and whoever is still there hangs up."""
    caller = lab.call(f"+55119{80000000 + number}", agent)
    caller.wait_answered()
    with Board(lab.host, lab.port, lab.password) as board:
        reply = act(board, number, agent)
        replies.append(reply)
        finish(lab, caller, agent, reply)


def act(board: Board, number: int, agent: str) -> Reply:
    action = ("prank", "conference", "transfer", "hangup")[number % 4]
    service = ("tone", "busy")[number // 4 % 2] if action == "transfer" else ""
    deadline = time.monotonic() + 5
    while True:
        reply = board.ask(action, agent, service=service)
        if reply.code != "no-live-call" or time.monotonic() > deadline:
            return reply
        time.sleep(0.02)


def finish(lab: RealLab, caller: Caller, agent: str, reply: Reply) -> None:
    if reply.code == "conference-joined":
        # Again until it is empty: a member that has just come in may miss it.
        while "not found" not in lab.api(f"conference {agent} hup all"):
            time.sleep(0.05)
    elif reply.code == "survey-started":
        lab.api(f"uuid_recv_dtmf {reply.call} 4")
    elif reply.code == "transferred" and lab.api(f"uuid_exists {reply.call}").strip() == "true":
        caller.hang_up()
    caller.wait_ended(20)


def agrees(reply: Reply, record: dict[str, str]) -> bool:
    """Whether FreeSWITCH's record of the customer's leg shows what the agent was told."""
    cause, destination = record["Hangup-Cause"], record["Caller-Destination-Number"]
    match reply.code:
        case "blocked":
            return cause == "CALL_REJECTED"
        case "conference-joined":
            return destination.startswith("*") and record.get("variable_last_app") == "conference"
        case "transferred":
            return (destination, cause) in {("7001", "NORMAL_CLEARING"), ("7002", "USER_BUSY")}
        case "survey-started":
            return destination == "*28" and cause == "NORMAL_CLEARING"
        case "ended":
            return destination in AGENTS and cause == "NORMAL_CLEARING"
    return False


def test_500_calls_end_as_the_audit_says(tmp_path: Path) -> None:
    with (
        crowded_lab(tmp_path) as lab,
        closing(Daemon(lab, tmp_path)) as daemon,
        closing(Records(lab)) as records,
    ):
        provision(daemon)
        daemon.start()
        replies: list[Reply] = []
        threads = []
        began = time.monotonic()
        for number in range(CALLS):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            agent = AGENTS[number % len(AGENTS)]
            thread = threading.Thread(target=one_call, args=(lab, number, agent, replies))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join(30)
        until(
            lambda: lab.api("show channels count").strip().startswith("0 "),
            lambda: f"every call is over: {lab.api('show channels')}",
            timeout=10,
        )
        assert daemon.calls() == [], "a call is left over in the daemon"
        daemon.stop()
        assert Counter(reply.status for reply in replies) == {"ok": CALLS}
        wrong = [reply for reply in replies if not agrees(reply, records.of[reply.call])]
        assert wrong == []
        audit = {
            row.call: row for row in daemon.store.audit(limit=10 * CALLS) if row.status == "ok"
        }
        assert {call: row.code for call, row in audit.items()} == {
            reply.call: reply.code for reply in replies
        }
        busy = [row for row in audit.values() if row.subject == "busy"]
        assert {row.sequel for row in busy} == {"busy"}
        rated = [row for row in audit.values() if row.code == "survey-started"]
        surveys = daemon.store.surveys()
        assert len(surveys) == len(rated)
        assert {row.agent for row in rated} <= RATED
        assert {survey.answers for survey in surveys} == {(4,)}
