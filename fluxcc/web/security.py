"""Headers of every answer, and what is checked before anything of a request is believed.

Nothing is loaded from elsewhere, no script stands inside a page, nobody may frame it, and nothing
of it is kept by a browser or a proxy: there are persons' numbers in it.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from litestar.datastructures import MutableScopeHeaders

if TYPE_CHECKING:
    from litestar.types import Message, Scope

LONGEST_BODY = 64 * 1024
"""Bytes of a request; a form or an action has a few hundred."""
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STATIC = "/static/"
KEPT_BRIEFLY = "public, max-age=3600"
"""Of files without persons in them."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}", re.ASCII)


async def add_headers(message: Message, scope: Scope) -> None:
    """The headers of every answer; a hook of Litestar's before it is sent."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers[name] = value
    is_static = scope["path"].startswith(STATIC) and message["status"] < 400
    headers["Cache-Control"] = KEPT_BRIEFLY if is_static else "no-store"
    if scope.get("scheme") == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell."""
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode()
    )


def local_path(text: str) -> str:
    """The path, if it is one of this site; the first page otherwise, so that no link to the log-in
    form sends anybody elsewhere."""
    return text if _LOCAL_PATH.fullmatch(text) else "/"
