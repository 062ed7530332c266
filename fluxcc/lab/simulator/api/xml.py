"""``xml_locate`` and ``list_users``: what the configuration says, as the PBX has read it.

Their counterparts are static checks of a destination, a profile or a user. No comment survives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from fluxcc.lab.simulator.pbx import Pbx

NOTHING = "can't find anything\n"


def _xml_locate(pbx: Pbx, arguments: str) -> str:
    """``SECTION TAG KEY VALUE``: the first such element of the section; ``root``: all files."""
    words = arguments.split()
    if not words:
        return "-ERR bad args\n"
    if words == ["root"]:
        return _text(pbx.configuration.document)
    if len(words) != 4:
        return NOTHING
    section, tag, key, value = words
    if section == "dialplan":
        element = pbx.xml_curl.locate(tag, key, value)
        return NOTHING if element is None else _text(element)
    for element in pbx.configuration.section(section):
        if element.tag == tag and element.get(key) == value:
            return _text(element)
    return NOTHING


def _text(element: ElementTree.Element) -> str:
    """As FreeSWITCH prints it: no element is closed by itself."""
    return ElementTree.tostring(element, "unicode", short_empty_elements=False).strip() + "\n"


def _list_users(pbx: Pbx, arguments: str) -> str:
    """Every user of the directory; nobody is registered here."""
    lines = [
        "userid|context|domain|group|contact|callgroup|effective_caller_id_name"
        "|effective_caller_id_number"
    ]
    for domain in pbx.configuration.section("directory"):
        for group in domain.iter("group"):
            lines += [
                f"{user.get('id')}||{domain.get('name')}|{group.get('name')}"
                "|error/user_not_registered|||"
                for user in group.iter("user")
            ]
    return "\n".join([*lines, "", "+OK"]) + "\n"


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {
    "list_users": _list_users,
    "xml_locate": _xml_locate,
}
