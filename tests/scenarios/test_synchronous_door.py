"""The board that has only ``api``: ``lua fluxcc.lua ACTION agent=EXT …``
(contract, section 3)."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from contextlib import ExitStack

from fluxcc.client import REPLY_TIMEOUT
from fluxcc.domain.requests import REPLY_LIMIT
from fluxcc.kit import find_kit
from tests.testing.event_socket import EventSocket
from tests.testing.waiting import until

from .scene import Scene

AT_ONCE = 50


def test_an_action_is_one_call_and_one_answer(scene: Scene) -> None:
    """``+OK CODE TEXT``, by the same executor and with the same audit as the board's event."""
    call = scene.talk(scene.number)
    answer = scene.lab.api(
        f"lua fluxcc.lua trote agent=1000 call={call.customer} reason=he was rude"
    )
    assert answer.startswith("+OK blocked ")
    assert scene.are_gone(call.customer, call.agent_leg)
    row = scene.daemon.cli("audit", "--json", "--agent", "1000").json[0]
    assert (row["by"], row["code"], row["reason"]) == ("agent:1000", "blocked", "he was rude")


def test_a_hangup_may_say_no_to_the_survey(scene: Scene) -> None:
    scene.supervisor.sets_group(has_survey=True)
    call = scene.talk(scene.number)
    answer = scene.lab.api("lua fluxcc.lua hangup agent=1000 survey=no reason=voicemail")
    assert answer.startswith("+OK ended ")
    assert scene.are_gone(call.customer, call.agent_leg)


def test_a_refusal_is_an_error_with_its_code(scene: Scene) -> None:
    assert scene.daemon.is_running
    assert scene.lab.api("lua fluxcc.lua prank agent=1000").startswith("-ERR no-live-call ")
    assert scene.lab.api("lua fluxcc.lua dance agent=1000").startswith("-ERR unknown-action ")
    assert scene.lab.api("lua fluxcc.lua prank").startswith("-ERR malformed-request ")


def test_what_cannot_be_read_is_not_sent(scene: Scene) -> None:
    assert scene.daemon.is_running
    assert scene.lab.api("lua fluxcc.lua").startswith("-ERR malformed-request usage")
    assert scene.lab.api("lua fluxcc.lua prank agent=1000 nonsense").startswith(
        "-ERR malformed-request"
    )


def test_an_id_may_be_percent_encoded_as_any_value(scene: Scene) -> None:
    """The reply names it decoded; the action is done and told."""
    call = scene.talk(scene.number)
    answer = scene.lab.api("lua fluxcc.lua prank agent=1000 id=board%2D7%3a1")
    assert answer.startswith("+OK blocked ")
    assert scene.are_gone(call.customer, call.agent_leg)
    assert scene.daemon.audited("board-7:1")["code"] == "blocked"


def test_an_id_that_cannot_be_one_is_refused_at_once(scene: Scene) -> None:
    """The daemon's reply to it names no request, and would be waited for in vain."""
    call = scene.talk(scene.number)
    for id in ("", "a%20b", "%c3%a9", "a%00b", "x" * 65, "${x}"):
        began = time.monotonic()
        answer = scene.lab.api(f"lua fluxcc.lua prank agent=1000 id={id}")
        assert answer.startswith("-ERR malformed-request "), id
        assert time.monotonic() - began < 2
    assert call.is_up
    assert scene.lab.api("lua fluxcc.lua prank agent=10%2000").startswith("-ERR malformed-request")


def test_its_patience_is_longer_than_the_daemon_may_take() -> None:
    """What the daemon says last (``REPLY_LIMIT``) is told, and no board gives up before."""
    script = find_kit() / "scripts/fluxcc.lua"
    (patience,) = re.findall(r"^local REPLY_TIMEOUT_MS = (\d+)$", script.read_text(), re.MULTILINE)
    assert REPLY_LIMIT < int(patience) / 1000 < REPLY_TIMEOUT


def test_no_header_can_be_smuggled_in(scene: Scene) -> None:
    """A line end in a value would begin a header of its own."""
    assert scene.daemon.is_running
    scene.lab.api("lua fluxcc.lua prank agent=1000 id=smuggled reason=x%0aFluxcc-Agent:%201001")
    row = scene.daemon.audited("smuggled")
    assert (row["agent"], row["reason"]) == ("1000", "x Fluxcc-Agent: 1001")


def test_50_at_once_are_50_right_answers(scene: Scene) -> None:
    """Each gets its own, and nothing is left behind."""
    assert scene.daemon.is_running
    answers: list[str] = []
    with ExitStack() as opened:
        # Kept open, as boards do: connecting 50 at once is more than FreeSWITCH takes.
        boards = [
            opened.enter_context(EventSocket(scene.lab.host, scene.lab.port, scene.lab.password))
            for _ in range(AT_ONCE)
        ]
        threads = [
            threading.Thread(
                target=lambda board, agent: answers.append(
                    board.api(f"lua fluxcc.lua prank agent={agent}")
                ),
                args=(board, 3000 + number),
            )
            for number, board in enumerate(boards)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert Counter(answer.split()[1] for answer in answers) == {"no-live-call": AT_ONCE}

    def audited() -> bool:
        rows = scene.daemon.cli("audit", "--json", "--since", "1h").json
        return len({row["agent"] for row in rows if row["agent"].startswith("30")}) == AT_ONCE

    until(audited, "each is in the audit")
