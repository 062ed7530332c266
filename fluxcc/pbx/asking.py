"""One question and its answer, on a link that is for questions.

Counterparts: ``inquiry`` (what ``doctor`` and the command ask), ``contexts`` (the dialplan).
"""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.domain.errors import PbxRejectedError
from fluxcc.pbx.link import Link

ANSWER_TIMEOUT = 10.0
"""Seconds for an answer: listing a directory of thousands of users takes a while."""
Ask = Callable[[str], str]
"""The answer to a command; empty where FreeSWITCH answers that there is nothing."""
EMPTY = "-ERR no reply"
"""What comes in place of an answer without any text (``mod_event_socket.c``)."""
_NOTHING = ("-ERR", "can't find anything", "-USAGE")


def ask(link: Link, command: str) -> str:
    """As ``Ask``. Raises ``PbxError``."""
    answer = ask_plainly(link, command)
    return "" if answer.startswith(_NOTHING) else answer


def ask_plainly(link: Link, command: str) -> str:
    """The answer to a command, a refusal too. Raises ``PbxError``."""
    if any(not character.isprintable() for character in command):
        raise PbxRejectedError(f"not allowed in a command: {command[:60]!r}")
    return link.api(command, ANSWER_TIMEOUT).strip()
