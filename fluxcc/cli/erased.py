"""Tells what an erasure reached and what it did not (``domain.retention.Place``)."""

from __future__ import annotations

from fluxcc.cli.session import Session, printable
from fluxcc.domain.retention import Place
from fluxcc.marking import _
from fluxcc.protocol.operators import Purged

REACHED = {
    Place.ROWS: _("the records"),
    Place.FILE: _("what the store's file held of deleted records, and its log"),
    Place.OTHERS: _("texts about others"),
    Place.SPOOL: _("the survey's spool"),
    Place.GATE: _("FreeSWITCH's list of blocked numbers"),
    Place.SITE: _("the site that the PBXs share"),
    Place.MEMORY: _("the daemon's memory (within seconds; all of it after a restart)"),
}
"""Places of which it is said that nothing is there any more; of others only what is left."""
LEFT = {
    Place.FILE: _(
        "The store's write-ahead log still has it, because another program reads the store; run"
        " this command again."
    ),
    Place.SPOOL: _(
        "The survey's spool may still have it: {what}. Run this command again when the call is"
        " over, on FreeSWITCH's machine, with the daemon running."
    ),
    Place.GATE: _(
        "FreeSWITCH's list of blocked numbers has it as long as a block holds, and where the daemon"
        " could not look: {what}"
    ),
    Place.LIVE_CALL: _(
        "Calls of this person that are going on: {what}. Run this command again when they are over."
    ),
    Place.ENTRIES: _("Groups and services that send calls to this number, and stay: {what}"),
    Place.SET_ASIDE: _("Corrupt stores that were set aside; delete them: {what}"),
    Place.SITE: _(
        "The site: it is erased there as soon as its PostgreSQL answers, and what that one keeps"
        " of deleted rows."
    ),
    Place.NODES: _(
        "Not reached: what the other PBXs of the site have in their own stores. Run this command"
        " on each."
    ),
    Place.SERVER: _(
        "PostgreSQL keeps deleted rows until VACUUM, and in its write-ahead log and its archives."
    ),
    Place.BACKUPS: _("Not reached: backups of the store."),
    Place.PBX_RECORDS: _(
        "Not reached: FreeSWITCH's own records (CDR), recordings, voicemail and logs."
    ),
    Place.JOURNAL: _(
        "Not reached: the logs. The daemon's have the last four digits, and at the level DEBUG all."
    ),
}
"""What is said of a place that was not reached."""


def say_places(session: Session, purged: Purged) -> None:
    """Say where nothing is any more, and one line for each place where something may be."""
    reached = [session.translate(REACHED[p]) for p in map(Place, purged.reached) if p in REACHED]
    session.say(_("Gone from: {places}."), places=", ".join(reached))
    for place, what in purged.left.items():
        session.say(LEFT[Place(place)], what=printable(what) or "?")
