"""Why a leg ended: FreeSWITCH's cause names with their Q.850 number and the SIP status they become.

Its counterparts are ``switchboard.py``, which reports the number, and ``outside.py``, where a
caller who was never answered sees the status.
"""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """What a cause is called elsewhere."""

    q850: int
    sip_status: int


CAUSES = {
    "UNALLOCATED_NUMBER": Cause(1, 404),
    "NO_ROUTE_DESTINATION": Cause(3, 404),
    "NORMAL_CLEARING": Cause(16, 480),
    "USER_BUSY": Cause(17, 486),
    "NO_USER_RESPONSE": Cause(18, 408),
    "NO_ANSWER": Cause(19, 480),
    "SUBSCRIBER_ABSENT": Cause(20, 480),
    "CALL_REJECTED": Cause(21, 603),
    "NUMBER_CHANGED": Cause(22, 410),
    "DESTINATION_OUT_OF_ORDER": Cause(27, 502),
    "INVALID_NUMBER_FORMAT": Cause(28, 484),
    "NORMAL_UNSPECIFIED": Cause(31, 480),
    "NORMAL_CIRCUIT_CONGESTION": Cause(34, 503),
    "NORMAL_TEMPORARY_FAILURE": Cause(41, 503),
    "SERVICE_UNAVAILABLE": Cause(63, 480),
    "INCOMPATIBLE_DESTINATION": Cause(88, 488),
    "RECOVERY_ON_TIMER_EXPIRE": Cause(102, 504),
    "ORIGINATOR_CANCEL": Cause(487, 487),
    "MANAGER_REQUEST": Cause(16, 480),
    "BLIND_TRANSFER": Cause(16, 480),
    "ATTENDED_TRANSFER": Cause(16, 480),
    "ALLOTTED_TIMEOUT": Cause(16, 480),
    "LOSE_RACE": Cause(16, 480),
    "PICKED_OFF": Cause(16, 480),
    "USER_NOT_REGISTERED": Cause(16, 480),
}

OF_SIP_STATUS = {
    403: "CALL_REJECTED",
    404: "UNALLOCATED_NUMBER",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    410: "NUMBER_CHANGED",
    480: "NO_USER_RESPONSE",
    484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY",
    487: "ORIGINATOR_CANCEL",
    488: "INCOMPATIBLE_DESTINATION",
    502: "DESTINATION_OUT_OF_ORDER",
    503: "NORMAL_TEMPORARY_FAILURE",
    600: "USER_BUSY",
    603: "CALL_REJECTED",
}


def cause_named(word: str) -> str:
    """The cause that ``word`` names; like FreeSWITCH, a normal end where it names none."""
    name = word.strip().upper()
    return name if name in CAUSES else "NORMAL_CLEARING"
