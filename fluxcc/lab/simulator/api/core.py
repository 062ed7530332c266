"""Commands about the PBX as a whole: ``status``, ``hash``, ``cond``, ``reloadxml`` and the like."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

import gevent

from fluxcc.lab.simulator import expressions
from fluxcc.lab.simulator.configuration import ConfigurationError

from . import directory

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

VERSION = "0.0.0-simulator"


def _status(pbx: Pbx, arguments: str) -> str:
    minutes, seconds = divmod(int(time.time() - pbx.started), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"UP 0 years, 0 days, {hours} hours, {minutes} minutes, {seconds} seconds,"
        " 0 milliseconds, 0 microseconds\n"
        f"FreeSWITCH (Version {VERSION} 64bit) is ready\n"
        f"{pbx.switchboard.sessions_since_start} session(s) since startup\n"
        f"{len(pbx.switchboard)} session(s) - peak 0, last 5min 0 \n"
        "0 session(s) per Sec out of max 2000, peak 0, last 5min 0 \n"
        "20000 session(s) max\nmin idle cpu 0.00/100.00\nCurrent Stack Size/Max 240K/8192K\n"
    )


def _version(pbx: Pbx, arguments: str) -> str:
    return f"{VERSION}\n" if arguments == "short" else f"FreeSWITCH Version {VERSION} 64bit\n"


def _uptime(pbx: Pbx, arguments: str) -> str:
    return f"{int(time.time() - pbx.started)}\n"


def _strmicroepoch(pbx: Pbx, arguments: str) -> str:
    return str(time.time_ns() // 1_000)


def _strepoch(pbx: Pbx, arguments: str) -> str:
    if not arguments:
        return str(int(time.time()))
    try:
        return str(int(time.mktime(time.strptime(arguments, "%Y-%m-%d %H:%M:%S"))))
    except ValueError:
        return "0"


def _strftime(pbx: Pbx, arguments: str) -> str:
    return time.strftime(arguments or "%Y-%m-%d %T")


def _cond(pbx: Pbx, arguments: str) -> str:
    return expressions.cond(arguments)


def _expr(pbx: Pbx, arguments: str) -> str:
    return expressions.expr(arguments)


def _echo(pbx: Pbx, arguments: str) -> str:
    return arguments


def _eval(pbx: Pbx, arguments: str) -> str:
    """``[uuid:UUID ]TEXT``, with a leg's variables where one is named."""
    leg = None
    if arguments.startswith("uuid:"):
        name, _, arguments = arguments.removeprefix("uuid:").partition(" ")
        leg = pbx.switchboard.find(name)
    if leg is not None:
        return pbx.router.expand(leg, arguments)
    return pbx.expand_without_leg(arguments)


def _global_getvar(pbx: Pbx, arguments: str) -> str:
    if not arguments:
        return "".join(f"{name}={value}\n" for name, value in pbx.configuration.variables.items())
    return pbx.configuration.variables.get(arguments, "")


def _global_setvar(pbx: Pbx, arguments: str) -> str:
    name, value, previous = (*arguments.split("=", 2), "", "")[:3]
    if previous and pbx.configuration.variables.get(name) != previous:
        # Told to nobody (``switch_core_set_var_conditional``).
        return "+OK"
    if value:
        pbx.configuration.variables[name] = value
    else:
        pbx.configuration.variables.pop(name, None)
    return "+OK"


def _create_uuid(pbx: Pbx, arguments: str) -> str:
    return str(uuid.uuid4())


def _md5(pbx: Pbx, arguments: str) -> str:
    digest = hashlib.md5(arguments.encode("utf-8", "surrogateescape"), usedforsecurity=False)
    return digest.hexdigest()


def _url_encode(pbx: Pbx, arguments: str) -> str:
    return quote(arguments, "", "utf-8", "surrogateescape")


def _hostname(pbx: Pbx, arguments: str) -> str:
    return "simulator"


def _hash(pbx: Pbx, arguments: str) -> str:
    return pbx.hash.command(arguments)


def _hash_dump(pbx: Pbx, arguments: str) -> str:
    return pbx.hash.dump(arguments)


def _reloadxml(pbx: Pbx, arguments: str) -> str:
    try:
        pbx.configuration.reload()
    except ConfigurationError as fault:
        return f"+OK [{fault}]\n"
    pbx.bus.fire("RELOADXML")
    return "+OK [Success]\n"


def _sofia(pbx: Pbx, arguments: str) -> str:
    if arguments != "status":
        return "-USAGE: sofia status\n"
    line = "=" * 97 + "\n"
    profiles = "".join(
        f"{name:>25}\tprofile\t{f'sip:mod_sofia@127.0.0.1:{port}':>42}\tRUNNING (0)\n"
        for name, port in (("external", 5080), ("internal", 5060))
    )
    head = f"{'Name':>25}\t{'Type':>7}\t{'Data':>42}\tState\n"
    return f"{head}{line}{profiles}{line}2 profiles 0 aliases\n"


def _sofia_contact(pbx: Pbx, arguments: str) -> str:
    """``[PROFILE/]USER@DOMAIN``: where a registered user is reached."""
    user, _, domain = arguments.rpartition("/")[2].partition("@")
    domain = domain or pbx.configuration.variables.get("domain", "")
    return directory.contact(pbx, user, domain)


def _conference(pbx: Pbx, arguments: str) -> str:
    return pbx.conferences.command(arguments)


def _sched_api(pbx: Pbx, arguments: str) -> str:
    """``+SECONDS GROUP COMMAND``: run a command later."""
    words = arguments.split(" ", 2)
    if len(words) < 3 or not re.fullmatch(r"\+\d+", words[0]):
        return "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n"
    # Like FreeSWITCH's scheduler, which counts whole seconds of the clock.
    moment = int(time.time()) + int(words[0])
    gevent.spawn_later(max(0.0, moment - time.time()), pbx.api, words[2].removesuffix("&"))
    return f"+OK Added: {next(_TASKS)}\n"


_TASKS = itertools.count(1)


def _lua(pbx: Pbx, arguments: str) -> str:
    return pbx.scripts.run_api(arguments)


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "cond": _cond,
    "conference": _conference,
    "create_uuid": _create_uuid,
    "echo": _echo,
    "eval": _eval,
    "expr": _expr,
    "global_getvar": _global_getvar,
    "global_setvar": _global_setvar,
    "hash": _hash,
    "hash_dump": _hash_dump,
    "hostname": _hostname,
    "lua": _lua,
    "md5": _md5,
    "reloadxml": _reloadxml,
    "sched_api": _sched_api,
    "sofia": _sofia,
    "sofia_contact": _sofia_contact,
    "status": _status,
    "strepoch": _strepoch,
    "strftime": _strftime,
    "strmicroepoch": _strmicroepoch,
    "switchname": _hostname,
    "uptime": _uptime,
    "url_encode": _url_encode,
    "version": _version,
}
