"""``/api/v1/groups``, ``rooms``, ``services`` and ``protected``: what supervisors set.

An entry is named by its path and, where there are several SIP domains, by ``domain``. What a
``PUT`` does not name is at its default afterwards.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Entry, Group, Protected, Room, Service, faults, key, scoped
from fluxcc.protocol.operators import Ask
from fluxcc.web import entry_shapes
from fluxcc.web.api.routing import ACTING, READING, DomainFilter, or_problem
from fluxcc.web.asking import carry_out, within
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.problems import ProblemError
from fluxcc.web.shapes import Reply
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor

AName = Annotated[str, PathParameter(min_length=1, max_length=64, description="The entry's name.")]
ANumber = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=200,
        description="A number in any spelling, or a regular expression of canonical ones.",
    ),
]
Kind = TypeVar("Kind", bound=Entry)


@get("/groups", responses=READING)
async def groups(
    user: NamedDependency[Visitor], backend: NamedDependency[Backend], domain: DomainFilter = ""
) -> list[entry_shapes.Group]:
    """The groups, and the survey after their calls."""
    return [entry_shapes.group(each) for each in await _all(user, backend, Group, domain)]


@get("/groups/{name:str}", responses=READING)
async def group(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    name: AName,
    domain: DomainFilter = "",
) -> entry_shapes.Group:
    """One group."""
    return entry_shapes.group(await _one(user, backend, Group, name, domain))


@put("/groups/{name:str}", responses=ACTING)
async def put_group(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    name: AName,
    data: JSONBody[entry_shapes.GroupBody],
    domain: DomainFilter = "",
) -> Reply:
    """Set a group; in force from the next action on."""
    return await _set(request, backend, user, data.entry(name, within(user, domain)))


@delete("/groups/{name:str}", status_code=200, responses=ACTING)
async def delete_group(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    name: AName,
    domain: DomainFilter = "",
) -> Reply:
    """Remove a group: it has no survey then."""
    return await _remove(request, backend, user, Group(name, domain=within(user, domain)))


@get("/rooms", responses=READING)
async def rooms(
    user: NamedDependency[Visitor], backend: NamedDependency[Backend], domain: DomainFilter = ""
) -> list[entry_shapes.Room]:
    """The agents' conference rooms; an agent sees the own one."""
    return [entry_shapes.room(each) for each in await _all(user, backend, Room, domain)]


@get("/rooms/{agent:str}", responses=READING)
async def room(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    agent: AName,
    domain: DomainFilter = "",
) -> entry_shapes.Room:
    """One agent's room."""
    return entry_shapes.room(await _one(user, backend, Room, agent, domain))


@put("/rooms/{agent:str}", responses=ACTING)
async def put_room(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    agent: AName,
    data: JSONBody[entry_shapes.RoomBody],
    domain: DomainFilter = "",
) -> Reply:
    """Provision an agent's room."""
    return await _set(request, backend, user, data.entry(agent, within(user, domain)))


@delete("/rooms/{agent:str}", status_code=200, responses=ACTING)
async def delete_room(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    agent: AName,
    domain: DomainFilter = "",
) -> Reply:
    """Remove an agent's room."""
    return await _remove(request, backend, user, Room(agent, domain=within(user, domain)))


@get("/services", responses=READING)
async def services(
    user: NamedDependency[Visitor], backend: NamedDependency[Backend], domain: DomainFilter = ""
) -> list[entry_shapes.Service]:
    """The services that a customer can be transferred to."""
    return [entry_shapes.service(each) for each in await _all(user, backend, Service, domain)]


@get("/services/{name:str}", responses=READING)
async def service(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    name: AName,
    domain: DomainFilter = "",
) -> entry_shapes.Service:
    """One service."""
    return entry_shapes.service(await _one(user, backend, Service, name, domain))


@put("/services/{name:str}", responses=ACTING)
async def put_service(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    name: AName,
    data: JSONBody[entry_shapes.ServiceBody],
    domain: DomainFilter = "",
) -> Reply:
    """Put a service into the catalogue."""
    return await _set(request, backend, user, data.entry(name, within(user, domain)))


@delete("/services/{name:str}", status_code=200, responses=ACTING)
async def delete_service(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    name: AName,
    domain: DomainFilter = "",
) -> Reply:
    """Take a service out of the catalogue."""
    entry = Service(name, destination="0", domain=within(user, domain))
    return await _remove(request, backend, user, entry)


@get("/protected", responses=READING)
async def protected(
    user: NamedDependency[Visitor], backend: NamedDependency[Backend]
) -> list[entry_shapes.Protected]:
    """The numbers that nobody can block."""
    return [entry_shapes.protected(each) for each in await _all(user, backend, Protected, "")]


@get("/protected/{number:str}", responses=READING)
async def one_protected(
    user: NamedDependency[Visitor], backend: NamedDependency[Backend], number: ANumber
) -> entry_shapes.Protected:
    """One of them, named by its canonical number."""
    return entry_shapes.protected(await _one(user, backend, Protected, number, ""))


@put("/protected/{number:str}", responses=ACTING)
async def put_protected(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    number: ANumber,
    data: JSONBody[entry_shapes.ProtectedBody],
) -> Reply:
    """Protect a number; blocks that it has end."""
    return await _set(request, backend, user, data.entry(number))


@delete("/protected/{number:str}", status_code=200, responses=ACTING)
async def delete_protected(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    number: ANumber,
) -> Reply:
    """Allow a number to be blocked again."""
    return await _remove(request, backend, user, Protected(number))


async def _all(user: Visitor, backend: Backend, kind: type[Kind], domain: str) -> list[Kind]:
    sight, wanted = Sight.of(user), within(user, domain)
    entries = await backend.records.read(lambda history: history.entries())
    seen = [each for each in entries if isinstance(each, kind) and sight.has_entry(each)]
    return [each for each in seen if not wanted or each.domain in ("", wanted)]


async def _one(user: Visitor, backend: Backend, kind: type[Kind], name: str, domain: str) -> Kind:
    """The entry of that name in the domain, or else the one for all domains."""
    found = {key(each): each for each in await _all(user, backend, kind, domain)}
    entry = found.get(scoped(name, within(user, domain))) or found.get(name)
    if entry is None:
        raise ProblemError(404, "unknown-entry", "there is nothing of that name")
    return entry


async def _set(request: WebRequest, backend: Backend, user: Visitor, entry: Entry) -> Reply:
    if wrong := faults(entry):
        raise ProblemError(400, "malformed-request", "; ".join(wrong))
    ask = Ask(do=Action.SET, entry=entry)
    return or_problem(await carry_out(request, backend, user, ask))


async def _remove(request: WebRequest, backend: Backend, user: Visitor, entry: Entry) -> Reply:
    if wrong := faults(entry):
        raise ProblemError(400, "malformed-request", "; ".join(wrong))
    ask = Ask(do=Action.REMOVE, entry=entry)
    return or_problem(await carry_out(request, backend, user, ask))
