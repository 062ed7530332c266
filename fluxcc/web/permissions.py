"""Which role may use which route: the one table, which ``guards`` asks at every request.

A route without a row here cannot be served: ``app.build_app`` refuses to start. The tests try every
row with every role.
"""

from __future__ import annotations

from fluxcc.domain.provisioning import UserRole

Roles = frozenset[UserRole]
VIEWER, AGENT = UserRole.VIEWER, UserRole.AGENT
SUPERVISOR, ADMIN = UserRole.SUPERVISOR, UserRole.ADMIN

EVERYBODY: Roles | None = None
"""Also those who have not logged in."""
USERS: Roles = frozenset(UserRole)
"""Everybody who has logged in."""
READERS: Roles = frozenset({VIEWER, SUPERVISOR, ADMIN})
"""Everybody but agents, who see the own calls only."""
ACTORS: Roles = frozenset({AGENT, SUPERVISOR, ADMIN})
"""Those who may act on calls; an agent on the own ones."""
AGENTS: Roles = frozenset({AGENT})
SUPERVISORS: Roles = frozenset({SUPERVISOR, ADMIN})
ADMINS: Roles = frozenset({ADMIN})

API = "/api/v1"
EVENTS = f"{API}/events"

PERMISSIONS: dict[tuple[str, str], Roles | None] = {
    ("GET", "/healthz"): EVERYBODY,
    ("GET", "/static/{file_path}"): EVERYBODY,
    ("HEAD", "/static/{file_path}"): EVERYBODY,
    ("GET", "/"): USERS,
    ("GET", "/login"): EVERYBODY,
    ("POST", "/login"): EVERYBODY,
    ("POST", "/logout"): USERS,
    ("GET", "/language/{name}"): EVERYBODY,
    ("GET", "/domain"): USERS,
    ("GET", "/me"): AGENTS,
    ("GET", "/calls/{number}"): ACTORS,
    ("POST", "/actions"): ACTORS,
    ("GET", "/blocks"): READERS,
    ("POST", "/blocks"): SUPERVISORS,
    ("POST", "/blocks/release"): SUPERVISORS,
    ("GET", "/groups"): READERS,
    ("POST", "/groups/{kind}"): SUPERVISORS,
    ("POST", "/groups/survey"): SUPERVISORS,
    ("POST", "/groups/remove"): SUPERVISORS,
    ("GET", "/survey"): READERS,
    ("GET", "/audit"): READERS,
    ("GET", "/users"): ADMINS,
    ("POST", "/users"): ADMINS,
    ("POST", "/users/password"): ADMINS,
    ("POST", "/users/remove"): ADMINS,
    ("POST", "/tokens"): ADMINS,
    ("POST", "/tokens/revoke"): ADMINS,
    ("GET", f"{API}/openapi.json"): EVERYBODY,
    ("GET", f"{API}/status"): USERS,
    ("GET", f"{API}/calls"): USERS,
    ("GET", f"{API}/calls/{{leg}}"): USERS,
    ("POST", f"{API}/actions"): ACTORS,
    ("GET", f"{API}/blocks"): READERS,
    ("POST", f"{API}/blocks"): SUPERVISORS,
    ("DELETE", f"{API}/blocks/{{number}}"): SUPERVISORS,
    ("GET", f"{API}/numbers/{{number}}"): SUPERVISORS,
    ("GET", f"{API}/groups"): READERS,
    ("GET", f"{API}/groups/{{name}}"): READERS,
    ("PUT", f"{API}/groups/{{name}}"): SUPERVISORS,
    ("DELETE", f"{API}/groups/{{name}}"): SUPERVISORS,
    ("GET", f"{API}/rooms"): USERS,
    ("GET", f"{API}/rooms/{{agent}}"): USERS,
    ("PUT", f"{API}/rooms/{{agent}}"): SUPERVISORS,
    ("DELETE", f"{API}/rooms/{{agent}}"): SUPERVISORS,
    ("GET", f"{API}/services"): USERS,
    ("GET", f"{API}/services/{{name}}"): USERS,
    ("PUT", f"{API}/services/{{name}}"): SUPERVISORS,
    ("DELETE", f"{API}/services/{{name}}"): SUPERVISORS,
    ("GET", f"{API}/protected"): SUPERVISORS,
    ("GET", f"{API}/protected/{{number}}"): SUPERVISORS,
    ("PUT", f"{API}/protected/{{number}}"): SUPERVISORS,
    ("DELETE", f"{API}/protected/{{number}}"): SUPERVISORS,
    ("GET", f"{API}/surveys/report"): READERS,
    ("GET", f"{API}/surveys/report.csv"): READERS,
    ("GET", f"{API}/audit"): READERS,
    ("GET", EVENTS): USERS,
}
"""(method, path with its parameters) → who may; ``EVERYBODY`` stands for no log-in at all."""
