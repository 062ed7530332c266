"""The settings of a site of several PBXs: ``[site]``. Counterpart: ``settings``, which has all the
others.

No ``from __future__ import annotations`` here, as there.
"""

from typing import Annotated

import msgspec

from fluxcc.config import values
from fluxcc.config.declaration import Key


class SiteSettings(msgspec.Struct, frozen=True):
    """A site of several PBXs"""

    url: Annotated[
        str,
        Key(
            "The PostgreSQL that the PBXs of a site share (`docs/site.md`):"
            " `postgresql+psycopg://user@host/database`, or with a list of hosts as libpq takes it,"
            " `postgresql+psycopg://user@/database?host=a,b`. It needs `pip install"
            " 'fluxcc[postgresql]'` and `node` in `[pbx]`",
            values.site_url,
            default_told="none: this PBX is alone",
            comment="The PostgreSQL that several PBXs share. On another machine, also tell systemd:"
            " `systemctl edit fluxcc` and `fluxcc-web`, [Service], IPAddressAllow=",
            example="postgresql+psycopg://fluxcc@db.example/fluxcc",
        ),
    ] = ""
    listen_url: Annotated[
        str,
        Key(
            "The same database for the one connection that waits for notifications, where `url` is"
            " a PgBouncer in transaction mode, which cannot pass them on",
            values.site_url,
            default_told="as `url`",
        ),
    ] = ""

    def __repr__(self) -> str:
        """Without what may have a password in it."""
        return f"SiteSettings({self.url.partition(':')[0]!r})"
