"""A back end of mod_xml_curl on loopback: it serves the context ``public`` to calls, and tells of
it or not, is up or not, as a test wants it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from fluxcc.kit import find_kit
from fluxcc.kit.names import GATE_PATH

CONTEXT = "public"
NOT_FOUND = (
    '<document type="freeswitch/xml"><section name="result"><result status="not found"/></section>'
    "</document>"
)
RINGING = (
    '<extension name="rings"><condition field="destination_number" expression="^1000$">'
    '<action application="ring_ready"/><action application="sleep" data="1500"/>'
    '<action application="answer"/><action application="park"/></condition></extension>'
)
"""Rings for longer than the daemon needs to end a call, and then answers."""


def gate() -> str:
    """The kit's own gate, as a back end would serve it."""
    kit = ElementTree.parse(find_kit() / GATE_PATH).getroot()
    return "".join(ElementTree.tostring(each, "unicode") for each in kit.iter("extension"))


class Backend:
    """Serves until it is closed."""

    def __init__(self) -> None:
        self.has_gate = True
        self.tells = True
        """Whether it answers to ``xml_locate``."""
        self.answers = threading.Event()
        """Cleared: it lets everybody wait who asks for its context."""
        self.answers.set()
        self.asked: list[dict[str, str]] = []
        """The questions, each with its fields."""
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.open()

    @property
    def url(self) -> str:
        """Where it answers, also while it is closed."""
        return f"http://127.0.0.1:{self._port}/dialplan"

    def open(self) -> None:
        """Answer, on the port it had before."""
        backend = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                """Answer with a document."""
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
                answer = backend.answer({name: values[0] for name, values in form.items()})
                body = answer.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self.answers.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, form: dict[str, str]) -> str:
        """The document for a question of mod_xml_curl's: a call has no ``tag_name``."""
        self.asked.append(form)
        is_call = not form.get("tag_name")
        name = form.get("Caller-Context", "") if is_call else form.get("key_value", "")
        if form.get("section") != "dialplan" or name != CONTEXT or not (is_call or self.tells):
            return NOT_FOUND
        self.answers.wait()
        extensions = f"{gate() if self.has_gate else ''}{RINGING}"
        return (
            '<document type="freeswitch/xml"><section name="dialplan">'
            f'<context name="{CONTEXT}">{extensions}</context></section></document>'
        )
