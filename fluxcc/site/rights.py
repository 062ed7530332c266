"""What the user of ``[site] url`` may do in the database, read without changing anything.

Counterpart: ``doctor.site`` says what is missing, and what helps.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from sqlalchemy import URL, text

from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.site import migrations
from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.schema import IDENTITY, METADATA

ASK = text(
    """
    SELECT current_user, current_database(), coalesce(current_schema(), ''),
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
        pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
        ARRAY(
            SELECT relname::text FROM pg_class
            WHERE relnamespace = to_regnamespace(current_schema()) AND relname = ANY(:tables)
                AND NOT pg_has_role(relowner, 'USAGE')
            ORDER BY relname
        )
    """
)


class Rights(msgspec.Struct, frozen=True):
    """What the user may do."""

    user: str
    database: str
    schema: str
    """Where the tables are, or are to be created; empty where there is no such schema."""
    may_create: bool
    is_read_only: bool
    """Whether nothing can be written by this user now, or on this server."""
    tables_of_others: list[str]
    """Those of the site that the user does not own."""
    needs: str = ""
    """The revision of the tables that this program is too old for; empty where it is not."""


def read_rights(url: str) -> Rights:
    """Raises ``SiteUnavailableError``."""
    parsed = parse_url(url)
    try:
        return _read(parsed)
    except SiteUnavailableError:
        # One that can only be read is passed over by the driver.
        rights = _read(parsed.update_query_dict({"target_session_attrs": "any"}))
        if not rights.is_read_only:
            raise
        return rights


def _read(url: URL) -> Rights:
    engine = create_pooled(url)
    try:
        with connected(engine) as connection:
            found = Rights(*connection.execute(ASK, {"tables": [*METADATA.tables]}).one())
            if found.tables_of_others or not migrations.is_unknown(migrations.revision(connection)):
                return found
            least = connection.execute(IDENTITY.select()).one().least
            return replace(found, needs=least if migrations.is_unknown(least) else "")
    finally:
        engine.dispose()
