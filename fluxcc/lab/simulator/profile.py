"""Who calls whom: the caller profile of a leg, and what transfers and bridges make of it.

Its counterpart is ``channel.py``, whose events show it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace


def now_us() -> int:
    """The clock, in microseconds since the epoch, as channel times are kept."""
    return time.time_ns() // 1000


@dataclass(frozen=True)
class Profile:
    """Who calls whom: FreeSWITCH's caller profile. A transfer gives the leg a new one."""

    direction: str
    caller_name: str
    caller_number: str
    original_name: str
    original_number: str
    destination: str
    context: str
    dialplan: str
    username: str = ""
    callee_name: str = ""
    callee_number: str = ""
    network_address: str = ""
    ani: str = ""
    source: str = "mod_sofia"
    rdnis: str = ""
    transfer_source: str = ""
    is_flipped: bool = False
    hides_number: bool = False
    index: int = 1
    created_us: int = field(default_factory=now_us)

    def transferred(self, destination: str, dialplan: str, context: str, source: str) -> Profile:
        """The profile after a transfer to ``destination``."""
        return replace(
            self,
            rdnis=self.destination,
            destination=destination,
            dialplan=dialplan,
            context=context,
            transfer_source=source,
            index=self.index + 1,
            created_us=now_us(),
        )

    def flipped(self) -> Profile:
        """The profile of a called leg that acts as a caller: the two change places."""
        return replace(
            self,
            caller_name=self.callee_name,
            caller_number=self.callee_number,
            callee_name=self.caller_name,
            callee_number=self.caller_number,
            is_flipped=not self.is_flipped,
        )

    def talking_to(self, partner: Profile) -> Profile:
        """The profile of a leg that was bridged to ``partner``, whom it now shows as callee."""
        is_called = (partner.direction == "outbound") is not partner.is_flipped
        return replace(
            self,
            callee_name=partner.callee_name if is_called else partner.caller_name,
            callee_number=partner.callee_number if is_called else partner.caller_number,
        )

    def field_named(self, name: str) -> str:
        """A dialplan condition's or a variable's view of the profile."""
        fields = {
            "caller_id_name": self.caller_name,
            "caller_id_number": self.caller_number,
            "destination_number": self.destination,
            "context": self.context,
            "dialplan": self.dialplan,
            "username": self.username,
            "network_addr": self.network_address,
            "ani": self.ani,
            "rdnis": self.rdnis,
            "source": self.source,
            "callee_id_name": self.callee_name,
            "callee_id_number": self.callee_number,
        }
        return fields.get(name, "")
