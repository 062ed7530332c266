"""The statuses and codes of replies (contract, section 3), and their sentences.

A published interface: a code is never renamed, and a new one goes into ``docs/board.md`` too. The
sentences may change at any time; ``fluxcc.i18n`` translates them.
"""

from __future__ import annotations

from enum import StrEnum

from fluxcc.marking import _


class Status(StrEnum):
    """How a request ended."""

    OK = "ok"
    REFUSED = "refused"
    """Nothing was done."""
    FAILED = "failed"
    """It was tried, and FreeSWITCH did not do it."""
    UNKNOWN = "unknown"
    """The link was lost while it was carried out: whether it was done is not known."""


class Code(StrEnum):
    """Why it ended so."""

    BLOCKED = "blocked"
    RENEWED = "renewed"
    NOT_BLOCKED_INTERNAL = "not-blocked-internal"
    NOT_BLOCKED_WITHHELD = "not-blocked-withheld"
    NOT_BLOCKED_PROTECTED = "not-blocked-protected"
    CONFERENCE_JOINED = "conference-joined"
    TRANSFERRED = "transferred"
    SURVEY_STARTED = "survey-started"
    ENDED = "ended"
    GATE_PENDING = "gate-pending"
    RELEASED = "released"
    RELEASE_PENDING = "release-pending"
    SAVED = "saved"
    REMOVED = "removed"
    ERASED = "erased"

    MALFORMED_REQUEST = "malformed-request"
    UNKNOWN_ACTION = "unknown-action"
    NOT_PERMITTED = "not-permitted"
    NO_SUCH_CALL = "no-such-call"
    NO_LIVE_CALL = "no-live-call"
    AMBIGUOUS_CALL = "ambiguous-call"
    NOT_YOUR_CALL = "not-your-call"
    AMBIGUOUS_AGENT = "ambiguous-agent"
    ACTION_IN_PROGRESS = "action-in-progress"
    ROOM_OCCUPIED = "room-occupied"
    TOO_MANY_REQUESTS = "too-many-requests"
    REQUEST_ID_REUSED = "request-id-reused"
    SHUTTING_DOWN = "shutting-down"
    TOO_LATE = "too-late"
    ROOM_NOT_PROVISIONED = "room-not-provisioned"
    UNKNOWN_SERVICE = "unknown-service"
    NUMBER_INTERNAL = "number-internal"
    NUMBER_UNUSABLE = "number-unusable"
    NUMBER_PROTECTED = "number-protected"
    NOT_BLOCKED = "not-blocked"
    UNKNOWN_ENTRY = "unknown-entry"

    PBX_REJECTED = "pbx-rejected"
    DESTINATION_REJECTED = "destination-rejected"
    CONFERENCE_NOT_JOINED = "conference-not-joined"

    OUTCOME_UNKNOWN = "outcome-unknown"

    @property
    def status(self) -> Status:
        """The status of a reply with this code."""
        return _STATUS[self]


_TABLE: dict[Status, dict[Code, str]] = {
    Status.OK: {
        Code.BLOCKED: _("Number {number} is blocked until {until}."),
        Code.RENEWED: _("Number {number} was blocked already; it now stays blocked until {until}."),
        Code.NOT_BLOCKED_INTERNAL: _(
            "The call was ended. {number} is an internal extension and was not blocked."
        ),
        Code.NOT_BLOCKED_WITHHELD: _(
            "The call was ended. The caller's number is withheld or unusable, so nothing was"
            " blocked."
        ),
        Code.NOT_BLOCKED_PROTECTED: _(
            "The call was ended. Number {number} is protected and was not blocked."
        ),
        Code.CONFERENCE_JOINED: _("You and the customer are in your conference room."),
        Code.TRANSFERRED: _("The customer was transferred."),
        Code.SURVEY_STARTED: _("The customer was sent to the survey."),
        Code.ENDED: _("The call was ended."),
        Code.GATE_PENDING: _(
            "Number {number} is blocked until {until}, but FreeSWITCH does not answer or has no"
            " mod_hash: its gate refuses the number as soon as it can. Until then fluxcc alone ends"
            " the calls."
        ),
        Code.RELEASED: _("Number {number} is free again."),
        Code.RELEASE_PENDING: _(
            "Number {number} is free again as soon as FreeSWITCH answers; until then its gate"
            " refuses it."
        ),
        Code.SAVED: _("It is set, and in force from the next action on."),
        Code.REMOVED: _("It is removed."),
        Code.ERASED: _("It is erased."),
    },
    Status.REFUSED: {
        Code.MALFORMED_REQUEST: _("The request is malformed."),
        Code.UNKNOWN_ACTION: _("This action is not known."),
        Code.NOT_PERMITTED: _("You may not do this."),
        Code.NO_SUCH_CALL: _("There is no such call now."),
        Code.NO_LIVE_CALL: _("You have no call now."),
        Code.AMBIGUOUS_CALL: _("You have more than one call; say which one."),
        Code.NOT_YOUR_CALL: _("This is not your call."),
        Code.AMBIGUOUS_AGENT: _("Several domains have this extension; name the domain too."),
        Code.ACTION_IN_PROGRESS: _("Another action is running on this call."),
        Code.ROOM_OCCUPIED: _("Somebody else is in your conference room, so nobody was moved."),
        Code.TOO_MANY_REQUESTS: _("Too many requests came at once; this one was not carried out."),
        Code.REQUEST_ID_REUSED: _("This request ID was used for another request already."),
        Code.TOO_LATE: _("The request came too late, so it was not carried out."),
        Code.SHUTTING_DOWN: _("The service is being stopped or restarted; try again in a moment."),
        Code.ROOM_NOT_PROVISIONED: _(
            "Your conference room was not provisioned. Please ask your supervisor."
        ),
        Code.UNKNOWN_SERVICE: _("There is no such service."),
        Code.NUMBER_INTERNAL: _("{number} is an internal extension; those are never blocked."),
        Code.NUMBER_UNUSABLE: _("This is not a number that can be blocked."),
        Code.NUMBER_PROTECTED: _("Number {number} is protected; nobody can block it."),
        Code.NOT_BLOCKED: _("Number {number} is not blocked."),
        Code.UNKNOWN_ENTRY: _("There is nothing of that name."),
    },
    Status.FAILED: {
        Code.PBX_REJECTED: _("FreeSWITCH did not carry it out."),
        Code.DESTINATION_REJECTED: _(
            "The destination did not take the call, and it does not come back."
        ),
        Code.CONFERENCE_NOT_JOINED: _("The conference room could not be joined."),
    },
    Status.UNKNOWN: {
        Code.OUTCOME_UNKNOWN: _(
            "It is not known whether it was carried out; look whether the call is still there."
        ),
    },
}
"""Each code under its status, with its sentence. ``{number}`` and ``{until}`` are those of the
reply."""
_STATUS = {code: status for status, codes in _TABLE.items() for code in codes}
SENTENCES = {code: text for codes in _TABLE.values() for code, text in codes.items()}
RECORD_PENDING = _("Its record could not be written yet and will follow.")
"""Added to the sentence where the action was done and its record still waits for the store."""
BLOCK_NAME = _("It is block {block}; fluxcc unblock {block} takes it back.")
"""Added where the number is not told."""
NTH_BLOCK = _("It is block number {nth} of this caller.")
"""Added where blocks grow on repeaters, from the second one on."""
FREED = _("Blocks that it ends: {freed}.")
"""Added where numbers are protected that were blocked."""
WITHHELD_WORD = _("withheld")
"""In place of a number that its caller asked to be shown to nobody."""
