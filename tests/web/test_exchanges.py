"""The exchanges in docs/api.md and its translation are those that the API has: recorded here on the
real daemon. With FLUXCC_RECORD set, the documents are written anew."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import httpx
import pytest

from tests.documents import DOCS
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.web import SUPERVISOR, Web

RECORDED = re.compile(r"(?:(?<=time\.\n\n)|(?<=vez\.\n\n)).*", re.S)
CALLER = "+5511944443333"
DOCUMENTS = {"en": "api.md", "pt-BR": "api.pt-BR.md"}
TITLES = {
    "en": (
        "The live calls of an agent:",
        "Its caller is a prank:",
        "There is no call any more:",
        "The number is free again:",
        "Once more:",
        "A service for the catalogue:",
        "What is malformed:",
    ),
    "pt-BR": (
        "As chamadas em curso de um agente:",
        "É um trote:",
        "Não há mais chamada:",
        "O número fica livre:",
        "Mais uma vez:",
        "Um serviço para o catálogo:",
        "O que é malformado:",
    ),
}
STABLE = {
    "id": 1795874400000000,
    "started": 1795874400.0,
    "bridged": 1795874402.5,
    "expires": 1795876200,
    "call": "3f1c2c1e-6d0b-4c43-9a83-0f1f3d2a7b11",
    "clock": 1795874410.0,
}
"""What differs each time, as the document has it."""


def steady(value: Any) -> Any:
    """A body with ids and times that are the same each time."""
    if isinstance(value, list):
        return [steady(each) for each in value]
    if isinstance(value, dict):
        return {
            name: STABLE[name] if name in STABLE and each else steady(each)
            for name, each in value.items()
        }
    if isinstance(value, str):
        return re.sub(r"\d\d:\d\d:\d\d", "14:30:00", value)
    return value


def told(answer: httpx.Response, body: dict[str, Any] | None, *headers: str) -> str:
    """One exchange, as the document has it."""
    asked = [f"{answer.request.method} {answer.request.url.raw_path.decode()}", *headers]
    if body is not None:
        asked += ["", json.dumps(body)]
    kind = answer.headers["Content-Type"]
    shown = json.dumps(steady(answer.json()), ensure_ascii=False, indent=2)
    said = [f"{answer.status_code} {kind}", "", shown]
    return "```http\n" + "\n".join(asked) + "\n```\n```json\n" + "\n".join(said) + "\n```\n"


@pytest.mark.parametrize("language", TITLES)
def test_the_document_has_them_as_they_are(web: Web, daemon: Daemon, language: str) -> None:
    until(lambda: not daemon.calls(), "nobody is on the telephone")
    daemon.lab.call(CALLER, "1000").wait_answered()
    daemon.wait_talking(CALLER)
    titles, exchanges = iter(TITLES[language]), []
    with web.client(SUPERVISOR) as program:
        program.headers["Accept-Language"] = language
        until(lambda: program.get("/api/v1/calls?agent=1000").json(), "the page knows the call")

        def exchange(
            method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
        ) -> None:
            # A request ID is answered once: each language has its own, which the document has not.
            own = f"{key}-{language}"
            headers = {"Idempotency-Key": own} if key else {}
            answer = program.request(method, path, json=body, headers=headers)
            shown = [f"{name}: {key}" for name in headers]
            text = told(answer, body, *shown).replace(own, key)
            exchanges.append(f"{next(titles)}\n\n{text}")

        mark = {"action": "prank", "agent": "1000", "reason": "laughed"}
        exchange("GET", "/api/v1/calls?agent=1000")
        exchange("POST", "/api/v1/actions", mark, "board-7-0001")
        exchange("POST", "/api/v1/actions", mark, "board-7-0002")
        number = CALLER.replace("+", "%2B")
        exchange("DELETE", f"/api/v1/blocks/{number}", key="b-1")
        exchange("DELETE", f"/api/v1/blocks/{number}", key="b-2")
        service = {"destination": "7001", "description": "Second copies"}
        exchange("PUT", "/api/v1/services/copies", service)
        exchange("POST", "/api/v1/actions", {"action": "dance"})
        program.delete("/api/v1/services/copies")
    recorded = re.sub(r"operator-[0-9a-f]{32}", f"operator-{'0' * 32}", "\n".join(exchanges))
    document = DOCS / DOCUMENTS[language]
    if os.environ.get("FLUXCC_RECORD"):
        text = document.read_text("utf-8")
        document.write_text(RECORDED.sub(lambda _: recorded, text), "utf-8")
    found = RECORDED.search(document.read_text("utf-8"))
    assert found is not None
    assert found[0] == recorded
