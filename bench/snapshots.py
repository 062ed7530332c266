"""What a busy FreeSWITCH answers to ``show channels``, ``show bridged_calls`` and ``uuid_dump``."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

NO_ROWS = b'{"row_count": 0}\n'
NO_LEG = b"-ERR No such channel!\n"
_EMPTY = (
    *("application_data", "secure", "presence_data", "accountcode", "callee_name", "callee_num"),
    *("callee_direction", "sent_callee_name", "sent_callee_num"),
)
_FILLING = {
    "created": "2026-11-22 11:11:37",
    "name": "sofia/external/5511999990001@127.0.0.1:10016",
    "cid_name": "5511999990001",
    "ip_addr": "127.0.0.1",
    "application": "bridge",
    "dialplan": "XML",
    **{f"{side}_codec": "PCMU" for side in ("read", "write")},
    **{f"{side}_rate": "8000" for side in ("read", "write")},
    **{f"{side}_bit_rate": "64000" for side in ("read", "write")},
    "hostname": "vm",
    "call_uuid": "b439b34a-48af-42a4-9887-e9b3f6103f0a",
    "initial_cid_name": "5511999990001",
    "initial_ip_addr": "127.0.0.1",
    "initial_dialplan": "XML",
    **dict.fromkeys(_EMPTY, ""),
}
"""What the daemon does not read. FreeSWITCH sends it all the same."""


class Snapshot(NamedTuple):
    """The answers, made once."""

    channels: bytes
    bridges: bytes
    legs: dict[str, str]
    """Leg → the extension of its call's agent."""

    def describe(self, leg: str) -> bytes:
        """``uuid_dump``: as long as FreeSWITCH's, some 8 kB."""
        if leg not in self.legs:
            return NO_LEG
        known = {
            "Event-Name": "CHANNEL_DATA",
            "Unique-ID": leg,
            "variable_fluxcc_group": "sales",
            "variable_fluxcc_agent": self.legs[leg],
        }
        filling = {f"variable_sip_{number}": "x" * 40 for number in range(125)}
        return json.dumps(known | filling).encode()


def make(legs: int) -> Snapshot:
    """So many legs, two and two in a call: a customer on a trunk and an agent's telephone."""
    rows, pairs, known = [], [], {}
    for number in range(legs // 2):
        customer, agent = (f"{side}{number:07x}-0000-4000-8000-{number:012x}" for side in "ab")
        extension = str(1000 + number % 5000)
        caller = f"55119{number:08d}"
        rows.append(_row(customer, "inbound", caller, "5000", ""))
        rows.append(_row(agent, "outbound", caller, extension, f"{extension}@pbx.test"))
        pair = rows[-2] | {f"b_{name}": value for name, value in rows[-1].items()}
        pairs.append(pair)
        known |= {customer: extension, agent: extension}
    return Snapshot(_answer(rows), _answer(pairs), known)


def _row(leg: str, direction: str, number: str, destination: str, presence: str) -> dict[str, str]:
    return _FILLING | {
        "uuid": leg,
        "direction": direction,
        "created_epoch": str(int(time.time()) - 60),
        "state": "CS_EXECUTE",
        "cid_num": number,
        "dest": destination,
        "context": "public",
        "presence_id": presence,
        "callstate": "ACTIVE",
        "initial_cid_num": number,
        "initial_dest": destination,
        "initial_context": "public",
    }


def _answer(rows: list[dict[str, str]]) -> bytes:
    if not rows:
        return NO_ROWS
    return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":")).encode()
