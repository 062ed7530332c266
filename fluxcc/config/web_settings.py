"""The settings of the page and the HTTP API: ``[web]``. Counterpart: ``settings``, which has all
the others.

No ``from __future__ import annotations`` here, as there.
"""

from typing import Annotated

import msgspec

from fluxcc.config import values
from fluxcc.config.declaration import Key
from fluxcc.config.values import Duration, read_address


class WebSettings(msgspec.Struct, frozen=True):
    """The page and the HTTP API"""

    listen: Annotated[
        str,
        Key(
            "Address and port on which `fluxcc web` serves the page and the API; empty for nowhere."
            " Only an address that is written out is listened on. Beyond loopback, put a proxy with"
            " TLS before it",
            values.address,
            comment="The page and the HTTP API, such as 127.0.0.1:8137; empty for nowhere.",
        ),
    ] = ""
    user: Annotated[
        str,
        Key(
            "Login name of the user as whom `fluxcc web` runs: the only one who may ask the daemon"
            " on behalf of the page's users. The daemon's own user may too",
            values.login,
            comment="The user as whom it runs, who alone may ask on behalf of the page's users.",
        ),
    ] = "fluxcc-web"
    trusted_proxies: Annotated[
        tuple[str, ...],
        Key(
            "Addresses or networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto`"
            ' are believed, such as `["127.0.0.1", "10.0.0.0/8"]`',
            values.networks,
            comment="Proxies whose X-Forwarded-For is believed: addresses or networks.",
        ),
    ] = ()
    base_path: Annotated[
        str,
        Key(
            "The path below which a proxy serves it, such as `/fluxcc`; empty for the root",
            values.base_path,
            comment='The path below which a proxy serves it, such as "/fluxcc".',
        ),
    ] = ""
    session_idle: Annotated[Duration, Key("A log-in ends when nothing was asked for so long")] = (
        Duration(1800)
    )
    session_absolute: Annotated[Duration, Key("A log-in ends after so long at the latest")] = (
        Duration(12 * 3600)
    )

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port; None for nowhere. Raises ``ValueError`` where it is neither."""
        return read_address(self.listen) if self.listen else None
