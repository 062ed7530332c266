"""Of two daemons on one FreeSWITCH one stays, and one that is gone keeps nobody off."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from fluxcc.domain.errors import AnotherDaemonError, LinkLostError
from fluxcc.pbx.claim import DAEMON_VARIABLE, SETTLING, SILENCE, Claim
from tests.unit.daemon.fakes import FakeLife

HERE, THERE = "a" * 12, "b" * 12


class FakeVariables:
    """FreeSWITCH's global variables."""

    def __init__(self) -> None:
        self.value = ""

    def get(self, name: str) -> str:
        assert name == DAEMON_VARIABLE
        return self.value

    def set(self, name: str, value: str, previous: str = "") -> None:
        if not previous or previous == self.value:
            self.value = value


class Waits:
    """Waiting, in which something may happen."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.meanwhile: Callable[[], object] = lambda: None
        self.is_ending = False

    def __call__(self, seconds: float) -> bool:
        self.seconds += seconds
        self.meanwhile()
        return self.is_ending


@pytest.fixture
def pbx() -> FakeVariables:
    return FakeVariables()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def life() -> FakeLife:
    """This daemon's."""
    return FakeLife("0" * 12, HERE)


def other(pbx: FakeVariables, place: str = HERE) -> Claim:
    """Another daemon."""
    return Claim(pbx, FakeLife("1" * 12, place))


def test_a_claim_is_renewed_and_given_back(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    claim = Claim(pbx, life)
    claim.take(waits)
    first = pbx.value
    claim.take(waits)
    assert re.fullmatch(r"0{12}@[A-Za-z0-9._-]+:[0-9]+/a{12}/1", first)
    assert (pbx.value, waits.seconds) == (f"{first[:-1]}2", SETTLING)
    claim.give_back()
    assert pbx.value == ""


def test_a_freeswitch_that_was_restarted_is_claimed_anew(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    claim = Claim(pbx, life)
    claim.take(waits)
    pbx.value = ""
    claim.take(waits)
    assert pbx.value


def test_a_living_daemon_of_this_machine_keeps_it(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    other(pbx).take(waits)
    held = pbx.value
    life.living = {"1" * 12}
    claim = Claim(pbx, life)
    with pytest.raises(AnotherDaemonError, match=r"process [0-9]+ on .* serves this FreeSWITCH"):
        claim.take(waits)
    claim.give_back()
    assert pbx.value == held


def test_what_a_dead_one_of_this_machine_left_is_taken_over_at_once(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    other(pbx).take(waits)
    waits.seconds = 0
    Claim(pbx, life).take(waits)
    assert pbx.value.startswith("0" * 12)
    assert waits.seconds == 0


def test_one_of_another_machine_keeps_it_while_it_writes(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    theirs = other(pbx, THERE)
    theirs.take(waits)

    def write_after_5_seconds() -> None:
        if waits.seconds >= 5 and pbx.value.endswith("/1"):
            theirs.take(lambda seconds: False)

    waits.meanwhile = write_after_5_seconds
    with pytest.raises(AnotherDaemonError):
        Claim(pbx, life).take(waits)


def test_one_of_another_machine_that_is_silent_is_gone(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    other(pbx, THERE).take(waits)
    waits.seconds = 0
    Claim(pbx, life).take(waits)
    assert pbx.value.startswith("0" * 12)
    assert waits.seconds == SILENCE


def test_a_daemon_that_is_to_end_waits_for_none(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    other(pbx, THERE).take(waits)
    waits.is_ending = True
    with pytest.raises(LinkLostError):
        Claim(pbx, life).take(waits)


def test_of_two_that_come_together_one_stays(
    pbx: FakeVariables, waits: Waits, life: FakeLife
) -> None:
    theirs = other(pbx)

    def write_as_well() -> None:
        pbx.value = ""
        theirs.take(lambda seconds: False)

    waits.meanwhile = write_as_well
    with pytest.raises(AnotherDaemonError):
        Claim(pbx, life).take(waits)
    assert pbx.value.startswith("1" * 12)


def test_whoever_was_taken_over_finds_out(pbx: FakeVariables, waits: Waits, life: FakeLife) -> None:
    claim = Claim(pbx, life)
    claim.take(waits)
    other(pbx, THERE).take(waits)
    pbx.value = pbx.value.replace("a" * 12, THERE)
    life.living = {"1" * 12}
    waits.meanwhile = lambda: pbx.set(DAEMON_VARIABLE, f"{pbx.value}0")
    with pytest.raises(AnotherDaemonError):
        claim.take(waits)


@pytest.mark.parametrize("text", ["x", "0@h:1/a/1", "${system(id)}", "\u202e"])
def test_what_no_daemon_wrote_keeps_nobody_off(
    pbx: FakeVariables, waits: Waits, life: FakeLife, text: str
) -> None:
    pbx.value = text
    Claim(pbx, life).take(waits)
    assert pbx.value.startswith("0" * 12)
