"""What goes wrong, as a client is told it: ``application/problem+json`` with a code (RFC 9457)."""

from __future__ import annotations

import msgspec

from fluxcc.domain import codes
from fluxcc.domain.codes import Code
from fluxcc.marking import _
from fluxcc.web.shapes import Reply

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of an error."""

    status: int
    code: str
    """Stable; a published interface like the codes of replies."""
    title: str
    """A sentence for a person, in the reader's language."""
    detail: str = ""
    """What exactly, in English."""
    reply: Reply | None = None
    """The daemon's, where it was asked for an action."""


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        headers: dict[str, str] | None = None,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.reply = reply


SENTENCES: dict[str, str] = {
    Code.MALFORMED_REQUEST: codes.SENTENCES[Code.MALFORMED_REQUEST],
    Code.NOT_YOUR_CALL: codes.SENTENCES[Code.NOT_YOUR_CALL],
    Code.UNKNOWN_ENTRY: codes.SENTENCES[Code.UNKNOWN_ENTRY],
    "not-logged-in": _("Please log in first."),
    "wrong-password": _("User or password is wrong."),
    "not-permitted": _("Your user may not do this. Please ask an administrator."),
    "foreign-domain": _("This belongs to a domain that is not yours."),
    "csrf": _("This form is too old. Nothing was done; load the page again and repeat it."),
    "not-found": _("There is nothing here of that name."),
    "method-not-allowed": _("This cannot be done here."),
    "too-large": _("This is too large. Nothing was done."),
    "too-many-requests": _("Too many attempts. Please wait a moment and try again."),
    "unavailable": _(
        "The daemon or FreeSWITCH does not answer. Nothing was done; try again in a moment."
    ),
    "store-unavailable": _("The records cannot be read now. Please try again in a moment."),
    "site-unavailable": _(
        "The site's database does not answer: records of other PBXs cannot be read now."
    ),
    "internal-error": _("Something went wrong here. The log of fluxcc web says what."),
}
"""Code → its sentence in English."""

_OF_STATUS = {
    400: "malformed-request",
    401: "not-logged-in",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "malformed-request",
    429: "too-many-requests",
}


def code_of_status(status: int) -> str:
    """The code of an error that the framework found."""
    return _OF_STATUS.get(status, "internal-error" if status >= 500 else "malformed-request")
