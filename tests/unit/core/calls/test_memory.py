"""What a restart of the daemon needs of a live call, as a text."""

from __future__ import annotations

import msgspec
import pytest

from fluxcc.core.calls import memory
from fluxcc.core.calls.memory import CallMemory, LegMemory
from fluxcc.domain.calls import Call, LegKind
from tests.builders import a_leg, a_telephone
from tests.fakes import NOW


def a_call(**changes: object) -> Call:
    """A live call of a customer and agent 1000."""
    fields = {"legs": [a_leg("customer", hint="2000", first_dialled="1000"), a_telephone()]}
    return Call(id=7, started=NOW, **fields | changes)  # type: ignore[arg-type]


def test_what_was_written_is_read() -> None:
    call = a_call(holder="1000", past_agents=("1001",), is_told=True, is_survey_over=True)
    call.legs[1].aliases, call.legs[1].is_standing = ("maria",), True
    assert memory.read(memory.write(call)) == CallMemory(
        legs=(
            LegMemory("customer", LegKind.TRUNK, hint="2000", first_dialled="1000"),
            LegMemory("telephone", LegKind.STATION, "1000", ("maria",), is_standing=True),
        ),
        holder="1000",
        past_agents=("1001",),
        is_told=True,
        is_survey_over=True,
    )


def test_a_call_of_which_nothing_is_known_yet_is_read_as_such() -> None:
    assert memory.read(memory.write(a_call(legs=[]))) == CallMemory()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"legs":[["customer","robot"]]}', '{"is_told":"yes"}'],
)
def test_a_text_that_cannot_be_read_is_an_empty_memory(text: str) -> None:
    assert memory.read(text) == CallMemory()


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert memory.read('{"holder":"1000","later":1}') == CallMemory(holder="1000")


def test_a_call_that_ended_has_no_memory() -> None:
    call = a_call(ended=NOW)
    assert memory.write(call) == ""
    assert memory.record(call).state == ""


def test_a_live_calls_record_has_its_memory() -> None:
    call = a_call()
    assert memory.record(call).state == memory.write(call) != ""


def test_the_steps_of_a_record_have_no_blanks_in_them() -> None:
    """A number outside may be presented with some."""
    call = a_call(sequel=("consulted:1001", "handed-over:+55 31 96666-5555"))
    assert memory.record(call).sequel.split() == ["consulted:1001", "handed-over:+553196666-5555"]


def test_a_memory_is_small() -> None:
    """It is written with each change of a call."""
    assert len(memory.write(a_call())) < 200
    assert msgspec.json.decode(memory.write(a_call())).keys() == {"legs"}
