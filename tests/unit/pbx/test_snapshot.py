"""What FreeSWITCH shows becomes rows, or no snapshot at all."""

from __future__ import annotations

import json

import pytest

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.pbx import snapshot

NOTHING = '{"row_count": 0}'


def rows(*rows: dict[str, str]) -> str:
    return json.dumps({"row_count": len(rows), "rows": rows})


def test_no_channel_at_all_has_no_rows() -> None:
    assert snapshot.read_snapshot(NOTHING, NOTHING) == []


def test_a_registration_is_read_with_its_agent_and_its_contact() -> None:
    row = {"reg_user": "1001", "realm": "A.example", "url": "sofia/internal/sip:k3@192.0.2.7:5060"}
    (one,) = snapshot.read_registrations(rows(row))
    assert one == (("1001", "a.example"), "k3@192.0.2.7:5060")


def test_a_leg_is_read_out_of_its_own_description_where_there_are_no_tables() -> None:
    described = {
        "Unique-ID": "b",
        "Call-Direction": "outbound",
        "Caller-Caller-ID-Number": "5511988887777",
        "Caller-Destination-Number": "1000",
        "Caller-Context": "default",
        "Channel-Presence-ID": "1000@a.example",
        "Channel-Name": "sofia/internal/1000",
        "Channel-Call-State": "HELD",
        "Caller-Channel-Created-Time": "1795000000500000",
        "Other-Type": "originator",
        "variable_bridge_to": "a",
    }
    row = snapshot.read_description(json.dumps(described).encode())
    assert (row.uuid, row.user, row.created, row.bridged_to) == ("b", "1000", 1795000000.5, "a")
    assert (row.is_answered, row.is_on_hold) == (True, True)
    originator = described | {"Other-Type": "originatee", "Channel-Call-State": "RINGING"}
    row = snapshot.read_description(json.dumps(originator).encode("latin-1"))
    assert (row.bridged_to, row.is_answered) == ("", False)


@pytest.mark.parametrize("body", [b"", b"[]", b"-ERR No such channel!", b'{"Other-Type": "a"}'])
def test_what_is_no_description_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|Object|object|Unique-ID|value"):
        snapshot.read_description(body)


def test_a_snapshots_row() -> None:
    caller = {
        "uuid": "a",
        "direction": "inbound",
        "created_epoch": "1795000000",
        "state": "CS_EXECUTE",
        "cid_num": "1000",
        "initial_cid_num": "+5511988887777",
        "dest": "7001",
        "initial_dest": "5000",
        "context": "default",
        "initial_context": "public",
        "callstate": "ACTIVE",
        "presence_id": "",
    }
    called = {
        "uuid": "b",
        "direction": "outbound",
        "created_epoch": "1795000001",
        "state": "CS_EXCHANGE_MEDIA",
        "cid_num": "+5511988887777",
        "dest": "1000",
        "callstate": "RINGING",
        "presence_id": "1000@default",
    }
    first, second = snapshot.read_snapshot(rows(caller, called), rows({"uuid": "a", "b_uuid": "b"}))
    assert (first.number, first.destination, first.context) == ("+5511988887777", "5000", "public")
    assert (first.is_answered, first.user, first.bridged_to) == (True, "", "")
    assert (second.number, second.destination) == ("+5511988887777", "1000")
    assert (second.is_answered, second.user, second.bridged_to) == (False, "1000", "a")
    assert second.created == 1795000001.0


@pytest.mark.parametrize("state", ["CS_HANGUP", "CS_REPORTING", "CS_DESTROY"])
def test_a_leg_that_is_going_is_not_up(state: str) -> None:
    assert snapshot.read_snapshot(rows({"uuid": "a", "state": state}), NOTHING) == []


def test_a_row_with_a_value_that_is_no_text_is_read() -> None:
    odd = '{"row_count": 1, "rows": [{"uuid": "a", "dest": ["5000", "5001"], "cid_num": 5}]}'
    (row,) = snapshot.read_snapshot(odd, NOTHING)
    assert (row.uuid, row.destination, row.number) == ("a", "5000", "5")


def test_others_have_their_turn_every_slice() -> None:
    many = rows(*({"uuid": str(number)} for number in range(2 * snapshot.ROWS_PER_SLICE)))
    pauses: list[None] = []
    snapshot.read_snapshot(many, NOTHING, lambda: pauses.append(None))
    # One before each table besides.
    assert len(pauses) == 2 + 2


def test_a_snapshot_with_a_strange_callers_name_is_read() -> None:
    row = {"uuid": "a", "cid_name": 'Jos\ufffd "x" \\', "cid_num": "anonymous"}
    assert snapshot.read_snapshot(rows(row), NOTHING)[0].number == "anonymous"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "-ERR no reply",
        "-ERR Database error",
        "[]",
        "null",
        "{}",
        '{"row_count": 1}',
        '{"row_count": 2, "rows": [{"uuid": "a"}]}',
        '{"row_count": 1, "rows": ["a"]}',
        '{"row_count": 1, "rows": null}',
        '{"row_count": 1, "rows": [{"uuid": "a", "created_epoch": "yesterday"}]}',
        '{"row_count": 1, "rows": [{"uuid": "a"',
        '{"row_count": 1, "rows": [{"direction": "inbound"}]}',
        '{"row_count": 1, "rows": [{"uuid": ""}]}',
    ],
)
def test_a_failed_snapshot_is_not_an_empty_one(answer: str) -> None:
    """It would end every call there is."""
    with pytest.raises(PbxRejectedError):
        snapshot.read_snapshot(answer, NOTHING)


@pytest.mark.parametrize("answer", ["", "-ERR no reply", "{}", '{"row_count": 1}'])
def test_without_the_bridges_a_snapshot_has_failed_too(answer: str) -> None:
    with pytest.raises(PbxRejectedError):
        snapshot.read_snapshot(rows({"uuid": "a"}), answer)
