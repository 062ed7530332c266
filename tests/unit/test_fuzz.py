"""What ``make fuzz`` does millions of times, a few hundred times; and what it has found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxcc.config import reading
from fluxcc.domain.actions import Action
from fluxcc.domain.errors import ConfigurationError
from fluxcc.domain.requests import Actor, Role
from fluxcc.pbx import answers, commands, events, frames, snapshot
from fluxcc.pbx.events import RequestHeaders
from fluxcc.protocol.board import read_request
from fluxcc.protocol.operators import Ask
from fluxcc.protocol.operators import read_request as read_ask
from fluxcc.spool import read_records
from fuzz import corpus
from fuzz.targets import TARGETS

DEEP = ("[" * 5_000, '{"a":' * 5_000)


@pytest.fixture(autouse=True)
def _targets_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them shorten a limit, or take the file system away, for good."""
    monkeypatch.setattr(frames, "LONGEST_HEAD", frames.LONGEST_HEAD)
    monkeypatch.setattr(reading, "Path", reading.Path)


def _some(seeds: Iterator[bytes]) -> list[bytes]:
    return [seed for number, seed in enumerate(seeds) if number % 23 == 0][:20]


@pytest.mark.parametrize("name", list(TARGETS))
def test_what_is_recorded_is_read(name: str) -> None:
    for seed in _some(corpus.seeds(name)):
        TARGETS[name][0](seed)


@pytest.mark.parametrize("name", list(TARGETS))
def test_whatever_comes_is_read_or_refused(name: str) -> None:
    target, longest, _ = TARGETS[name]
    seeds = _some(corpus.seeds(name))

    @settings(max_examples=150)
    @given(
        seed=st.sampled_from(seeds),
        at=st.integers(0, longest),
        cut=st.integers(0, 20),
        put=st.binary(max_size=40) | st.text(max_size=20).map(str.encode),
    )
    def run(seed: bytes, at: int, cut: int, put: bytes) -> None:
        target(put)
        target(seed[:at] + put + seed[at + cut :])

    run()


@pytest.mark.parametrize("line", corpus.ASKS, ids=str)
def test_an_operators_seed_has_the_shape_that_the_door_reads(line: dict[str, object]) -> None:
    """One that is refused for its shape leaves all that stands behind the shape untried."""
    ask = msgspec.convert(line, Ask)
    if ask.do in set(Action):
        assert read_ask(ask, Actor(Role.OPERATOR, "anna")).action == ask.do


# Found


@pytest.mark.parametrize("text", DEEP)
def test_json_that_is_too_deep_is_an_event_that_cannot_be_read(text: str) -> None:
    """It was a ``RecursionError``, which ended the daemon."""
    with pytest.raises(ValueError, match="too deep"):
        events.Decoder((), ()).event(text.encode())
    with pytest.raises(commands.PbxRejectedError):
        snapshot.read_snapshot(text, text)
    assert answers.application_of(text, "*28") is None


@pytest.mark.parametrize("text", DEEP)
def test_json_that_is_too_deep_is_a_line_of_the_spool_that_cannot_be_read(text: str) -> None:
    """Anybody who may write into the spool's folder ended the daemon, after every restart again."""
    assert read_records(f'{text}\n{{"Fluxcc-Survey": "s"}}\n'.encode()) == [{"Fluxcc-Survey": "s"}]


@pytest.mark.parametrize("text", ['"text"', "[]", "1", '{"variable_transfer_history": [1, null]}'])
def test_a_description_that_is_no_legs_shows_nothing(text: str) -> None:
    assert answers.application_of(text, "*28") is None


@pytest.mark.parametrize("control", ["\x00", "\x1b[2J", "\x7f", "\x9b2J", "\u2028", "\r\nA: b"])
def test_no_control_character_goes_out_in_an_events_header(control: str) -> None:
    """A caller's number travels in notices to boards, and some of them are terminals."""
    lines = commands.custom_event(
        "fluxcc::attempt", [("Fluxcc-Number", f"1{control}1")]
    ).splitlines()
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("service", ["x" * 64_000, "a\x00b", "a\x1b[2Jb", "a\nb"])
def test_a_services_name_that_none_has_is_cut_before_it_is_written_down(service: str) -> None:
    """It went into the audit, and onto terminals, as it was."""
    headers = RequestHeaders(request="r", action="transfer", agent="1000", service=service)
    of_board = read_request(headers, "en").service
    of_operator = read_ask(
        Ask(do="transfer", agent="1000", service=service), Actor(Role.OPERATOR, "anna")
    ).service
    assert of_board == of_operator
    assert len(of_board) <= 65
    assert of_board.isprintable()


def test_a_cut_services_name_is_not_another_one() -> None:
    headers = RequestHeaders(request="r", action="transfer", agent="1000", service="x" * 70)
    assert read_request(headers, "en").service != "x" * 64


@pytest.mark.parametrize("number", ["1\x00", "\x1b[2J", "1\n2", "\u202e1"])
@pytest.mark.parametrize("action", ["block", "unblock"])
def test_an_operators_number_is_one_printable_line(action: str, number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        read_ask(Ask(do=action, number=number), Actor(Role.OPERATOR, "anna"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[pbx]\npassword_file = "\\u0000"', "pbx.password_file"),
        ('[pbx]\nhost = "a\\nb"', "pbx.host"),
        ("[blocks]\ninternal = ['a{99999999999}']", "blocks.internal"),
        (f"[blocks]\ninternal = ['{'(' * 3000}{')' * 3000}']", "blocks.internal"),
        (f"a = {'[' * 5000}", ""),
    ],
)
def test_a_strange_configuration_is_a_fault_and_no_crash(
    tmp_path: Path, text: str, key: str
) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        reading.load(file, {})
    assert [fault.key for fault in raised.value.faults] == [key or str(file)]


def test_the_corpus_begins_with_every_recorded_call() -> None:
    assert len(list(corpus.bodies())) > 100
    assert all(json.loads(seed) for seed in corpus.seeds("events"))


def test_the_targets_share_all_executions() -> None:
    assert abs(sum(share for _, _, share in TARGETS.values()) - 1) < 0.001
