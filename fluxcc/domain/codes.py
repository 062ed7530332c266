"""The words a board may rely on: statuses and codes (contract, section 3).

A published interface: a code is never renamed, and a new one goes into ``docs/board.md`` too.
Their sentences for a person are in ``texts.py`` and may change at any time.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How a request ended."""

    OK = "ok"
    REFUSED = "refused"
    """Nothing was done."""
    FAILED = "failed"
    """It was tried, and FreeSWITCH said no."""
    UNKNOWN = "unknown"
    """The link broke in the middle: nobody can tell."""


class Code(StrEnum):
    """Why it ended so."""

    BLOCKED = "blocked"
    RENEWED = "renewed"
    NOT_BLOCKED_INTERNAL = "not-blocked-internal"
    NOT_BLOCKED_WITHHELD = "not-blocked-withheld"
    CONFERENCE_JOINED = "conference-joined"
    TRANSFERRED = "transferred"
    SURVEY_STARTED = "survey-started"
    ENDED = "ended"
    GATE_PENDING = "gate-pending"
    RELEASED = "released"
    SAVED = "saved"
    REMOVED = "removed"
    ERASED = "erased"

    MALFORMED_REQUEST = "malformed-request"
    UNKNOWN_ACTION = "unknown-action"
    NO_SUCH_CALL = "no-such-call"
    NO_LIVE_CALL = "no-live-call"
    AMBIGUOUS_CALL = "ambiguous-call"
    NOT_YOUR_CALL = "not-your-call"
    ACTION_IN_PROGRESS = "action-in-progress"
    ROOM_NOT_PROVISIONED = "room-not-provisioned"
    UNKNOWN_SERVICE = "unknown-service"
    NUMBER_INTERNAL = "number-internal"
    NUMBER_UNUSABLE = "number-unusable"
    NOT_BLOCKED = "not-blocked"
    UNKNOWN_ENTRY = "unknown-entry"

    PBX_REJECTED = "pbx-rejected"
    DESTINATION_REJECTED = "destination-rejected"
    CONFERENCE_NOT_JOINED = "conference-not-joined"

    OUTCOME_UNKNOWN = "outcome-unknown"

    @property
    def status(self) -> Status:
        """The status that a reply with this code has."""
        return _STATUS[self]


_CODES = {
    Status.OK: (
        Code.BLOCKED,
        Code.RENEWED,
        Code.NOT_BLOCKED_INTERNAL,
        Code.NOT_BLOCKED_WITHHELD,
        Code.CONFERENCE_JOINED,
        Code.TRANSFERRED,
        Code.SURVEY_STARTED,
        Code.ENDED,
        Code.GATE_PENDING,
        Code.RELEASED,
        Code.SAVED,
        Code.REMOVED,
        Code.ERASED,
    ),
    Status.REFUSED: (
        Code.MALFORMED_REQUEST,
        Code.UNKNOWN_ACTION,
        Code.NO_SUCH_CALL,
        Code.NO_LIVE_CALL,
        Code.AMBIGUOUS_CALL,
        Code.NOT_YOUR_CALL,
        Code.ACTION_IN_PROGRESS,
        Code.ROOM_NOT_PROVISIONED,
        Code.UNKNOWN_SERVICE,
        Code.NUMBER_INTERNAL,
        Code.NUMBER_UNUSABLE,
        Code.NOT_BLOCKED,
        Code.UNKNOWN_ENTRY,
    ),
    Status.FAILED: (
        Code.PBX_REJECTED,
        Code.DESTINATION_REJECTED,
        Code.CONFERENCE_NOT_JOINED,
    ),
    Status.UNKNOWN: (Code.OUTCOME_UNKNOWN,),
}
_STATUS = {code: status for status, codes in _CODES.items() for code in codes}
