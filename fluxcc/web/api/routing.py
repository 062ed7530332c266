"""What every route of the API has in common: the answers that its description names, the parameters
by which lists are narrowed, and how a reply becomes an answer."""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar import Response
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter

from fluxcc.domain.codes import Code, Status
from fluxcc.web.problems import MEDIA_TYPE, Problem, ProblemError
from fluxcc.web.records import Told
from fluxcc.web.shapes import Reply

LATEST = 4e9
"""The last epoch second that is taken."""
MOST_ROWS = 1_000
REQUEST_ID = r"^[A-Za-z0-9._:-]{1,64}$"
Since = Annotated[
    float, QueryParameter(ge=0, le=LATEST, description="What began at this epoch second or later.")
]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST_ROWS, description="At most so many.")]
NumberFilter = Annotated[
    str,
    QueryParameter(name="number", max_length=64, description="Of this number, in any spelling."),
]
AgentFilter = Annotated[
    str, QueryParameter(name="agent", max_length=200, description="Of this agent's extension.")
]
GroupFilter = Annotated[
    str, QueryParameter(name="group", max_length=64, description="Of this group.")
]
DomainFilter = Annotated[
    str, QueryParameter(name="domain", max_length=128, description="Of this SIP domain.")
]
NodeFilter = Annotated[
    str,
    QueryParameter(name="node", max_length=255, description="Of this PBX, in a site of several."),
]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        pattern=REQUEST_ID,
        max_length=64,
        description="The request ID: the same one within 24 hours is answered alike, and does"
        " nothing more.",
    ),
]
_HTTP = {Status.REFUSED: 409, Status.FAILED: 502, Status.UNKNOWN: 504}
_HTTP_OF_CODES: dict[str, int] = {
    Code.MALFORMED_REQUEST: 400,
    Code.UNKNOWN_ACTION: 400,
    Code.NOT_PERMITTED: 403,
    Code.NOT_YOUR_CALL: 403,
    Code.NO_SUCH_CALL: 404,
    Code.NOT_BLOCKED: 404,
    Code.UNKNOWN_ENTRY: 404,
    Code.TOO_MANY_REQUESTS: 429,
}
_READING = {
    400: "The request is malformed.",
    401: "No token, or no session.",
    403: "The role, or the SIP domain, does not permit it.",
    404: "There is no such thing.",
    503: "The daemon or the store does not answer.",
}
_ACTING = _READING | {
    409: "Refused; nothing was done. `code` says why.",
    413: "The body is too large.",
    429: "Too many requests at once.",
    502: "It was tried, and FreeSWITCH did not do it.",
    504: "The link broke in the middle: whether it was done is not known.",
}


ALONE = {"Fluxcc-Site": "unavailable"}
"""Where the site's database does not answer, and what is told is of this PBX alone."""
Shape = TypeVar("Shape")


def _specs(meanings: dict[int, str]) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            Problem, description=meaning, media_type=MEDIA_TYPE, generate_examples=False
        )
        for status, meaning in meanings.items()
    }


READING = _specs(_READING)
"""What a route that only reads may answer besides."""
ACTING = _specs(_ACTING)
"""What a route that changes something may answer besides."""


def of_past(told: Told[list[Shape]]) -> Response[list[Shape]]:
    """The list as an answer. Where it is of one PBX of a site alone, a header says so."""
    return Response(told.found, headers=ALONE if told.is_alone else {})


def or_problem(reply: Reply) -> Reply:
    """The reply where it is ``ok``. Raises ``ProblemError`` otherwise, with the reply in it."""
    if reply.status == Status.OK:
        return reply
    status = _HTTP_OF_CODES.get(reply.code) or _HTTP[Status(reply.status)]
    raise ProblemError(status, reply.code, reply=reply)
