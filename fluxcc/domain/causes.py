"""Hangup causes: those that FreeSWITCH is given, and what those mean that it gives
(``switch_types.h``)."""

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
"""Hangup causes that say: the destination is not there (FreeSWITCH's ``switch_types.h``)."""
BUSY = frozenset({"USER_BUSY", "NORMAL_CIRCUIT_CONGESTION", "SWITCH_CONGESTION"})
"""The destination is there, and has no line free."""
