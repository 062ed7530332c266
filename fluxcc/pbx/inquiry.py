"""Queries by which ``doctor`` and the ``fluxcc`` command read FreeSWITCH's state and configuration,
over a link of their own.

The questions change nothing, but for ``rehearsed_block``, which cleans up behind itself, and
``call``. Counterparts: ``commands`` (how each is put), ``doctor`` (what the answers mean).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from xml.etree.ElementTree import Element

import msgspec

from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxRejectedError
from fluxcc.domain.provisioning import Group
from fluxcc.kit import names
from fluxcc.pbx import answers, commands, people
from fluxcc.pbx.asking import ANSWER_TIMEOUT, EMPTY, ask, ask_plainly
from fluxcc.pbx.contexts import Context, Contexts, Server
from fluxcc.pbx.dialplan import catches, matches
from fluxcc.pbx.link import Link
from fluxcc.pbx.markup import parse
from fluxcc.pbx.switch import Address

REHEARSAL_DURATION = 30
"""Seconds that a rehearsed block holds at most, should the process die before it removes it."""
PROBE = "fluxcc-probe"
"""The destination of a rehearsed call: not a number, so that no dialplan sends it to a trunk."""
PROBE_TIMEOUT = 5
_CAUGHT = re.compile(r"\$\{DP_MATCH\[([0-9]+)\]\}")
"""What a condition's groups caught, in the next one's field."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")
LONGEST_RULE = 10_000
"""Characters of the gates' rule, which is the daemon's own."""
MEMCACHE_FLUSH = "memcache flush"
"""The keys of one kind cannot be listed; FusionPBX's own button does the same."""


class Profile(msgspec.Struct, frozen=True):
    """A SIP profile, as sofia.conf has it."""

    name: str
    context: str
    gateway_contexts: tuple[str, ...] = ()
    """The contexts of calls from its gateways."""


class SurveyFaults(msgspec.Struct, frozen=True):
    """What FreeSWITCH's own user lacks for a survey."""

    unplayable: list[str]
    """Recordings that it cannot read."""
    spool: str
    """Why it cannot write answers; empty where it can."""


