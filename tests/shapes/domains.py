"""The SIP domains of a site, each at home in a context of its own, and what of ``conf/`` is theirs.

What is a domain's in the configuration stands in ``conf/homes`` and ``conf/dialplan/default``, and
is read once for each domain, with the global variables ``site_…`` set for it: FreeSWITCH fills them
in while it reads (``X-PRE-PROCESS``). ``ONE`` is laid out like the stock configuration; ``TWO`` as
sites with several domains in files are, where every extension is in both. Counterparts: ``site.py``
and ``simulated.py``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

CONFIGURATION = Path(__file__).with_name("conf")
CARRIER = "2980"
"""The directory user whose address (``cidr``) is the carrier's."""
GATEWAY = "2990"
"""The directory user as whom the GSM gateway authenticates; users from ``CARRIER`` on are trunks.
"""
QUEUES = 100
_USERS = range(2000, 3000)


class Home(NamedTuple):
    """One domain."""

    domain: str
    context: str
    """In which its telephones dial; its queues and their agents are named after it, too."""
    code: str = ""
    """What people outside dial in front of a number of this domain."""
    at: str = ""
    """What stands behind an extension where the dialplan itself names an agent."""
    has_uuids: bool = False
    """Whether mod_callcenter knows agents by UUIDs, as FusionPBX has it."""

    @property
    def variables(self) -> dict[str, str]:
        """What its part of the configuration is read with."""
        return {
            "site_domain": self.domain,
            "site_context": self.context,
            "site_features": f"features{self.at}",
            "site_code": self.code,
            "site_at": self.at,
            "site_gate": "domain" if self.at else "none",
        }

    def agent(self, extension: str) -> str:
        """A station of this domain, as a board names it."""
        return f"{extension}{self.at}"


ONE = (Home("pbx.test", "default"),)
TWO = (
    Home("a.example", "a.example", "1", "@a.example"),
    Home("b.example", "b.example", "2", "@b.example", has_uuids=True),
)


def site_configuration(folder: Path, homes: Sequence[Home] = ONE) -> Path:
    """``conf/`` with these domains, each with all users and queues."""
    shutil.copytree(CONFIGURATION, folder)
    parts = folder / "homes"
    _write(parts / "users.xml", map(_user, _USERS))
    _write(parts / "queues.xml", map(_queue, range(QUEUES)))
    _write_each(folder / "dialplan" / "homes.xml", homes, "../homes/contexts.xml")
    _write_each(parts / "numbers.xml", homes, "inbound.xml")
    _write_each(parts / "proxies.xml", homes, "proxy.xml")
    _write_each(folder / "directory" / "homes.xml", homes, "../homes/domain.xml")
    _write_each(folder / "callcenter_queues.xml", homes, "homes/queues.xml")
    return folder


def _write_each(path: Path, homes: Iterable[Home], part: str) -> None:
    """A file that includes a part once for each domain."""
    lines = []
    for home in homes:
        lines += [_directive("set", f"{name}={value}") for name, value in home.variables.items()]
        lines.append(_directive("include", part))
    path.parent.mkdir(exist_ok=True)
    _write(path, lines)


def _directive(command: str, data: str) -> str:
    return f'<X-PRE-PROCESS cmd="{command}" data="{data}"/>'


def _queue(number: int) -> str:
    return (
        f'<queue name="q{number:02d}@$${{site_context}}">'
        '<param name="strategy" value="longest-idle-agent"/>'
        '<param name="moh-sound" value="silence_stream://-1"/>'
        '<param name="time-base-score" value="system"/>'
        '<param name="tier-rules-apply" value="false"/>'
        '<param name="discard-abandoned-after" value="60"/></queue>'
    )


def _user(number: int) -> str:
    context = "public" if number >= int(CARRIER) else "$${site_context}"
    address = ' cidr="127.0.0.2/32"' if number == int(CARRIER) else ""
    return (
        f'<user id="{number}"{address}><params><param name="password" value="lab"/></params>'
        f'<variables><variable name="user_context" value="{context}"/>'
        f'<variable name="accountcode" value="{number}"/></variables></user>'
    )


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(["<include>", *lines, "</include>", ""]), encoding="utf-8")
