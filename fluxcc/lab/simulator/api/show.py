"""``show channels``, ``calls``, ``registrations`` and ``modules``, as text, count and JSON."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxcc.lab.simulator.channel import Channel
    from fluxcc.lab.simulator.pbx import Pbx
    from fluxcc.lab.simulator.telephones import Device

USAGE = (
    "-USAGE: codec|endpoint|application|api|dialplan|channels [count|like <match string>]|calls\n"
)

Row = dict[str, str]

_CALL_COLUMNS = (
    *("uuid", "direction", "created", "created_epoch", "name", "state", "cid_name", "cid_num"),
    *("ip_addr", "dest", "presence_id", "presence_data", "accountcode", "callstate"),
    *("callee_name", "callee_num", "callee_direction", "call_uuid", "hostname"),
    *("sent_callee_name", "sent_callee_num"),
)

_PARTNER_COLUMNS = [name for name in _CALL_COLUMNS if name not in ("call_uuid", "hostname")]


def _channel(leg: Channel) -> Row:
    profile, first = leg.profile, leg.first_profile
    created = leg.created_us // 1_000_000
    rate = "0" if leg.is_passed_on else "64000"
    codec = (leg.codec, "8000", rate) if leg.has_codec else ("", "", "")
    was_bridged = leg.bridged_us > 0
    shows_callee = was_bridged or leg.direction == "outbound"
    return {
        "uuid": leg.uuid,
        "direction": leg.direction,
        "created": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(created)),
        "created_epoch": str(created),
        "name": leg.name,
        "state": leg.state.name,
        "cid_name": profile.caller_name,
        "cid_num": profile.caller_number,
        "ip_addr": profile.network_address,
        "dest": profile.destination,
        "application": leg.application,
        "application_data": leg.application_data,
        "dialplan": profile.dialplan,
        "context": profile.context,
        **dict(zip(("read_codec", "read_rate", "read_bit_rate"), codec, strict=True)),
        **dict(zip(("write_codec", "write_rate", "write_bit_rate"), codec, strict=True)),
        "secure": "",
        "hostname": "simulator",
        "presence_id": leg.variable("presence_id"),
        "presence_data": "",
        "accountcode": leg.variable("accountcode"),
        "callstate": leg.call_state,
        "callee_name": profile.callee_name if shows_callee else "",
        "callee_num": profile.callee_number if shows_callee else "",
        "callee_direction": "SEND" if was_bridged and leg.twin is None else "",
        "call_uuid": leg.call_uuid if was_bridged or leg.call_uuid != leg.uuid else "",
        "sent_callee_name": profile.callee_name if leg.bridged_to else "",
        "sent_callee_num": profile.callee_number if leg.bridged_to else "",
        "initial_cid_name": first.caller_name,
        "initial_cid_num": first.caller_number,
        "initial_ip_addr": first.network_address,
        "initial_dest": first.destination,
        "initial_dialplan": first.dialplan,
        "initial_context": first.context,
    }


def _call(leg: Channel) -> Row:
    row = _channel(leg)
    partner = leg.bridged_to
    other = _channel(partner) if partner is not None else {}
    call = {name: row[name] for name in _CALL_COLUMNS}
    call |= {f"b_{name}": other.get(name, "") for name in _PARTNER_COLUMNS}
    return call | {"call_created_epoch": str(leg.bridged_us // 1_000_000) if partner else ""}


def _is_second_of_pair(leg: Channel) -> bool:
    """A bridged pair is one call, shown from the side of the originating leg."""
    return leg.bridged_to is not None and leg.other is not None and leg.other.kind == "originator"


def _registration(device: Device) -> Row:
    host, _, port = device.address.partition("@")[2].partition(":")
    return {
        "reg_user": device.user,
        "realm": device.domain,
        "token": str(uuid.uuid5(uuid.NAMESPACE_URL, device.address)).replace("-", ""),
        "url": f"sofia/internal/sip:{device.address}",
        "expires": str(int(device.registered_until)),
        "network_ip": host,
        "network_port": port,
        "network_proto": "udp",
        "hostname": "simulator",
        "metadata": "",
    }


def _show(pbx: Pbx, arguments: str) -> str:
    if not pbx.has_tables:
        return "-ERR SQL disabled, no data available!\n"
    what, _, how = arguments.partition(" ")
    if what == "channels":
        rows = [_channel(leg) for leg in pbx.switchboard if not leg.is_hidden]
    elif what == "calls":
        shown = [leg for leg in pbx.switchboard if not leg.is_hidden]
        rows = [_call(leg) for leg in shown if not _is_second_of_pair(leg)]
    elif what == "bridged_calls":
        bridged = [leg for leg in pbx.switchboard if leg.bridged_to is not None]
        rows = [_call(leg) for leg in bridged if not _is_second_of_pair(leg)]
    elif what == "registrations":
        rows = [_registration(device) for device in pbx.telephones.registered()]
    elif what == "modules":
        rows = [
            {"type": "generic", "name": name, "ikey": name, "filename": ""}
            for name in sorted(pbx.modules)
        ]
    else:
        return USAGE
    if how.startswith("like "):
        pattern, _, how = how.removeprefix("like ").partition(" ")
        rows = [row for row in rows if any(pattern in value for value in row.values())]
    return _written(rows, how)


def _written(rows: list[Row], how: str) -> str:
    if how.startswith("count"):
        return _json({"row_count": len(rows)}) if "json" in how else f"\n{len(rows)} total.\n"
    if how == "as json":
        # With nothing to show FreeSWITCH leaves the rows out, and writes a space it else does not.
        return _json({"row_count": len(rows), "rows": rows}) if rows else '{"row_count": 0}\n'
    if not rows:
        return "\n0 total.\n"
    lines: Iterable[str] = (",".join(row.values()) for row in rows)
    return "\n".join([",".join(rows[0]), *lines]) + f"\n\n{len(rows)} total.\n"


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {"show": _show}
