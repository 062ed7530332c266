"""Text that a stranger chose, on every path that docs/security.md lists, to where the path ends."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from fluxcc import logs
from fluxcc.cli.session import printable
from fluxcc.core.ports import Batch
from fluxcc.core.surveys import read_answer, read_survey
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import LinkLostError, PbxRejectedError, RefusedError
from fluxcc.domain.report import Line
from fluxcc.domain.requests import Actor, Reply, Role, clean_text
from fluxcc.domain.spreadsheet import report_csv
from fluxcc.kit import find_kit
from fluxcc.lab.simulator.assembly import build
from fluxcc.pbx import commands, events
from fluxcc.pbx.events import RequestHeaders
from fluxcc.pbx.link import Link
from fluxcc.protocol.board import read_request, reply_headers
from fluxcc.protocol.operators import Ask
from fluxcc.protocol.operators import read_request as read_ask
from fluxcc.spool import BEGINNING, FolderSpool, read_records
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import upgrade
from tests.builders import DECODER, SAO_PAULO, World, a_request, event_body
from tests.contract.records import a_call, an_audit
from tests.testing.freeswitch import CONFIGURATION, end_all
from tests.unit.lab.simulator.conftest import Scene

TEXTS = {
    "CR": "a\rapi hupall",
    "LF": "a\nEvent-Name: CUSTOM",
    "an empty line": "a\n\napi hupall\n\n",
    "CR LF": "a\r\n\r\nx",
    "NUL": "a\x00b",
    "an expansion": "${hash(insert/canary/x/1)}",
    "an expansion in two": "$${hash(insert/canary/x/1)}",
    "a semicolon": "a;b",
    "a comma": "a,b",
    "a pipe": "a|b",
    "quotes": "a'b\"c`d",
    "an end of SQL": "'; DROP TABLE calls; --",
    "a backslash": "a\\nb\\",
    "escape sequences": "\x1b[2J\x1b]0;x\x07\x9b2J",
    "a direction": "\u202ea\u2028b",
    "percent": "a%0aEvent-Name: CUSTOM%0d%00%%n%s",
    "braces": "{x=1}[y=2]<z>",
    "a slash": "../../a/b",
    "a formula": "=cmd|'/c calc'!A1",
    "a blank": "a CALL_REJECTED",
    "an option": "-both",
    "a lone surrogate": "a\udc80b",
    "64 kB": "9" * 65_536,
    "64 kB of signs": "${x};" * 13_000,
}
each = pytest.mark.parametrize("text", list(TEXTS.values()), ids=list(TEXTS))

# FreeSWITCH commands

COMMANDS: dict[str, Callable[[str], str]] = {
    "end, leg": lambda text: commands.end_leg(text, "CALL_REJECTED"),
    "end, cause": lambda text: commands.end_leg("leg", text),
    "move, leg": lambda text: commands.move_leg(text, "1000", "default"),
    "move, destination": lambda text: commands.move_leg("leg", text, "default"),
    "move, context": lambda text: commands.move_leg("leg", "1000", text),
    "move both": lambda text: commands.move_pair("leg", text, "default"),
    "arm": lambda text: commands.arm_survey("leg", text, "default"),
    "disarm": commands.disarm_survey,
    "brief, leg": lambda text: commands.brief(text, "group", "x"),
    "brief, value": lambda text: commands.brief("leg", "group", text),
    "hash, key": lambda text: commands.put_hash("fluxcc_block", text, "1"),
    "hash, value": lambda text: commands.put_hash("fluxcc_block", "1", text),
    "hash, look": lambda text: commands.look_up("fluxcc_block", text),
    "hash, drop": lambda text: commands.drop_hash("fluxcc_block", text),
    "context": commands.read_context,
    "exists": commands.exists,
    "describe": commands.describe,
}
ONE_COMMAND = re.compile(
    r"uuid_(kill|exists) [!-~]{1,256}( [A-Z0-9_]+)?"
    r"|[a-z_]+( ([A-Za-z0-9._:*#+@%/~=-]+|'([!-&(-[\]-~]|\\['\\])+'))*"
)
"""FreeSWITCH takes the leg of the first two as it stands; elsewhere it is quoted, so one word."""


@each
@pytest.mark.parametrize("build", list(COMMANDS.values()), ids=list(COMMANDS))
def test_a_command_has_the_words_it_is_meant_to_have(
    build: Callable[[str], str], text: str
) -> None:
    words = len(build("1").split())
    try:
        command = build(text)
    except (PbxRejectedError, UnicodeEncodeError):
        return
    assert ONE_COMMAND.fullmatch(command)
    assert len(command.split()) == words


@pytest.mark.parametrize("name", ["CR", "an empty line", "CR LF", "NUL"])
def test_a_link_sends_no_second_command(name: str) -> None:
    link = Link("127.0.0.1", 0, "x")
    with pytest.raises(PbxRejectedError):
        link.begin_all([f"api eval {TEXTS[name]}"])
    with pytest.raises(LinkLostError):
        link.begin_all(["api eval x"])


@each
def test_only_a_number_becomes_a_key_of_the_gate(text: str) -> None:
    for caller_id in (text, f"+5511988887777{text}", f"{text}5511988887777"):
        for key in SAO_PAULO.read(caller_id).spellings:
            assert re.fullmatch(r"\+?[0-9]{3,20}", key)


# Event headers


@each
def test_a_header_is_one_line(text: str) -> None:
    headers = [("Fluxcc-Number", text), ("Fluxcc-Text", f"a{text}")]
    lines = commands.custom_event(events.REPLY, headers).encode("utf-8", "replace").split(b"\n")
    assert len(lines) == 4
    assert not any(byte < 32 or byte == 127 for line in lines for byte in line)


@each
@pytest.mark.parametrize(
    "field", ["request", "action", "agent", "call", "service", "reason", "language"]
)
def test_a_board_cannot_put_more_into_a_request_than_it_has(field: str, text: str) -> None:
    good = {"request": "r", "action": "transfer", "agent": "1000", "service": "s"}
    try:
        request = read_request(RequestHeaders(**good | {field: text}), "en")
    except RefusedError:
        return
    for kept in (request.id, str(request.agent), request.call, request.service, request.reason):
        assert kept.isprintable()
        assert len(kept) <= (256 if kept is request.call else 200)
    reply = Reply(request=request.id, action=request.action, code=Code.ENDED, number=text)
    lines = commands.custom_event(events.REPLY, reply_headers(reply, "en")).splitlines()
    assert [line.split(":")[0] for line in lines].count("Fluxcc-Code") == 1
    assert not [line for line in lines if line.startswith("Event-Name")]


@each
@pytest.mark.parametrize(
    "field", ["do", "agent", "call", "number", "service", "reason", "language"]
)
def test_an_operators_line_cannot_either(field: str, text: str) -> None:
    good = {"do": "block" if field == "number" else "prank", "agent": "1000"}
    try:
        request = read_ask(Ask(**good | {field: text}), Actor(Role.OPERATOR, "anna"))
    except ValueError:
        return
    kept = (str(request.agent), request.call, request.number, request.service, request.reason)
    for value in (*kept, request.language):
        assert value.isprintable()
        assert len(value) <= (256 if value is request.call else 200)


# What FreeSWITCH tells, into memory, commands and the store


@each
@pytest.mark.parametrize(
    "header",
    [
        "Caller_Caller_ID_Number",
        "Caller_Caller_ID_Name",
        "Caller_Destination_Number",
        "Caller_Context",
        "variable_sip_from_user",
        "variable_fluxcc_group",
        "variable_cc_agent",
        "variable_user_name",
    ],
)
def test_a_call_with_it_can_be_ended_and_nobody_else_is(
    world: World, header: str, text: str
) -> None:
    world.received_call(customer="other", telephone="other-telephone", agent="1001")
    event = DECODER.event(
        event_body(
            "CHANNEL_CREATE",
            "customer",
            **{
                "Call_Direction": "inbound",
                "Caller_Caller_ID_Number": "+5511977776666",
                "Caller_Destination_Number": "5000",
                "Caller_Context": "public",
                header: text,
            },
        )
    )
    world.handle(event)
    world.telephone_rings()
    world.bridged("customer", "telephone")
    reply = world.ask(a_request(call="customer", agent="1000"))
    assert reply.code in (Code.BLOCKED, Code.NOT_BLOCKED_WITHHELD, Code.NOT_YOUR_CALL)
    assert "other" in world.tracker.legs
    world.journal.flush()
    for row in world.store.audit.values():
        assert len(row.number) <= 128
    for call in world.store.calls.values():
        assert max(len(call.number), len(call.group), len(call.agent)) <= 128


@each
def test_sql_holds_it_as_it_is(tmp_path: Path, text: str) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    store = SqlStore(url, "pbx1")
    upgrade(url)
    rows = (a_call(1, number=text, group=text, agent=text), a_call(2))
    store.write(Batch(calls=rows, audit=(an_audit(reason=text, subject=text, by=text),)))
    odd, fine = sorted(store.live_calls(), key=lambda call: call.id)
    assert fine == rows[1]
    escaped = text.encode("utf-8", "backslashreplace").decode()
    assert {odd.number, odd.group, odd.agent} <= {text, escaped, escaped.replace("\0", r"\x00")}
    with closing(History(url, ["pbx1"])) as history:
        history.audit(limit=5, number=text, agent=text)


# Log lines, terminals, spreadsheets


@each
@pytest.mark.parametrize("shape", [logs.KeyValue, logs.JsonLines])
@pytest.mark.parametrize("is_masking", [True, False])
def test_a_log_line_is_one_and_shows_no_control(
    shape: type[logs.KeyValue | logs.JsonLines], text: str, is_masking: bool
) -> None:
    record = logging.LogRecord("fluxcc", logging.INFO, "", 0, "said %s", (text,), None)
    record.number = record.error = record.group = text
    line = shape(is_masking=is_masking).format(record)
    assert line.isprintable()


@each
def test_a_terminal_is_shown_one_line(text: str) -> None:
    assert printable(text).isprintable()
    assert clean_text(text, 200).isprintable()


@each
def test_a_spreadsheet_computes_nothing(text: str) -> None:
    line = Line(text, text, 1, 1, 1, 1.0, 5.0, {5: 1})
    rows = list(csv.reader(io.StringIO(report_csv([line]))))
    assert len(rows) == 2
    for cell in rows[1][:2]:
        assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


# The survey: keys, events, spool


@each
def test_a_survey_says_numbers_and_lines_only(text: str) -> None:
    with suppress(ValueError):
        assert read_answer(text) is None or 0 <= read_answer(text) <= 10
    record = {"Fluxcc-Survey": "s", "Fluxcc-Questions": "1", "Fluxcc-Answer-1": "5"}
    for name in ("Survey", "Call", "Number", "Group", "Agent", "Direction"):
        with suppress(ValueError):
            survey = read_survey(record | {f"Fluxcc-{name}": text})
            told = (survey.id, survey.call, survey.number, survey.group, survey.agent)
            assert all(value.isprintable() and len(value) <= 128 for value in told)


@each
def test_a_file_of_the_spool_is_read_or_kept_aside(tmp_path: Path, text: str) -> None:
    for record in read_records(f"{text}\n{json.dumps({text: text})}\n".encode("utf-8", "replace")):
        assert all(isinstance(value, str) for value in record.values())
    name = text.replace("/", "").replace("\0", "").encode("utf-8", "replace").decode()[:100]
    (tmp_path / f"{BEGINNING}{name}.done").write_bytes(text.encode("utf-8", "replace"))
    spool = FolderSpool(str(tmp_path))
    for file, _ in spool.read().files:
        spool.remove(file, keep_aside=True)
    assert [path.suffix for path in tmp_path.iterdir()] == [".malformed"]


# The kit on the simulator; tests/scenarios/test_hostile_kit.py has it on the real one, too


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One PBX with the kit for all of these."""
    folder = tmp_path_factory.mktemp("pbx")
    shutil.copytree(CONFIGURATION, folder / "conf")
    shutil.copytree(find_kit() / "dialplan", folder / "conf/dialplan", dirs_exist_ok=True)
    shutil.copytree(find_kit() / "scripts", folder / "scripts")
    (folder / "storage").mkdir()
    scene = Scene(build(folder / "conf"))
    yield scene
    end_all(scene.pbx)


