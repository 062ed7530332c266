"""A reader's position stays true while old entries go, and while older ones are put before."""

from __future__ import annotations

from fluxcc.domain.blocks import BlockChange
from fluxcc.protocol.watching import BlockHappening
from fluxcc.web.ring import Ring
from tests import builders


def happening(number: int) -> BlockHappening:
    block = builders.a_block()
    return BlockHappening(number=number, at=0.0, change=BlockChange.BLOCKED, block=block)


def numbers(ring: Ring, position: int) -> list[int]:
    return [entry.number for entry in ring.since(position)]


def test_a_reader_is_told_what_is_newer_than_what_it_read() -> None:
    ring = Ring()
    for number in range(5, 10):
        ring.append(happening(number))
    assert numbers(ring, ring.position_after(6)) == [7, 8, 9]
    assert numbers(ring, ring.position_after(9)) == []


def test_a_position_stays_true_while_the_oldest_go() -> None:
    ring = Ring(longest=3)
    for number in (1, 2, 3):
        ring.append(happening(number))
    position = ring.position_after(2)
    ring.append(happening(4))
    assert numbers(ring, position) == [3, 4]
    for number in (5, 6, 7):
        ring.append(happening(number))
    assert position < ring.start, "the reader is too slow"


def test_older_ones_are_put_before_without_moving_a_reader() -> None:
    ring = Ring(longest=4)
    for number in (8, 9):
        ring.append(happening(number))
    position = ring.position_after(8)
    ring.put_before([happening(number) for number in (5, 6, 7)])
    assert ring.oldest == 6, "as many as there is room for"
    assert numbers(ring, position) == [9]
    assert numbers(ring, ring.position_after(5)) == [6, 7, 8, 9]


def test_after_a_reset_no_position_is_true() -> None:
    ring = Ring()
    ring.append(happening(1))
    position = ring.end
    ring.clear()
    assert position < ring.start
