"""The sentences for a person that go with the codes. ``_`` marks them for translation.

Counterpart: the catalogues in ``locale/``, looked up by ``fluxcc.i18n``.
"""

from __future__ import annotations

from fluxcc.domain.codes import Code
from fluxcc.marking import _

SENTENCES: dict[Code, str] = {
    Code.BLOCKED: _("Number {number} is blocked until {until}."),
    Code.RENEWED: _("Number {number} was blocked already; it now stays blocked until {until}."),
    Code.NOT_BLOCKED_INTERNAL: _(
        "The call was ended. {number} is an internal extension and was not blocked."
    ),
    Code.NOT_BLOCKED_WITHHELD: _(
        "The call was ended. The caller's number is withheld or unusable, so nothing was blocked."
    ),
    Code.CONFERENCE_JOINED: _("You and the customer are in your conference room."),
    Code.TRANSFERRED: _("The customer was transferred."),
    Code.SURVEY_STARTED: _("The customer was sent to the survey."),
    Code.ENDED: _("The call was ended."),
    Code.GATE_PENDING: _(
        "Number {number} is blocked until {until}, but FreeSWITCH does not answer: it refuses the"
        " number as soon as it does."
    ),
    Code.RELEASED: _("Number {number} is free again."),
    Code.SAVED: _("It is set, and in force from the next action on."),
    Code.REMOVED: _("It is removed."),
    Code.ERASED: _("It is erased."),
    Code.MALFORMED_REQUEST: _("The request is malformed."),
    Code.UNKNOWN_ACTION: _("This action is not known."),
    Code.NO_SUCH_CALL: _("There is no such call now."),
    Code.NO_LIVE_CALL: _("You have no call now."),
    Code.AMBIGUOUS_CALL: _("You have more than one call; say which one."),
    Code.NOT_YOUR_CALL: _("This is not your call."),
    Code.ACTION_IN_PROGRESS: _("Another action is running on this call."),
    Code.ROOM_NOT_PROVISIONED: _(
        "Your conference room was not provisioned. Please ask your supervisor."
    ),
    Code.UNKNOWN_SERVICE: _("There is no such service."),
    Code.NUMBER_INTERNAL: _("{number} is an internal extension; those are never blocked."),
    Code.NUMBER_UNUSABLE: _("This is not a number that can be blocked."),
    Code.NOT_BLOCKED: _("Number {number} is not blocked."),
    Code.UNKNOWN_ENTRY: _("There is nothing of that name."),
    Code.PBX_REJECTED: _("FreeSWITCH did not carry it out."),
    Code.DESTINATION_REJECTED: _("The destination did not take the call, and the call has ended."),
    Code.CONFERENCE_NOT_JOINED: _("The conference room could not be joined."),
    Code.OUTCOME_UNKNOWN: _(
        "The link to FreeSWITCH broke in the middle; look whether the call is still there."
    ),
}

RECORD_PENDING = _("Its record could not be written yet and will follow.")
