"""What each target starts from: recorded calls (``tests/streams``), the kit, the documents."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from fluxcc.pbx.events import _EVENT_HEADERS as HEADERS
from fluxcc.pbx.frames import FrameReader

ROOT = Path(__file__).parent.parent
_VARIABLES = ("variable_fluxcc_group", "variable_cc_queue", "variable_cc_agent")
_CONFIGURATION = b"""lang = "pt_BR"
[pbx]
node = "pbx1"
port = 8021
password_file = "/etc/fluxcc/esl.password"
[store]
url = "sqlite:////var/lib/fluxcc/fluxcc.db"
[blocks]
duration = "30m"
internal = ['^\\d{2,6}$']
reject_cause = "CALL_REJECTED"
[numbers]
country = "BR"
area_code = "11"
[calls]
group_variables = ["fluxcc_group", "cc_queue"]
[conference]
room = "*{agent}"
[survey]
destination = "*28"
[metrics]
listen = "127.0.0.1:9137"
"""
_NUMBERS = (
    *("+5511988887777", "5511988887777", "(11) 98888-7777", "011988887777", "988887777", "1000"),
    *("0041446681800", "4004-1234", "0800 123 4567", "anonymous", "+000", "119' OR '1'='1", "%0a"),
)
_REQUEST = {
    "Event-Name": "CUSTOM",
    "Event-Subclass": "fluxcc::request",
    "Fluxcc-Request-ID": "r-1",
    "Fluxcc-Action": "transferir",
    "Fluxcc-Agent": "1000",
    "Fluxcc-Call": "0f6c4b1e-7a0c-4f0e-9d5f-3d1c7e1f2a3b",
    "Fluxcc-Service": "financeiro",
    "Fluxcc-Reason": "gritou; desligou",
    "Fluxcc-Language": "en",
}
ASKS = (
    {"do": "prank", "agent": "1000", "reason": "x"},
    {"do": "block", "number": "+5511988887777", "duration": 1800},
    {
        "do": "set",
        "entry": {"kind": "group", "name": "vendas", "has_survey": True, "trigger": "any"},
    },
    {"do": "set", "entry": {"kind": "room", "extension": "1000"}},
    {
        "do": "remove",
        "entry": {"kind": "service", "name": "financeiro", "destination": "7001"},
    },
    {
        "do": "set",
        "entry": {
            "kind": "user",
            "name": "ana",
            "role": "supervisor",
            "domain": "a.example",
            "password_hash": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
            "language": "pt_BR",
        },
        "on_behalf_of": "admin:root",
        "request": "form:1",
    },
    {
        "do": "set",
        "entry": {"kind": "token", "name": "ci", "role": "viewer", "digest": "a" * 64},
    },
    {"do": "prank", "call": "0f6c4b1e", "on_behalf_of": "agent:carla", "request": "key-1"},
    {"do": "hangup", "agent": "1000@a.example", "on_behalf_of": "supervisor:token/ci"},
    {"do": "unblock", "number": "#b-1", "on_behalf_of": "supervisor:saul"},
    {"do": "check", "number": "11988887777", "on_behalf_of": "viewer:vera"},
    {"do": "watch", "after": 12345},
    {"do": "purge", "before": 1.5},
    {"do": "status"},
)
"""Lines of an operator and of the web process, one of each shape."""
_SURVEY = {
    "Fluxcc-Survey": "s-1",
    "Fluxcc-Call": "0f6c4b1e",
    "Fluxcc-Number": "+5511988887777",
    "Fluxcc-Group": "vendas",
    "Fluxcc-Agent": "1000",
    "Fluxcc-Direction": "received",
    "Fluxcc-Started": "1795000000.000",
    "Fluxcc-Offered": "1795000060",
    "Fluxcc-Questions": "2",
    "Fluxcc-Answer-1": "5",
    "Fluxcc-Answer-2": "",
}


def bodies() -> Iterator[bytes]:
    """The bodies of every recorded event."""
    for path in sorted((ROOT / "tests/streams").glob("*.esl.gz")):
        for frame in FrameReader().feed(gzip.decompress(path.read_bytes())):
            yield frame.body


def seeds(target: str) -> Iterator[bytes]:
    """What a target starts from."""
    yield from {
        "frames": _frames,
        "events": _events,
        "requests": _requests,
        "numbers": lambda: (bytes([n % 4]) + text.encode() for n, text in enumerate(_NUMBERS * 3)),
        "configuration": lambda: iter(
            [_CONFIGURATION, _CONFIGURATION[:20] + b"\0FLUXCC_PBX_PORT=8021\nFLUXCC_LANG=en"]
        ),
        "spool": lambda: iter([(json.dumps(_SURVEY) + "\n").encode() * n for n in (1, 2)]),
        "dialplan": _dialplan,
        "logs": lambda: (text.encode() for text in (*_NUMBERS, "a\x1b[2J\nb", "\u2028\u202e")),
    }[target]()


def _events() -> Iterator[bytes]:
    """Recorded events with the headers that are read, and a few that are not."""
    for body in bodies():
        event = json.loads(body.decode("utf-8", "replace"))
        read = {*HEADERS.values(), *_VARIABLES, "variable_sip_from_uri"}
        yield json.dumps({name: event[name] for name in event if name in read}).encode()


def _frames() -> Iterator[bytes]:
    yield b"\7Content-Type: auth/request\n\n"
    yield b"\2Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
    yield b"\3Content-Type: api/response\nContent-Length: 4\n\ntrue"
    for number, body in enumerate(bodies()):
        short = body[: 20 + number % 90]
        head = b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(short)
        yield bytes([number % 16]) + (head + short) * (1 + number % 2)


def _requests() -> Iterator[bytes]:
    yield json.dumps(_REQUEST).encode()
    for ask in ASKS:
        yield json.dumps(ask).encode()


def _dialplan() -> Iterator[bytes]:
    for path in sorted((ROOT / "freeswitch/dialplan").glob("*/*.xml")):
        text = path.read_text(encoding="utf-8").partition("<include>")[2]
        for number in range(3):
            context = f'<context name="x">{text.replace("</include>", "")}</context>'
            yield bytes([number]) + context.encode()
    yield (
        b'\2<context name="x"><extension name="a" continue="true"><condition regex="any">'
        b'<regex field="destination_number" expression="^7.01$"/><action application="set"/>'
        b'</condition></extension><extension name="b"><condition field="${a}" expression="x"'
        b' break="never"><anti-action application="bridge" data="b"/></condition></extension>'
        b"</context>"
    )
