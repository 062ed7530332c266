"""How a block is renewed, taken back and ends by itself (contract, sections 1, 2 and 4)."""

from __future__ import annotations

import time
from collections.abc import Callable

from fluxcc.client import Board
from fluxcc.domain.blocks import BlockState
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import Talk, clock, is_refused, is_talking
from .people import Person
from .tap import Tap


def test_a_block_does_not_end_a_call_that_is_up(
    lab: Lab, daemon: Daemon, number: str, talk: Callable[..., Talk]
) -> None:
    """Contract, section 2: a blocked caller is refused when dialling; who talks already goes on."""
    call = talk(number)
    assert daemon.cli("block", number).code == 0
    assert is_refused(lab, number)
    assert is_talking(lab, call)


def test_a_second_mark_renews_the_block(
    lab: Lab, daemon: Daemon, board: Board, tap: Tap, *, number: str, talk: Callable[..., Talk]
) -> None:
    """Contract, section 1: a second mark renews the 30 minutes; it stays one block."""
    talk(number, "1000")
    talk(number, "1001")
    first = board.prank("1000")
    assert (first.code, is_refused(lab, number)) == ("blocked", True)
    assert first.expires is not None
    until(lambda: time.time() > first.expires - 1799, "a second has passed")

    second = board.prank("1001")
    assert (second.code, second.status, second.blocked) == ("renewed", "ok", True)
    assert second.expires is not None
    assert second.expires > first.expires
    assert lab.api(f"hash select/fluxcc_block/{number}") == str(second.expires)
    assert is_refused(lab, number)
    assert [block.number for block in daemon.store.blocks(limit=99)].count(number) == 1
    tap.catch_up()
    assert [block["Fluxcc-Change"] for block in tap.of("fluxcc::block")] == ["blocked", "renewed"]
    assert tap.of("fluxcc::block")[1]["Fluxcc-Expires-Epoch"] == str(second.expires)


def test_unblock_frees_every_spelling(lab: Lab, daemon: Daemon, tap: Tap, person: Person) -> None:
    """Contract, sections 2 and 4: whatever spelling the operator types, the person is blocked or
    free."""
    one, *_, another = person.other_spellings
    assert daemon.cli("block", one, "--reason", "swears").code == 0
    spellings = (person.number, *person.other_spellings)
    assert [is_refused(lab, spelling) for spelling in spellings] == [True] * 5
    until(lambda: daemon.block_of(person.number).attempts == 5, "each was counted")

    printed = daemon.cli("unblock", another)
    assert (printed.code, printed.stderr) == (0, "")
    assert person.number in printed.stdout
    assert [is_refused(lab, spelling) for spelling in spellings] == [False] * 5

    block = until(lambda: _in_state(daemon, person.number, BlockState.RELEASED), "it is written")
    assert block.ended_by.startswith("operator:")
    assert block.attempts == 5
    tap.catch_up()
    assert [event["Fluxcc-Change"] for event in tap.of("fluxcc::block")] == ["blocked", "released"]


def test_what_is_not_blocked_cannot_be_unblocked(daemon: Daemon, number: str) -> None:
    """Contract, section 4: exit code 1, the code on stderr."""
    printed = daemon.cli("unblock", number)
    assert (printed.code, printed.stdout) == (1, "")
    assert printed.stderr.startswith("not-blocked:")


def test_a_block_ends_on_its_second(lab: Lab, daemon: Daemon, tap: Tap, number: str) -> None:
    """Contract, sections 1 and 2: refused up to the last second, free from then on, by itself."""
    printed = daemon.cli("--json", "block", number, "--for", "2s")
    assert printed.code == 0
    end = printed.json["expires"]
    key = lab.api(f"hash select/fluxcc_block/{number}")
    assert key == str(end) or clock(lab) >= end

    until(lambda: time.time() > end - 0.8, "the last second has begun")
    assert is_refused(lab, number) or clock(lab) >= end
    until(lambda: clock(lab) >= end, "the block's end")
    assert not is_refused(lab, number)

    notice = tap.wait(lambda event: event.get("Fluxcc-Change") == "expired", "the notice")
    assert (notice["Fluxcc-Number"], notice["Fluxcc-By"]) == (number, "time")
    assert float(notice["Event-Date-Timestamp"]) / 1e6 < end + 1
    block = until(lambda: _in_state(daemon, number, BlockState.EXPIRED), "it is written")
    assert block.ended_by == "time"
    assert lab.api(f"hash select/fluxcc_block/{number}").startswith("-ERR")


def test_a_block_of_one_number_touches_no_other(lab: Lab, daemon: Daemon, person: Person) -> None:
    """Contract, section 2: a block is never a prefix, nor the end of a longer number."""
    assert daemon.cli("block", person.number).code == 0
    alike = Person(f"96{person.local[2:]}")
    for neighbour in (alike.number, f"21{person.local}", person.local[1:], f"{person.number}0"):
        assert not is_refused(lab, neighbour), neighbour


def test_a_short_number_is_blocked_as_it_was_seen(lab: Lab, daemon: Daemon) -> None:
    """Contract, section 2: a number shorter than a valid one is only ever blocked as seen."""
    assert daemon.cli("block", "9123456").code == 0
    assert is_refused(lab, "9123456")
    for longer in ("119123456", "09123456", "+9123456"):
        assert not is_refused(lab, longer), longer


def test_check_explains_a_number(daemon: Daemon, person: Person) -> None:
    """Contract, section 4: canonical form, spellings, internal or not, blocked until when."""
    before = daemon.cli("check", person.local, "--json").json
    assert before["number"] == person.number
    assert set(before["spellings"]) == {person.number, *person.other_spellings}
    assert (before["internal"], before["blockable"], before["blocked_until"]) == (False, True, None)

    blocked = daemon.cli("--json", "block", person.number).json
    after = daemon.cli("check", person.local, "--json").json
    assert after["blocked_until"] == blocked["expires"]
    told = daemon.cli("check", person.local)
    assert told.code == 0
    assert person.number in told.stdout


def _in_state(daemon: Daemon, number: str, state: BlockState):
    block = daemon.block_of(number)
    return block if block is not None and block.state is state else None
