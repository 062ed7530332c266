"""How a block is renewed, taken back and ends by itself (contract, sections 1, 2 and 4)."""

from __future__ import annotations

import time

from fluxcc.domain.blocks import BlockState
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .people import Person
from .scene import Scene
from .tap import Tap

TOLD_WITHIN = 5.0
"""Seconds for the notice; an idle machine needs none."""


def test_a_block_does_not_end_a_call_that_is_up(scene: Scene) -> None:
    """Contract, section 2: a blocked caller is refused when dialling; who talks already goes on."""
    call = scene.talk(scene.number)
    assert scene.daemon.cli("block", scene.number).code == 0
    assert scene.is_refused(scene.number)
    assert call.is_up


def test_a_second_mark_renews_the_block(scene: Scene, tap: Tap) -> None:
    """Contract, section 1: a second mark renews the 30 minutes; it stays one block."""
    scene.talk(scene.number, "1000")
    scene.talk(scene.number, "1001")
    first = scene.board.prank("1000")
    assert (first.code, scene.is_refused(scene.number)) == ("blocked", True)
    assert first.expires is not None
    until(lambda: time.time() > first.expires - 1799, "a second has passed")

    second = scene.board.prank("1001")
    assert (second.code, second.status, second.blocked) == ("renewed", "ok", True)
    assert second.expires is not None
    assert second.expires > first.expires
    assert scene.lab.api(f"hash select/fluxcc_block/{scene.number}") == str(second.expires)
    assert scene.is_refused(scene.number)
    assert [block.number for block in scene.daemon.store.blocks(limit=99)].count(scene.number) == 1
    tap.catch_up()
    assert [block["Fluxcc-Change"] for block in tap.of("fluxcc::block")] == ["blocked", "renewed"]
    assert tap.of("fluxcc::block")[1]["Fluxcc-Expires-Epoch"] == str(second.expires)


def test_unblock_frees_every_spelling(scene: Scene, tap: Tap) -> None:
    """Contract, sections 2 and 4: whatever spelling the operator types, the person is blocked or
    free."""
    one, *_, another = scene.person.other_spellings
    assert scene.daemon.cli("block", one, "--reason", "swears").code == 0
    spellings = (scene.number, *scene.person.other_spellings)
    assert [scene.is_refused(spelling) for spelling in spellings] == [True] * 5
    until(lambda: scene.daemon.block_of(scene.number).attempts == 5, "each was counted")

    printed = scene.daemon.cli("unblock", another)
    assert (printed.code, printed.stderr) == (0, "")
    assert scene.number in printed.stdout
    assert [scene.is_refused(spelling) for spelling in spellings] == [False] * 5

    block = until(
        lambda: _in_state(scene.daemon, scene.number, BlockState.RELEASED), "it is written"
    )
    assert block.ended_by.startswith("operator:")
    assert block.attempts == 5
    tap.catch_up()
    assert [event["Fluxcc-Change"] for event in tap.of("fluxcc::block")] == ["blocked", "released"]


def test_what_is_not_blocked_cannot_be_unblocked(scene: Scene) -> None:
    """Contract, section 4: exit code 1, the code on stderr."""
    printed = scene.daemon.cli("unblock", scene.number)
    assert (printed.code, printed.stdout) == (1, "")
    assert printed.stderr.startswith("not-blocked:")


def test_a_block_ends_on_its_second(scene: Scene, tap: Tap) -> None:
    """Contract, sections 1 and 2: refused up to the last second, free from then on, by itself."""
    printed = scene.daemon.cli("--json", "block", scene.number, "--for", "2s")
    assert printed.code == 0
    end = printed.json["expires"]
    key = scene.lab.api(f"hash select/fluxcc_block/{scene.number}")
    assert key == str(end) or scene.clock() >= end

    until(lambda: time.time() > end - 0.8, "the last second has begun")
    assert scene.is_refused(scene.number) or scene.clock() >= end
    until(lambda: scene.clock() >= end, "the block's end")
    assert not scene.is_refused(scene.number)

    notice = tap.wait(lambda event: event.get("Fluxcc-Change") == "expired", "the notice")
    assert (notice["Fluxcc-Number"], notice["Fluxcc-By"]) == (scene.number, "time")
    assert float(notice["Event-Date-Timestamp"]) / 1e6 < end + TOLD_WITHIN
    block = until(
        lambda: _in_state(scene.daemon, scene.number, BlockState.EXPIRED), "it is written"
    )
    assert block.ended_by == "time"
    assert scene.lab.api(f"hash select/fluxcc_block/{scene.number}").startswith("-ERR")


def test_a_block_of_one_number_touches_no_other(scene: Scene) -> None:
    """Contract, section 2: a block is never a prefix, nor the end of a longer number."""
    assert scene.daemon.cli("block", scene.number).code == 0
    alike = Person(f"96{scene.person.local[2:]}")
    for neighbour in (
        alike.number,
        f"21{scene.person.local}",
        scene.person.local[2:],
        f"{scene.number}0",
    ):
        assert not scene.is_refused(neighbour), neighbour


def test_a_short_number_is_blocked_as_it_was_seen(scene: Scene) -> None:
    """Contract, section 2: a number shorter than a valid one is only ever blocked as seen."""
    assert scene.daemon.cli("block", "9123456").code == 0
    assert scene.is_refused("9123456")
    for longer in ("119123456", "09123456", "+9123456"):
        assert not scene.is_refused(longer), longer


def test_an_operator_may_paste_a_number(scene: Scene) -> None:
    """Contract, section 2a: what people paste is read as what it shows, and what cannot be read
    says why."""
    local = scene.person.local
    assert (
        scene.daemon.cli("block", f"\u202a(0xx11)\u00a0{local[:5]}\u2011{local[5:]}\u202c").code
        == 0
    )
    assert scene.is_refused(scene.number)
    checked = scene.daemon.cli("check", f"tel:+55-11-{local}", "--json").json
    assert (checked["number"], checked["block"]["number"]) == (scene.number, scene.number)
    assert scene.daemon.cli("unblock", f"sip:{scene.number}@trunk.example").code == 0
    assert not scene.is_refused(scene.number)
    refused = scene.daemon.cli("block", f"{scene.number} ou {scene.number}")
    assert (refused.code, refused.stderr.partition(":")[0]) == (1, "number-unusable")
    assert "two numbers" in refused.stderr


def test_check_explains_a_number(scene: Scene) -> None:
    """Contract, section 4: canonical form, spellings, internal or not, blocked until when."""
    before = scene.daemon.cli("check", scene.person.local, "--json").json
    assert before["number"] == scene.number
    assert set(before["spellings"]) == {scene.number, *scene.person.other_spellings}
    assert (before["internal"], before["blockable"], before["blocked_until"]) == (False, True, None)

    blocked = scene.daemon.cli("--json", "block", scene.number).json
    after = scene.daemon.cli("check", scene.person.local, "--json").json
    assert after["blocked_until"] == blocked["expires"]
    told = scene.daemon.cli("check", scene.person.local)
    assert told.code == 0
    assert scene.number in told.stdout


def _in_state(daemon: Daemon, number: str, state: BlockState):
    block = daemon.block_of(number)
    return block if block is not None and block.state is state else None
