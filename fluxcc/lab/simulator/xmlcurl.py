"""mod_xml_curl: the dialplan of a back end, asked for by HTTP; the files where it answers nothing.

Only a dialplan can be served here. Counterparts: ``routing``, for a call's dialplan, and
``xml_locate`` in ``api/xml.py``.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from gevent import socket

from .configuration import Configuration

MODULE = "mod_xml_curl"
_TIMEOUT = 5.0


class XmlCurl:
    """One per PBX."""

    def __init__(self, configuration: Configuration, is_loaded: Callable[[], bool]) -> None:
        self._configuration = configuration
        self._is_loaded = is_loaded

    def context_of_call(self, name: str, facts: Mapping[str, str]) -> ElementTree.Element | None:
        """A call's context; ``facts`` are headers that tell of the call."""
        served = self._fetch({"tag_name": "", "key_name": "", "key_value": "", **facts})
        if served is None:
            return self._configuration.contexts().get(name)
        return _child(served, "context", "name", name)

    def locate(self, tag: str, key: str, value: str) -> ElementTree.Element | None:
        """An element of the dialplan, as ``xml_locate`` asks for it."""
        served = self._fetch({"tag_name": tag, "key_name": key, "key_value": value})
        found = None if served is None else _child(served, tag, key, value)
        if found is not None:
            return found
        return _child(self._configuration.section("dialplan"), tag, key, value)

    def _fetch(self, facts: Mapping[str, str]) -> list[ElementTree.Element] | None:
        """What the back end has in the section; None where it serves none, or answers nothing."""
        url = self._url()
        if not url:
            return None
        try:
            document = ElementTree.fromstring(_post(url, {"section": "dialplan", **facts}))  # noqa: S314 - a test's own back end
        except (OSError, http.client.HTTPException, ElementTree.ParseError):
            return None
        sections = {each.get("name"): list(each) for each in document.iter("section")}
        return None if "result" in sections else sections.get("dialplan")

    def _url(self) -> str:
        settings = self._configuration.module("xml_curl.conf") if self._is_loaded() else None
        if settings is not None:
            for param in settings.iter("param"):
                serves = "dialplan" in param.get("bindings", "dialplan")
                if param.get("name") == "gateway-url" and serves:
                    return param.get("value", "")
        return ""


def _post(url: str, facts: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    address = parts.hostname or "", parts.port or 80
    connection = http.client.HTTPConnection(*address, timeout=_TIMEOUT)
    # A socket of gevent's: the other greenlets go on while the back end takes its time.
    connection.sock = socket.create_connection(address, _TIMEOUT)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", parts.path or "/", urlencode(facts), form)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    return body if response.status == http.client.OK else b""


def _child(
    elements: list[ElementTree.Element], tag: str, key: str, value: str
) -> ElementTree.Element | None:
    found = (each for each in elements if each.tag == tag and each.get(key) == value)
    return next(found, None)
