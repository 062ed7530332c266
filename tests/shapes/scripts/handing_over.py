"""A customer is handed from one agent to another, or to somebody else, or fetched."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape


@shape
def refer_blind(cast: Cast) -> Stages:
    """The agent's telephone hands the customer to a colleague unseen (REFER)."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague", "ring")
    cast.connect()
    yield "talking"
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague")
    yield "ringing at the colleague"
    cast.lines["colleague"].answer()
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def refer_to_outside(cast: Cast) -> Stages:
    """REFER to a number outside."""
    cast.outside()
    cast.telephone()
    partner = cast.outside("partner")
    cast.connect()
    cast.lines["agent"].refer(f"0{partner.user}")
    cast.ring("partner")
    cast.talk("customer", "partner")
    yield "handed over"


@shape
def dialled_out_then_refer(cast: Cast) -> Stages:
    """A customer whom the agent dialled is handed over by REFER."""
    customer = cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.talk("agent", "customer")
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def dialled_out_to_partner(cast: Cast) -> Stages:
    """A customer whom the agent dialled is transferred to a service that dials outside."""
    customer = cast.outside()
    cast.telephone()
    partner = cast.outside("partner")
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.talk("agent", "customer")
    cast.move("customer", f"74{partner.user}")
    cast.ring("partner")
    cast.talk("customer", "partner")
    yield "with the partner"


@shape
def campaign_to_partner(cast: Cast) -> Stages:
    """A customer whom a campaign dialled is transferred to a service that dials outside."""
    customer = cast.outside()
    agent = cast.telephone()
    partner = cast.outside("partner")
    cast.originate(cast.site.trunk(customer.user), cast.place(agent.user))
    cast.ring("customer")
    cast.ring("agent")
    cast.talk("customer", "agent")
    cast.move("customer", f"74{partner.user}")
    cast.ring("partner")
    cast.talk("customer", "partner")
    yield "with the partner"


@shape
def received_to_partner(cast: Cast) -> Stages:
    """A customer who called is transferred to a service that dials outside."""
    cast.outside()
    cast.telephone()
    partner = cast.outside("partner")
    cast.connect()
    cast.move("customer", f"74{partner.user}")
    cast.ring("partner")
    cast.talk("customer", "partner")
    yield "with the partner"


@shape
def transferred_to_agent(cast: Cast) -> Stages:
    """The customer's leg is transferred to a colleague by the PBX (``uuid_transfer``)."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.connect()
    cast.move("customer", colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def blind_by_keys(cast: Cast) -> Stages:
    """The agent presses *1 and a number: the customer goes there."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.connect()
    cast.lines["agent"].press("*1")
    cast.lines["agent"].press(f"{colleague.user}#")
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def valet(cast: Cast) -> Stages:
    """The agent parks the customer in a valet lot, and a colleague fetches them."""
    cast.outside()
    cast.telephone()
    cast.telephone("colleague")
    slot = f"89{cast.slot()}"
    cast.connect()
    cast.lines["agent"].refer(slot)
    cast.lines["agent"].wait("ended")
    yield "parked"
    cast.dial("colleague", slot)
    cast.talk("colleague", "customer")
    yield "fetched"


@shape
def parked(cast: Cast) -> Stages:
    """The agent parks the customer, and a colleague takes them by ``intercept``."""
    cast.outside()
    agent = cast.telephone()
    cast.telephone("colleague")
    cast.connect()
    cast.lines["agent"].refer(f"90{cast.slot()}")
    cast.lines["agent"].wait("ended")
    yield "parked"
    cast.dial("colleague", f"83{agent.user}")
    cast.talk("colleague", "customer")
    yield "fetched"


@shape
def intercept_ringing(cast: Cast) -> Stages:
    """A colleague picks up a call that rings at the agent's telephone (``intercept``)."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    cast.telephone("colleague")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    yield "ringing"
    cast.dial("colleague", f"83{agent.user}")
    cast.talk("colleague", "customer")
    yield "picked up"


@shape
def intercept_talking(cast: Cast) -> Stages:
    """A colleague takes over a call in which the agent talks (``intercept``)."""
    cast.outside()
    agent = cast.telephone()
    cast.telephone("colleague")
    cast.connect()
    cast.dial("colleague", f"83{agent.user}")
    cast.talk("colleague", "customer")
    yield "taken over"


@shape
def pickup(cast: Cast) -> Stages:
    """A colleague picks up a call that rings at the agent's telephone (the endpoint ``pickup``)."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    cast.telephone("colleague")
    cast.dial("customer", f"84{agent.user}")
    cast.ring("agent")
    yield "ringing"
    cast.dial("colleague", f"85{agent.user}")
    cast.talk("colleague", "customer")
    yield "picked up"


@shape
def campaign_handed_over(cast: Cast) -> Stages:
    """A campaign's customer is handed over by REFER."""
    customer = cast.outside()
    agent = cast.telephone()
    colleague = cast.telephone("colleague")
    cast.originate(cast.site.trunk(customer.user), cast.place(agent.user))
    cast.ring("customer")
    cast.ring("agent")
    cast.talk("customer", "agent")
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def click_to_call_handed_over(cast: Cast) -> Stages:
    """A customer of click-to-call is handed over by REFER."""
    customer = cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.originate(cast.user("agent"), cast.place(f"0{customer.user}"))
    cast.ring("agent")
    cast.ring("customer")
    cast.talk("agent", "customer")
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"