def _is_untouched(scene: Scene) -> bool:
    return "canary" not in scene.pbx.api("hash_dump db")


@each
def test_the_gate_expands_nothing_of_a_caller(kit: Scene, text: str) -> None:
    kit.pbx.api("global_setvar fluxcc_refuse_internal=^[0-9]{2,6}$")
    for number, name in ((text, "x"), ("+5511988887777", text)):
        caller = kit.call("9999", number=number, name=name)
        kit.until(lambda caller=caller: caller.is_answered or caller.is_ended)
        assert kit.pbx.outside.final_status(caller) == 200
        kit.end(caller)
    assert _is_untouched(kit)


@each
def test_the_rooms_expand_nothing_that_was_dialled(kit: Scene, text: str) -> None:
    for dialled in (text, f"*{text}", f"*1000{text}"):
        caller = kit.call(dialled, profile="internal")
        kit.until(lambda caller=caller: caller.is_answered or caller.is_ended)
        kit.pbx.switchboard.hang_up(caller, "MANAGER_REQUEST")
        kit.until_quiet()
    assert _is_untouched(kit)


@each
def test_the_synchronous_door_fires_one_event_with_its_own_headers(kit: Scene, text: str) -> None:
    """It would wait for the answer; a malformed line has its own at once."""
    pytest.importorskip("lupa", reason="scripts need a Lua: pip install lupa")
    one_line = re.sub(r"[\r\n\x00]", " ", text)
    answer = kit.pbx.api(f"lua fluxcc.lua prank what={one_line[:500]}")
    assert answer.startswith("-ERR malformed-request ")
    assert answer.rstrip("\n").count("\n") == 0
    assert not kit.said("CUSTOM", Event_Subclass="fluxcc::request")
    assert _is_untouched(kit)
