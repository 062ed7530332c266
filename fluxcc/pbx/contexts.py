"""Reads dialplan contexts as calls get them, wherever FreeSWITCH has them from.

``xml_locate`` is right for a dialplan in files. A program that serves one may answer nothing to it,
as that command does not carry what a call does; then FreeSWITCH takes the files, in which a context
of the same name may stand that no call ever meets (``switch_xml.c``, ``switch_xml_locate``). A
script of mod_lua is called with what a call carries: so FusionPBX's dialplan is read.

Counterparts: ``commands`` (how each question is put), ``asking``; ``dialplan`` says what the XML
does with a call.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple
from xml.etree.ElementTree import Element, canonicalize, tostring

from fluxcc.domain.sight import Sight
from fluxcc.pbx import commands
from fluxcc.pbx.asking import Ask
from fluxcc.pbx.markup import parse

LUA = "mod_lua"
CURL = "mod_xml_curl"
SERVERS = {
    CURL: "xml_curl.conf",
    "mod_xml_scgi": "xml_scgi.conf",
    "mod_xml_ldap": "xml_ldap.conf",
    LUA: "lua.conf",
    "mod_perl": "perl.conf",
    "mod_python": "python.conf",
    "mod_python3": "python.conf",
    "mod_v8": "v8.conf",
}
"""The modules that can serve a dialplan, and the configuration that says whether they do."""
FUSIONPBX = "app.lua xml_handler"
"""The script of mod_lua by which FusionPBX serves its dialplan."""


class Server(NamedTuple):
    """What the dialplan comes from."""

    module: str = ""
    """The module that serves it; empty for files."""
    script: str = ""
    """The script of mod_lua that builds it, where it is the only server."""

    @property
    def is_fusionpbx(self) -> bool:
        """Whether FusionPBX serves it."""
        return self.script == FUSIONPBX


class Context(NamedTuple):
    """A dialplan context, as far as it can be read."""

    sight: Sight
    xml: str = ""
    """Empty where it is missing or cannot be seen."""


class Contexts:
    """Reads contexts over one connection. Each method raises ``PbxError`` where ``ask`` does."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def read(self, name: str) -> Context:
        """A context by its name."""
        server = self.server
        if server.script:
            return self._read_by_script(server.script, name)
        xml = self._ask(commands.read_context(name))
        if not server.module:
            return Context(Sight.THERE, xml) if xml else Context(Sight.MISSING)
        # A server that answers with a context that has nothing in it was not asked for a call.
        served = _find(xml, name)
        if served is None or served.find("extension") is None or self._is_of_files(served, name):
            return Context(Sight.UNSEEN)
        return Context(Sight.THERE, xml)

    @cached_property
    def server(self) -> Server:
        """What the dialplan comes from."""
        loaded = self._ask(commands.evaluate_all(f"module_exists({name})" for name in SERVERS))
        found = []
        for name, is_loaded in zip(SERVERS, loaded.split(), strict=False):
            if is_loaded == commands.TRUE:
                server = _read_server(name, self._ask(commands.read_configuration(SERVERS[name])))
                found += [server] if server is not None else []
        if not found:
            return Server()
        # Where two serve it, which one a call gets depends on the order in which they were loaded.
        return found[0] if len(found) == 1 else Server(found[0].module)

    def _read_by_script(self, script: str, name: str) -> Context:
        answer = self._ask(commands.call_handler(script, name))
        if not answer.startswith("+OK"):
            return Context(Sight.UNSEEN)
        document = answer.removeprefix("+OK").strip()
        if not document:
            # As for a call: where the script has nothing, FreeSWITCH takes the files.
            context = self._files.get(name.lower())
            return Context(Sight.THERE, _text(context)) if context is not None else _MISSING
        served = _find(document, name)
        return Context(Sight.THERE, _text(served)) if served is not None else _UNSEEN

    def _is_of_files(self, served: Element, name: str) -> bool:
        """Whether this is what the files have, so that it says nothing of the server."""
        of_files = self._files.get(name.lower())
        return of_files is not None and _canonical(of_files) == _canonical(served)

    @cached_property
    def _files(self) -> dict[str, Element]:
        """The contexts in FreeSWITCH's own files, by their names in small letters."""
        try:
            root = parse(self._ask(commands.READ_FILES))
        except ValueError:
            return {}
        return {each.get("name", "").lower(): each for each in _contexts(root)}


_MISSING, _UNSEEN = Context(Sight.MISSING), Context(Sight.UNSEEN)


def _read_server(module: str, configuration: str) -> Server | None:
    """What a module's configuration says; None where it does not serve the dialplan."""
    try:
        params = list(parse(configuration).iter("param"))
    except ValueError:
        return None
    values = {each.get("name", ""): each.get("value", "") for each in params}
    script = values.get("xml-handler-script", "")
    serves = script and "dialplan" in values.get("xml-handler-bindings", "").lower()
    for param in params:
        # Without a mask it serves every section (``switch_xml_parse_section_string``).
        has_mask = "bindings" in param.attrib
        if has_mask or param.get("name") == "gateway-url":
            serves = serves or "dialplan" in param.get("bindings", "dialplan").lower()
    if not serves:
        return None
    return Server(module, script if module == LUA and commands.is_script(script) else "")


def _find(xml: str, name: str) -> Element | None:
    """The context of that name in an answer, which is the context or a document with it."""
    try:
        root = parse(xml)
    except ValueError:
        return None
    found = [root] if root.tag == "context" else _contexts(root)
    return next((each for each in found if each.get("name", "").lower() == name.lower()), None)


def _contexts(root: Element) -> list[Element]:
    return root.findall("section[@name='dialplan']/context")


def _text(element: Element) -> str:
    return tostring(element, "unicode", short_empty_elements=False)


def _canonical(element: Element) -> str:
    return canonicalize(_text(element), strip_text=True)
