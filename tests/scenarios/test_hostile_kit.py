"""What the kit's scripts make of a stranger's text, on both PBXs (docs/security.md)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .tap import Tap

FORGED = "%0aEvent-Name: CUSTOM%0d%0aFluxcc-Action: hangup"
TEXTS = {
    "an expansion": "${hash(insert/canary/x/1)}",
    "a line end": FORGED,
    "NUL": "a%00b",
    "a semicolon": "a;b",
    "a comma": "a,b",
    "quotes": "a\"b'c",
    "an escape sequence": "%1b[2J",
    "a percent sign": "100%",
    "a backslash": "a\\nb\\",
}
each = pytest.mark.parametrize("text", list(TEXTS.values()), ids=list(TEXTS))


@each
def test_the_synchronous_door_asks_for_what_it_was_asked(
    lab: Lab, daemon: Daemon, tap: Tap, text: str
) -> None:
    """The reason is one header's value; the one answer is one line."""
    request = uuid4().hex
    # mod_lua makes a Lua string of what it is given and leaves a backslash in it: a board encodes.
    reason = quote(text, safe="%")
    answer = lab.api(f"lua fluxcc.lua prank agent=1999 id={request} reason={reason}")
    assert answer.startswith("-ERR no-live-call ")
    assert "\n" not in answer.rstrip("\n")
    tap.catch_up()
    (event,) = tap.of("fluxcc::request")
    assert (event["Event-Name"], event["Fluxcc-Action"]) == ("CUSTOM", "prank")
    assert event["Fluxcc-Reason"].isprintable()
    assert daemon.audited(request)["reason"].isprintable()
    assert "canary" not in lab.api("hash_dump db")


@each
def test_the_survey_writes_a_group_that_is_anything_as_one_line_of_json(
    lab: Lab, daemon: Daemon, text: str
) -> None:
    """Where the call's group comes from a SIP header, by way of somebody's dialplan."""
    spool = Path(lab.api("global_getvar storage_dir").strip())
    before = set(spool.glob("fluxcc-survey-*"))
    coded = re.sub(r"[^A-Za-z0-9]", lambda found: f"%{ord(found[0]):02x}", text)
    name = uuid4().hex
    caller = lab.call(f"+5511{int(name, 16) % 10**9:09}", "9999")
    caller.wait_answered()
    (call,) = until(daemon.calls, "the daemon sees the call")
    leg = call["call"]
    assert "+OK" in lab.api(f"uuid_setvar {leg} fluxcc_survey_group {coded}")
    assert "+OK" in lab.api(f"uuid_setvar {leg} fluxcc_survey_call {name}")
    assert "+OK" in lab.api(f"uuid_transfer {leg} *28 XML default")

    def written() -> list[Path]:
        return [path for path in spool.glob("fluxcc-survey-*") if path not in before]

    until(written, "the survey has begun")
    (path,) = written()
    until(path.read_bytes, "its first line is there")
    lines = path.read_bytes().split(b"\n")
    assert lines[-1] == b""
    record = json.loads(lines[0])
    assert record["Fluxcc-Call"] == name
    assert record["Fluxcc-Group"] == text
    assert re.fullmatch(r"fluxcc-survey-[0-9a-f-]{36}\.(part|done)", path.name)
    assert "canary" not in lab.api("hash_dump db")
    caller.hang_up()
