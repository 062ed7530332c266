"""The settings of the web process. As ``settings``, whose section they are."""

from typing import Annotated

import msgspec

from fluxcc.config import values
from fluxcc.config.declaration import Key
from fluxcc.config.values import Duration, read_address


class WebSettings(msgspec.Struct, frozen=True):
    """The page"""

    listen: Annotated[str, Key("Address and port of `fluxcc web`; empty for off", values.address)] = ""
    user: Annotated[str, Key("User of `fluxcc web`")] = "fluxcc-web"
    trusted_proxies: Annotated[tuple[str, ...], Key("Addresses of proxies")] = ()
    base_path: Annotated[str, Key("Path below which the page is, behind a proxy")] = ""
    session_idle: Annotated[Duration, Key("A session that is not used ends")] = Duration(30 * 60)
    session_absolute: Annotated[Duration, Key("Any session ends")] = Duration(12 * 3600)

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port; None for nowhere."""
        return read_address(self.listen) if self.listen else None
