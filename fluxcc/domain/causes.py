"""Hangup causes: those with which the daemon ends legs, and the meaning of those that FreeSWITCH
reports (``switch_types.h``)."""

from __future__ import annotations

NORMAL = "NORMAL_CLEARING"
"""The call is over."""
REJECTED = "CALL_REJECTED"
"""A prank's caller is turned away; SIP 603."""

UNROUTABLE = frozenset(
    {
        "UNALLOCATED_NUMBER",
        "NO_ROUTE_TRANSIT_NET",
        "NO_ROUTE_DESTINATION",
        "INVALID_NUMBER_FORMAT",
        "DESTINATION_OUT_OF_ORDER",
        "NETWORK_OUT_OF_ORDER",
        "NUMBER_CHANGED",
        "FACILITY_REJECTED",
        "INVALID_GATEWAY",
        "GATEWAY_DOWN",
        "INVALID_URL",
        "INVALID_PROFILE",
        "NO_PICKUP",
        "SUBSCRIBER_ABSENT",
        "USER_NOT_REGISTERED",
    }
)
"""Hangup causes of a destination that is not there."""
BUSY = frozenset({"USER_BUSY", "NORMAL_CIRCUIT_CONGESTION", "SWITCH_CONGESTION"})
"""Hangup causes of a destination that is there and has no line free."""