class Inquiry:
    """One connection, for use in a ``with``. Every method may raise ``PbxError``."""

    def __init__(self, address: Address) -> None:
        self._link = Link(address.host, address.port, address.password)
        self._contexts = Contexts(self._ask)

    def __enter__(self) -> Inquiry:
        self._link.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._link.stop()

    # State and configuration

    def has_module(self, name: str) -> bool:
        """Whether a module is loaded."""
        return self._ask(f"module_exists {name}") == commands.TRUE

    def variable(self, name: str) -> str:
        """A global variable; empty where it is not set."""
        return self._ask(commands.read_variable(name))

    def lists_calls(self) -> bool:
        """Whether it lists its calls; with ``-nosql`` it does not."""
        answer = self._link.api("show calls count", ANSWER_TIMEOUT)
        return not answer.startswith(commands.NO_TABLES)

    def clock(self) -> int:
        """FreeSWITCH's own clock, in epoch seconds."""
        try:
            return int(self._ask(commands.CLOCK))
        except ValueError as error:
            raise PbxRejectedError("FreeSWITCH did not answer with the time") from error

    def users(self) -> list[str]:
        """The users of the directory, each once."""
        return list(dict.fromkeys(user for user, _domain in self.stations()))

    def stations(self) -> list[tuple[str, str]]:
        """The users of the directory, each with its domain; nobody where a server of the directory
        does not list them."""
        return people.read_stations(self._ask("list_users"))

    def registrations(self) -> list[tuple[str, str]]:
        """Who is registered: users, each with its domain."""
        return people.read_registrations(self._ask("show registrations as json"))

    def has_user(self, user: str, domain: str) -> bool:
        """Whether the directory has a user in a domain."""
        try:
            question = commands.has_user(user, domain)
        except PbxRejectedError:
            return False
        return self._ask(question) == commands.TRUE

    def station_context(self, agent: Agent) -> str:
        """The dialplan context of an extension's telephone; empty where none is named."""
        return answers.read_value(self._ask(commands.user_context(agent)))

    def queues(self) -> list[str]:
        """mod_callcenter's queues."""
        return people.read_names(self._ask("callcenter_config queue list"))

    def queue_agents(self) -> list[people.QueueAgent]:
        """mod_callcenter's agents."""
        return people.read_queue_agents(self._ask("callcenter_config agent list"))

    def context(self, name: str) -> Context:
        """A dialplan context, as far as it can be read."""
        return self._contexts.read(name)

    def server(self) -> Server:
        """What the dialplan comes from."""
        return self._contexts.server

    def profiles(self) -> list[Profile]:
        """The SIP profiles; none where sofia's configuration cannot be read."""
        return [_read_profile(each) for each in self._configuration("sofia.conf", "profile")]

    def listen_ip(self) -> str:
        """``listen-ip`` of event_socket.conf; empty where it cannot be read."""
        for param in self._configuration("event_socket.conf", "param"):
            if param.get("name") == "listen-ip":
                return param.get("value", "")
        return ""

    def room(self, dialled: str) -> str:
        """The conference that mod_hash has for a dialled extension; empty for none."""
        return self._ask(f"hash select/{names.ROOM_REALM}/{dialled}")

    def survey_faults(self, group: Group) -> SurveyFaults | None:
        """What the survey's script finds, with the rights of FreeSWITCH's own user, that this
        group's survey lacks; None where no script answers, or one of an older kit."""
        arguments = ["check", str(group.questions), group.scale.value, group.language.value]
        command = " ".join(["lua", names.SURVEY_SCRIPT, *arguments, group.prompts])
        lines = self._ask(command.rstrip()).splitlines()
        if lines[-1:] != ["checked"]:
            return None
        told = [line.partition(" ") for line in lines]
        return SurveyFaults(
            unplayable=[value for kind, _blank, value in told if kind == "unplayable"],
            spool=next((value for kind, _blank, value in told if kind == "spool"), ""),
        )

    def evaluate(self, text: str) -> str:
        """A text with its ``${…}`` expanded by FreeSWITCH, outside of any call."""
        return ask_plainly(self._link, f"eval {text}")

    # FusionPBX

    def flush_memcache(self) -> str:
        """Empty memcached; what FreeSWITCH answers."""
        return self._link.api(MEMCACHE_FLUSH)

    def announce_flush(self, method: str) -> None:
        """Tell every listener that FusionPBX's cache was emptied, as its own button does."""
        told = (("API-Command", "cache"), ("API-Command-Argument", "flush"))
        self._link.send(commands.custom_event(f"fusion::{method}", told))

    # Trials

    def refuses(self, gate: Element, number: str) -> bool:
        """Whether this gate's conditions hold for a caller ID, as FreeSWITCH evaluates them."""
        caught: list[str] = []

        def fill_in(found: re.Match[str]) -> str:
            place = int(found[1])
            return caught[place] if place < len(caught) else ""

        for condition in gate.findall("condition"):
            if condition.get("break") in ("never", "on-true"):
                # What is done with the caller, and not whether anything is.
                continue
            field, expression = condition.get("field", ""), condition.get("expression", "")
            value = number
            if field != "caller_id_number":
                # A gate of an older kit asks for the caller ID itself.
                text = _CAUGHT.sub(fill_in, field).replace("${caller_id_number}", number)
                value = self.evaluate(text)
                value = "" if value == EMPTY else value
            if is_variable := _VARIABLE.fullmatch(expression):
                expression = self.variable(is_variable[1])
            if not matches(expression, value, LONGEST_RULE):
                return False
            caught[:] = catches(expression, value) or caught
        return True

    @contextmanager
    def rehearsed_block(self, number: str) -> Iterator[None]:
        """Block a number, in mod_hash alone, during the ``with``."""
        until = str(self.clock() + REHEARSAL_DURATION)
        self._link.api(commands.put_hash(names.BLOCK_REALM, number, until))
        try:
            yield
        finally:
            self._link.api(commands.drop_hash(names.BLOCK_REALM, number))

    def call(self, number: str, context: str) -> str:
        """Call into a context with this caller ID, by mod_loopback; the call's hangup cause."""
        variables = (
            f"origination_caller_id_number={number},originate_timeout={PROBE_TIMEOUT},"
            "ignore_early_media=true"
        )
        answer = self._link.api(
            f"originate {{{variables}}}loopback/{PROBE}/{context} &hangup()", ANSWER_TIMEOUT
        )
        return answer.removeprefix("-ERR").strip()

    # Internals

    def _configuration(self, name: str, tag: str) -> list[Element]:
        text = self._ask(commands.read_configuration(name))
        try:
            return list(parse(text).iter(tag))
        except ValueError:
            return []

    def _ask(self, command: str) -> str:
        return ask(self._link, command)


def _read_profile(profile: Element) -> Profile:
    settings = {
        each.get("name"): each.get("value", "") for each in profile.iterfind("settings/param")
    }
    context = settings.get("context") or "default"
    gateways = tuple(
        next(
            (
                param.get("value", "")
                for param in gateway.iterfind("param")
                if param.get("name") == "context"
            ),
            context,
        )
        for gateway in profile.iter("gateway")
    )
    return Profile(profile.get("name", ""), context, gateways)
