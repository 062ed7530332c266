"""One function for each reader that hostile bytes reach: bytes in, nothing out.

It raises where the reader broke: an exception that the reader does not promise, or a result that
is not what its callers rely on. ``fuzz.__main__`` runs them under atheris, and a test a few hundred
times under hypothesis.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast
from unittest.mock import patch

import msgspec

from fluxcc import logs
from fluxcc.config import reading
from fluxcc.core.surveys import read_survey
from fluxcc.domain import pasted
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import ConfigurationError, PbxRejectedError, RefusedError
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.provisioning import Account, Token, User, UserRole
from fluxcc.domain.requests import Reply, Request
from fluxcc.doors.askers import Askers
from fluxcc.doors.operators import OperatorsDoor
from fluxcc.doors.readings import purge
from fluxcc.kit import names
from fluxcc.pbx import answers, commands, dialplan, events, frames, snapshot
from fluxcc.protocol.board import read_request, reply_headers
from fluxcc.spool import read_records

Target = Callable[[bytes], None]

ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]*")
"""What can be a line, or a part of one."""


def must(holds: bool, what: str) -> None:
    """Stay also under ``python -O``."""
    if not holds:
        raise AssertionError(what)


# The frame reader

_SHORT_HEAD = 96
"""So that the limit itself is in reach."""


def frame_reader(data: bytes) -> None:
    """However the bytes are split: the same frames, or an error."""
    frames.LONGEST_HEAD = _SHORT_HEAD
    step = data[0] % 64 + 1 if data else 1
    stream = data[1:]
    whole, is_whole_wrong = _cut(stream, len(stream) or 1)
    split, is_split_wrong = _cut(stream, step)
    must(is_split_wrong == is_whole_wrong, "the split decides whether it is an error")
    must(is_whole_wrong or split == whole, "the split decides what is in the frames")


def _cut(stream: bytes, step: int) -> tuple[list[frames.Frame], bool]:
    reader, found = frames.FrameReader(), []
    try:
        for start in range(0, len(stream), step):
            found += reader.feed(stream[start : start + step])
    except frames.FrameError:
        return found, True
    return found, False


# The event decoder

_DECODER = events.Decoder(("fluxcc_group", "cc_queue"), ("fluxcc_agent", "cc_agent", "dialed_user"))
_FIELDS = tuple(field.name for field in msgspec.structs.fields(events.Event))
_SNAPSHOT = '{"row_count": 0}'
_COMMAND = re.compile(
    r"uuid_(kill|exists) [!-~]{1,256}( [A-Z0-9_]+)?"
    r"|[a-z_]+( ([A-Za-z0-9._:*#+@%/~=-]+|'([!-&(-[\]-~]|\\['\\])+'))*"
)
"""FreeSWITCH takes the leg of the first two as it stands; elsewhere it is quoted, so one word."""


def event_decoder(data: bytes) -> None:
    """An event of texts that can be stored, or ``ValueError``; no field of it, in any command,
    becomes more than the one word it is meant to be."""
    try:
        event = _DECODER.event(data)
    except ValueError:
        pass
    else:
        texts = [getattr(event, name) for name in _FIELDS]
        for text in (*texts, event.group, event.agent):
            must(isinstance(text, str), "a field that is no text")
            text.encode("utf-8")
        _put_into_commands(event)
    with suppress(PbxRejectedError):
        snapshot.read_snapshot(data.decode("utf-8", "replace"), _SNAPSHOT)
    answers.application_of(data.decode("utf-8", "replace"), "*28")
    with suppress(PbxRejectedError):
        answers.read_members(data.decode("utf-8", "replace"))
    answers.read_media(data.decode("utf-8", "replace"))


def _put_into_commands(event: events.Event) -> None:
    for build in (
        partial(commands.end_leg, event.leg, event.cause),
        partial(commands.move_pair, event.leg, event.destination, event.context),
        partial(commands.move_leg, event.leg, event.destination, event.context),
        partial(commands.arm_survey, event.leg, event.destination, event.context),
        partial(commands.brief, "a", "group", event.group),
        partial(commands.brief, "a", "number", event.number),
        partial(commands.put_hash, names.BLOCK_REALM, event.number, "1"),
        partial(commands.read_context, event.context),
        partial(commands.describe, event.leg),
    ):
        try:
            command = build()
        except PbxRejectedError:
            continue
        must(bool(_COMMAND.fullmatch(command)), f"a command with more in it: {command!r}")
    for value in (event.number, event.group):
        lines = commands.custom_event("fluxcc::block", [("Fluxcc-Number", value)]).split("\n")
        must(len(lines) == 2 + bool(value), "a value that made a header of its own")
        must(all(ONE_LINE.fullmatch(line) for line in lines), "a control character in a header")


# Requests: the board's, and the operators'


class _Executor:
    """Says yes."""

    def execute(self, request: Request) -> Reply:
        """What must hold of every request that got so far."""
        for text in (request.id, str(request.agent), request.call, request.reason):
            must(bool(ONE_LINE.fullmatch(text)), "a request with a control character")
        for text in (request.service, request.number):
            must(bool(ONE_LINE.fullmatch(text)) and len(text) <= 65, "a request too long")
        return Reply(request=request.id, action=request.action, code=Code.ENDED)


class _Erasure:
    """Has nothing to erase."""

    def _refuse(self, *_given: Any, **_more: Any) -> NoReturn:
        raise RefusedError(Code.NUMBER_UNUSABLE)

    erase_older = erase_person = _refuse


_ACCOUNTS: dict[str, Account] = {
    "root": User("root", UserRole.ADMIN),
    "ana": User("ana", UserRole.SUPERVISOR),
    "saul": User("saul", UserRole.SUPERVISOR, domain="a.example"),
    "carla": User("carla", UserRole.AGENT, "1000", "a.example"),
    "vera": User("vera", UserRole.VIEWER),
    "ci": Token("ci", UserRole.SUPERVISOR, domain="a.example"),
}
_OPERATOR, _WEB = 1000, 1001
_LOGINS = {_OPERATOR: "anna", _WEB: "fluxcc-web"}
_EXECUTOR = _Executor()
_DOOR = OperatorsDoor(
    Path("unused"),
    cast(Any, _EXECUTOR),
    {"status": lambda ask, who: {}, "purge": partial(purge, cast(Any, _Erasure()))},
    lambda: True,
    Askers(lambda name, is_token: _ACCOUNTS.get(name), "fluxcc-web", _LOGINS.__getitem__, own=0),
    cast(Any, None),
)


def request_parser(data: bytes) -> None:
    """A request that is well formed, or a refusal, whichever process it comes from; the reply is
    the headers it was meant to be."""
    for user in (_OPERATOR, _WEB):
        msgspec.json.encode(_DOOR.answer(data, user))
    try:
        headers = events.Decoder.request(data)
    except ValueError:
        return
    try:
        reply = _EXECUTOR.execute(read_request(headers, "pt_BR"))
    except RefusedError as refusal:
        reply = Reply(request="r", action="prank", code=refusal.code)
    lines = commands.custom_event(events.REPLY, reply_headers(reply, "en")).split("\n")
    must(all(ONE_LINE.fullmatch(line) for line in lines), "a reply with a control character")


# Numbers

_PLANS = (
    NumberPlan("BR", "11", (r"^\d{2,6}$",)),
    NumberPlan("BR", "", (r"^\d{2,6}$",)),
    NumberPlan("US", "212", ()),
    NumberPlan("IT", "", ()),
)


_KEY = re.compile(r"\+?[0-9]{3,20}", re.ASCII)


def number_canonicalisation(data: bytes) -> None:
    """Any text is a number, or unusable; every spelling stands for the same one person."""
    plan = _PLANS[data[0] % len(_PLANS) if data else 0]
    text = data[1:].decode("utf-8", "surrogateescape")
    number = plan.read(text)
    must(len(number.seen) <= 64 and len(number.canonical) <= 64, "a number too long")
    plan.is_internal(number.seen)
    must(not number.key or number.key in number.spellings, "a key that is not published")
    shown = pasted.read(text)
    must(bool(shown.fault) or shown.number.lstrip("+").isdigit(), "a pasted number that is none")
    for key in number.spellings:
        must(bool(_KEY.fullmatch(key)), f"a key that the gate would not look up: {key!r}")
        again = plan.read(key)
        # A foreign number without its plus sign is only known by its key.
        must(again.canonical in (number.canonical, key), f"{key} is {again.canonical}")
        commands.put_hash(names.BLOCK_REALM, key, "1")


# The configuration


class _Given:
    """A file with this in it."""

    def __init__(self, text: bytes) -> None:
        self.text = text


def _read(path: object) -> str:
    """As ``reading.read_text``. Nothing else is read, or the fuzzer would sooner or later name a
    file that is there. What no system call takes is refused before."""
    if isinstance(path, _Given):
        return path.text.decode("utf-8")
    if "\0" in str(path):
        raise ValueError("embedded null byte")
    raise FileNotFoundError(str(path))


def configuration_loader(data: bytes) -> None:
    """Settings that hold what they promise, or all faults at once; never a password in a fault."""
    text, _, variables = data.partition(b"\0")
    pairs = (line.partition("=") for line in variables.decode("utf-8", "replace").split("\n"))
    environment = {name: value for name, _, value in pairs if "\0" not in value}
    environment.pop(reading.FILE_VARIABLE, None)
    try:
        with patch.object(reading, "read_text", _read):
            settings = reading.load(cast(Path, _Given(text)), environment)
    except ConfigurationError as error:
        str(error)
        return
    must(0 < settings.pbx.port < 65536, "a port that is none")
    must(settings.blocks.duration > 0, "blocks that end at once")
    must(settings.metrics.address is None or bool(settings.metrics.address[0]), "any address")
    NumberPlan(
        settings.numbers.country, settings.numbers.area_code, settings.blocks.internal
    ).is_internal("1000")
    events.Decoder(settings.calls.group_variables, settings.calls.agent_variables)
    commands.move_leg(
        "a", settings.conference.room.format(agent="1000"), settings.conference.context
    )
    commands.arm_survey("a", settings.survey.destination, settings.survey.context)
    commands.end_leg("a", settings.blocks.reject_cause)
    str(settings.control_socket)


# The survey's spool


def spool_reader(data: bytes) -> None:
    """Surveys with texts that can be shown and stored; whatever else is in the file is skipped."""
    for record in read_records(data):
        try:
            survey = read_survey(record)
        except ValueError:
            continue
        for text in (survey.id, survey.call, survey.number, survey.group, survey.agent):
            must(text.isprintable() and len(text) <= 128, "a text that moves a terminal")
            text.encode("utf-8")
        must(1 <= survey.questions <= 3, "questions")
        must(len(survey.answers) == survey.questions, "an answer too many")
        must(all(a is None or 0 <= a <= 10 for a in survey.answers), "an answer that none can give")


# The static dialplan reader

_DESTINATIONS = ("*28", "*1000", "7001", "9999", "", "a" * 64, "%0a", "${system(id)}")
_HEAVY = re.compile(r"[*+{]")


def dialplan_reader(data: bytes) -> None:
    """A context's XML, whatever it is, has an answer. Who writes a dialplan is trusted not to write
    an expression that takes for ever, and FreeSWITCH itself would be the first to hang on it."""
    text = data[1:].decode("utf-8", "replace")
    if len(_HEAVY.findall(text)) > 12:
        return
    destination = _DESTINATIONS[data[0] % len(_DESTINATIONS) if data else 0]
    dialplan.fate(text, destination)
    dialplan.fate(text, destination, lambda asked: asked[:4])
    dialplan.find_gate(text)


# Log lines

_KEYS = ("number", "error", "group", "reply", "name")


def log_line(data: bytes) -> None:
    """One line for one record, whatever its facts say; with nothing in it that moves a terminal."""
    text = data.decode("utf-8", "surrogateescape")
    facts = {f"{key}_": text for key in _KEYS} | {"number": text, "error": text}
    record = logging.makeLogRecord({"msg": text, "name": "fluxcc", **facts})
    for formatter in (logs.KeyValue(), logs.JsonLines(), logs.KeyValue(is_masking=False)):
        line = formatter.format(record)
        must(line.isprintable(), f"a line that is more than one: {line!r}")


TARGETS: dict[str, tuple[Target, int, float]] = {
    "frames": (frame_reader, 192, 0.15),
    "events": (event_decoder, 1024, 0.14),
    "requests": (request_parser, 768, 0.46),
    "numbers": (number_canonicalisation, 80, 0.03),
    "configuration": (configuration_loader, 768, 0.02),
    "spool": (spool_reader, 768, 0.15),
    "dialplan": (dialplan_reader, 1024, 0.02),
    "logs": (log_line, 160, 0.03),
}
"""Name → target, its longest input, and its share of the executions: what is fast gets more."""
