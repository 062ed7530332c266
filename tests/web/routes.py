"""Every route with a request that is well-formed, and what it is answered where it is permitted."""

from __future__ import annotations

from typing import Any, NamedTuple

from fluxcc.web.permissions import API, PERMISSIONS


class Sample(NamedTuple):
    """One request of a route."""

    path: str
    answers: frozenset[int]
    """The status where it is permitted: what there is to act on may be there or not."""
    body: dict[str, Any] | None = None
    foreign: str = ""
    """The same about another SIP domain; empty where a route has none."""
    foreign_body: dict[str, Any] | None = None


def _of(*answers: int) -> frozenset[int]:
    return frozenset(answers)


A = "domain=b.example"
SAMPLES: dict[tuple[str, str], Sample] = {
    ("GET", "/healthz"): Sample("/healthz", _of(200)),
    ("GET", "/static/{file_path}"): Sample("/static/none.css", _of(404)),
    ("HEAD", "/static/{file_path}"): Sample("/static/none.css", _of(404)),
    ("GET", "/"): Sample("/", _of(200, 302, 303)),
    ("GET", "/login"): Sample("/login", _of(200, 303)),
    ("POST", "/login"): Sample("/login", _of(403)),
    ("POST", "/logout"): Sample("/logout", _of(303)),
    ("GET", "/calls/{number}"): Sample("/calls/1", _of(404)),
    ("GET", f"{API}/openapi.json"): Sample(f"{API}/openapi.json", _of(200)),
    ("GET", f"{API}/status"): Sample(f"{API}/status", _of(200)),
    ("GET", f"{API}/calls"): Sample(f"{API}/calls", _of(200), foreign=f"{API}/calls?{A}"),
    ("GET", f"{API}/calls/{{leg}}"): Sample(f"{API}/calls/none", _of(404)),
    ("POST", f"{API}/actions"): Sample(
        f"{API}/actions",
        _of(409),
        {"action": "hangup", "agent": "1000"},
        f"{API}/actions",
        {"action": "hangup", "agent": "1000@b.example"},
    ),
    ("GET", f"{API}/blocks"): Sample(f"{API}/blocks", _of(200), foreign=f"{API}/blocks?{A}"),
    ("POST", f"{API}/blocks"): Sample(
        f"{API}/blocks",
        _of(200),
        {"number": "11912345678", "duration": 60},
        f"{API}/blocks",
        {"number": "11912345678", "domain": "b.example"},
    ),
    ("DELETE", f"{API}/blocks/{{number}}"): Sample(
        f"{API}/blocks/11912345670", _of(404), foreign=f"{API}/blocks/11912345670?{A}"
    ),
    ("GET", f"{API}/numbers/{{number}}"): Sample(f"{API}/numbers/11912345678", _of(200)),
    ("GET", f"{API}/surveys/report"): Sample(
        f"{API}/surveys/report", _of(200), foreign=f"{API}/surveys/report?{A}"
    ),
    ("GET", f"{API}/surveys/report.csv"): Sample(
        f"{API}/surveys/report.csv", _of(200), foreign=f"{API}/surveys/report.csv?{A}"
    ),
    ("GET", f"{API}/audit"): Sample(f"{API}/audit", _of(200), foreign=f"{API}/audit?{A}"),
}
for _kind, _name, _body in (
    ("groups", "{name}", {"survey": True}),
    ("rooms", "{agent}", {}),
    ("services", "{name}", {"destination": "7001"}),
):
    _path = f"{API}/{_kind}"
    SAMPLES |= {
        ("GET", _path): Sample(_path, _of(200), foreign=f"{_path}?{A}"),
        ("GET", f"{_path}/{_name}"): Sample(f"{_path}/none", _of(404), foreign=f"{_path}/none?{A}"),
        ("PUT", f"{_path}/{_name}"): Sample(
            f"{_path}/some", _of(200), _body, f"{_path}/some?{A}", _body
        ),
        ("DELETE", f"{_path}/{_name}"): Sample(
            f"{_path}/none", _of(404), foreign=f"{_path}/none?{A}"
        ),
    }
_path = f"{API}/protected"
SAMPLES |= {
    ("GET", _path): Sample(_path, _of(200)),
    ("GET", f"{_path}/{{number}}"): Sample(f"{_path}/11911112222", _of(404)),
    ("PUT", f"{_path}/{{number}}"): Sample(f"{_path}/11933334444", _of(200), {"comment": "x"}),
    ("DELETE", f"{_path}/{{number}}"): Sample(f"{_path}/11911112222", _of(404)),
}
ENDLESS = {("GET", f"{API}/events")}
"""Answers go on for ever; tried with the real process."""
PAGES = {route for route in PERMISSIONS if not route[1].startswith((API, "/static", "/healthz"))}
