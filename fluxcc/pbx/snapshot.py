"""Reads FreeSWITCH's tables: channels and bridges as the rows of a snapshot, and registrations; and
where it has none, what it says of single legs.

No I/O. Counterparts: ``switch`` asks for both tables, ``domain.events`` has the rows,
``core.calls.snapshot`` applies them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from fluxcc.domain.agents import Agent, Registration, clean_domain
from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.events import LegRow
from fluxcc.pbx.json_texts import load, read_loosely
from fluxcc.pbx.people import read_contact


class _ChannelRow(msgspec.Struct):
    """The columns that are read of ``CHANNELS``."""

    uuid: str
    direction: str = ""
    name: str = ""
    created_epoch: str = ""
    state: str = ""
    callstate: str = ""
    presence_id: str = ""
    cid_num: str = ""
    initial_cid_num: str = ""
    dest: str = ""
    initial_dest: str = ""
    context: str = ""
    initial_context: str = ""
    application: str = ""
    application_data: str = ""


class _BridgeRow(msgspec.Struct):
    """The columns that are read of ``BRIDGES``."""

    uuid: str
    b_uuid: str = ""


class _RegistrationRow(msgspec.Struct):
    """The columns that are read of ``REGISTRATIONS``."""

    reg_user: str = ""
    realm: str = ""
    url: str = ""

    @property
    def uuid(self) -> str:
        """What a row must have."""
        return self.reg_user


class _Description(msgspec.Struct, kw_only=True):
    """What is read of ``commands.describe``, in place of a row."""

    uuid: str = msgspec.field(name="Unique-ID")
    direction: str = msgspec.field(default="", name="Call-Direction")
    number: str = msgspec.field(default="", name="Caller-Caller-ID-Number")
    destination: str = msgspec.field(default="", name="Caller-Destination-Number")
    context: str = msgspec.field(default="", name="Caller-Context")
    presence: str = msgspec.field(default="", name="Channel-Presence-ID")
    channel: str = msgspec.field(default="", name="Channel-Name")
    callstate: str = msgspec.field(default="", name="Channel-Call-State")
    created: str = msgspec.field(default="", name="Caller-Channel-Created-Time")
    application: str = msgspec.field(default="", name="variable_current_application")
    application_data: str = msgspec.field(default="", name="variable_current_application_data")
    other_type: str = msgspec.field(default="", name="Other-Type")
    bridged_to: str = msgspec.field(default="", name="variable_bridge_to")


class _Rows(msgspec.Struct):
    """The answer to either; its rows are decoded one by one."""

    row_count: int
    rows: list[msgspec.Raw] = []


ROWS_PER_SLICE = 200
"""Rows that are read between two pauses: some 2 ms."""
_Row = TypeVar("_Row", _ChannelRow, _BridgeRow, _RegistrationRow)


def read_snapshot(
    channels: str, bridges: str, pause: Callable[[], None] = lambda: None
) -> list[LegRow]:
    """The live legs in the answers to ``CHANNELS`` and ``BRIDGES``.

    There may be 20,000: ``pause`` is called every ``ROWS_PER_SLICE`` rows, for other greenlets to
    run. Raises ``PbxRejectedError`` where an answer is no complete table: a snapshot that failed
    must not look like an empty one.
    """
    pairs = {row.b_uuid: row.uuid for row in _rows(bridges, _BridgeRow, pause)}
    return [
        LegRow(
            uuid=row.uuid,
            direction=row.direction,
            number=row.initial_cid_num or row.cid_num,
            destination=row.initial_dest or row.dest,
            context=row.initial_context or row.context,
            user=row.presence_id.partition("@")[0],
            is_answered=row.callstate in _ANSWERED,
            created=_created(row),
            bridged_to=pairs.get(row.uuid, ""),
            channel=row.name,
            presence=row.presence_id,
            is_on_hold=row.callstate == "HELD",
            application=row.application,
            application_data=row.application_data,
        )
        for row in _rows(channels, _ChannelRow, pause)
        if row.state not in _GONE
    ]


def read_registrations(answer: str, pause: Callable[[], None] = lambda: None) -> list[Registration]:
    """The telephones in the answer to ``REGISTRATIONS``. Raises ``PbxRejectedError``."""
    rows = _rows(answer, _RegistrationRow, pause)
    return [
        Registration(Agent(row.reg_user, clean_domain(row.realm)), read_contact(row.url))
        for row in rows
    ]


def read_description(body: bytes) -> LegRow:
    """A leg out of the answer to ``commands.describe``, for a FreeSWITCH that has no tables.

    Raises ``ValueError`` where it is no description."""
    try:
        leg = msgspec.json.decode(body, type=_Description)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        leg = msgspec.convert(read_loosely(body), _Description)
    return LegRow(
        uuid=leg.uuid,
        direction=leg.direction,
        number=leg.number,
        destination=leg.destination,
        context=leg.context,
        user=leg.presence.partition("@")[0],
        is_answered=leg.callstate in _ANSWERED,
        created=int(leg.created) / 1e6 if leg.created.isdigit() else 0.0,
        bridged_to=leg.bridged_to if leg.other_type == "originator" else "",
        channel=leg.channel,
        presence=leg.presence,
        is_on_hold=leg.callstate == "HELD",
        application=leg.application,
        application_data=leg.application_data,
    )


_ANSWERED = frozenset({"ACTIVE", "HELD", "UNHELD"})
_GONE = frozenset({"CS_HANGUP", "CS_REPORTING", "CS_DESTROY"})


def _created(row: _ChannelRow) -> float:
    if not (row.created_epoch or "0").isdigit():
        raise PbxRejectedError(f"no snapshot: a leg created at {row.created_epoch[:40]!r}")
    return float(row.created_epoch or 0)


def _read_rows(answer: str) -> _Rows:
    try:
        return msgspec.json.decode(answer, type=_Rows)
    except (msgspec.DecodeError, RecursionError):
        # Not strictly JSON somewhere: read leniently, as events are.
        return msgspec.json.decode(json.dumps(load(answer)), type=_Rows)


def _rows(answer: str, kind: type[_Row], pause: Callable[[], None]) -> Iterator[_Row]:
    # Reading the answer from the socket has taken a while already.
    pause()
    try:
        document = _read_rows(answer)
        if len(document.rows) != document.row_count:
            raise ValueError("rows are missing")
        decode = msgspec.json.Decoder(kind).decode
        for number, raw in enumerate(document.rows, 1):
            try:
                row = decode(raw)
            except (msgspec.DecodeError, RecursionError):
                row = msgspec.convert(read_loosely(bytes(raw)), kind)
            if not row.uuid:
                raise ValueError("a row that is no leg's")
            yield row
            if number % ROWS_PER_SLICE == 0:
                pause()
    except (ValueError, msgspec.DecodeError) as error:
        raise PbxRejectedError(f"no snapshot: {answer[:80]!r}") from error
