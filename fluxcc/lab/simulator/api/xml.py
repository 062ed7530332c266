"""``xml_locate``: what the configuration says, as the PBX has read it.

Its counterparts are static checks of a destination or a profile. No comment survives.
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


COMMANDS: dict[str, Callable[[Pbx, str], str]] = {"xml_locate": _xml_locate}
