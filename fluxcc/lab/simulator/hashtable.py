"""mod_hash: ``hash`` in the dialplan and over the api, and ``hash_dump``.

Its counterparts are the gate's conditions, which read it, and the daemon, which writes it. In
memory only, as in FreeSWITCH.
"""

from __future__ import annotations

USAGE = "-ERR Usage: hash insert|insert_ifempty|select|delete|delete_ifmatch/realm/key[/value]\n"
DUMP_USAGE = "Usage: all|limit|db [<realm>]\n"


class HashTable:
    """Values by realm and key, kept under ``REALM_KEY`` as one string."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def command(self, text: str) -> str:
        """``VERB/realm/key[/value]``; the value may hold slashes."""
        verb, *rest = text.split("/", 3)
        if len(rest) < 2:
            return USAGE
        key, value = f"{rest[0]}_{rest[1]}", rest[2] if len(rest) > 2 else None
        held = self._values.get(key)
        if verb == "select":
            return held or ""
        if verb == "delete":
            return self._delete(key, held is not None)
        if value is None:
            return USAGE
        if verb == "delete_ifmatch":
            return self._delete(key, held == value)
        if verb == "insert_ifempty" and held is not None:
            return "-ERR key already exists\n"
        if verb in ("insert", "insert_ifempty"):
            self._values[key] = value
            return "+OK\n"
        return USAGE

    def dump(self, text: str) -> str:
        """``all`` or ``db [REALM]``, one ``D/REALM_KEY/VALUE`` a line."""
        kind, _, realm = text.partition(" ")
        if kind not in ("all", "db", "limit"):
            return DUMP_USAGE
        if kind == "limit":
            return ""
        start = f"{realm}_" if realm else ""
        return "".join(
            f"D/{key}/{value}\n" for key, value in self._values.items() if key.startswith(start)
        )

    def _delete(self, key: str, is_wanted: bool) -> str:
        if not is_wanted:
            return "-ERR Not found\n"
        del self._values[key]
        return "+OK\n"
