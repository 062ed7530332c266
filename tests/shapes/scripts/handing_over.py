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
def refer_replacing(cast: Cast) -> Stages:
    """The agent holds the customer, consults a colleague and connects the two (Replaces)."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.connect()
    yield "talking"
    cast.lines["agent"].hold()
    cast.dial("agent", colleague.user, "agent 2")
    cast.ring("colleague")
    cast.talk("agent 2", "colleague")
    yield "consulting"
    cast.lines["agent"].refer_replacing(cast.lines["agent 2"])
    cast.talk("customer", "colleague")
    cast.lines["agent"].wait("ended")
    cast.lines["agent 2"].wait("ended")
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
    cast.site.api(f"uuid_transfer {cast.legs['customer']} 74{partner.user} XML default")
    cast.ring("partner")
    cast.talk("customer", "partner")
    yield "with the partner"


@shape
def campaign_to_partner(cast: Cast) -> Stages:
    """A customer whom a campaign dialled is transferred to a service that dials outside."""
    customer = cast.outside()
    agent = cast.telephone()
    partner = cast.outside("partner")
    cast.originate(cast.site.trunk(customer.user), f"{agent.user} XML default")
    cast.ring("customer")
    cast.ring("agent")
    cast.talk("customer", "agent")
    cast.site.api(f"uuid_transfer {cast.legs['customer']} 74{partner.user} XML default")
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
    cast.site.api(f"uuid_transfer {cast.legs['customer']} 74{partner.user} XML default")
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
    cast.site.api(f"uuid_transfer {cast.legs['customer']} {colleague.user} XML default")
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


def _consult(cast: Cast) -> None:
    """The agent presses *4 and the colleague's number; the two talk."""
    colleague = cast.people["colleague"]
    cast.lines["agent"].press(f"*4{colleague.user}#")
    cast.ring("colleague")
    cast.lines["colleague"].wait("up")
    agent, other = cast.legs["agent"], cast.legs["colleague"]
    cast.until(
        lambda: agent in (cast.partner(other), cast.variable("colleague", "signal_bond")),
        "agent and colleague talk",
    )


@shape
def att_xfer_cancelled(cast: Cast) -> Stages:
    """Consultation by ``att_xfer``; the colleague hangs up, the agent has the customer again."""
    cast.outside()
    cast.telephone()
    cast.telephone("colleague")
    cast.connect()
    yield "talking"
    _consult(cast)
    yield "consulting"
    cast.lines["colleague"].hang_up()
    cast.talk("customer", "agent")
    yield "talking again"


@shape
def att_xfer_completed(cast: Cast) -> Stages:
    """Consultation by ``att_xfer``; the agent hangs up, customer and colleague talk."""
    cast.outside()
    cast.telephone()
    cast.telephone("colleague")
    cast.connect()
    _consult(cast)
    yield "consulting"
    cast.lines["agent"].hang_up()
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def att_xfer_ringing(cast: Cast) -> Stages:
    """Consultation by ``att_xfer`` while the colleague's telephone rings; then nobody takes it."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague", "ring")
    cast.connect()
    cast.lines["agent"].press(f"*4{colleague.user}#")
    cast.ring("colleague")
    yield "calling a colleague"
    cast.lines["colleague"].hang_up()
    cast.talk("customer", "agent")
    yield "talking again"


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


def _transfer_to(cast: Cast, destination: str) -> None:
    cast.outside()
    cast.telephone()
    cast.connect()
    cast.site.api(f"uuid_transfer {cast.legs['customer']} {destination}")


@shape
def to_a_service(cast: Cast) -> Stages:
    """The customer is transferred to a service that answers (a tone)."""
    _transfer_to(cast, "8003 XML default")
    cast.lines["agent"].wait("ended")
    yield "at the service"


@shape
def to_music(cast: Cast) -> Stages:
    """The customer is transferred to where music plays."""
    _transfer_to(cast, "8001 XML default")
    cast.lines["agent"].wait("ended")
    yield "listening"


@shape
def to_nowhere_prepared(cast: Cast) -> Stages:
    """The customer is transferred to a context that only prepares."""
    _transfer_to(cast, "9911 XML prepared")
    cast.lines["customer"].wait("ended")
    yield "ended"


@shape
def to_nowhere_default(cast: Cast) -> Stages:
    """The customer is transferred to a number that nobody has, behind the stock preamble."""
    _transfer_to(cast, "9911 XML default")
    cast.lines["customer"].wait("ended")
    yield "ended"


@shape
def to_nowhere_bare(cast: Cast) -> Stages:
    """The customer is transferred to a number that a context without preamble does not have."""
    _transfer_to(cast, "9911 XML bare")
    cast.lines["customer"].wait("ended")
    yield "ended"


@shape
def to_busy(cast: Cast) -> Stages:
    """The customer is transferred to a colleague who is busy."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague", "busy")
    cast.connect()
    cast.site.api(f"uuid_transfer {cast.legs['customer']} {colleague.user} XML default")
    cast.ring("colleague")
    cast.lines["customer"].wait("ended")
    yield "ended"


@shape
def own_room(cast: Cast) -> Stages:
    """Agent and customer are moved to the agent's room of the kit; a colleague dials into it."""
    cast.outside()
    agent = cast.telephone()
    cast.telephone("colleague")
    room = f"*{agent.user}"
    cast.site.api(f"hash insert/fluxcc_room/{room}/{agent.user}")
    cast.connect()
    cast.site.api(f"uuid_transfer {cast.legs['agent']} -both {room} XML default")
    count = f"conference {agent.user} list count"
    cast.until(lambda: cast.site.api(count).strip() == "2", "both are in the room")
    yield "in the room"
    cast.dial("colleague", room).wait("up")
    cast.until(lambda: cast.site.api(count).strip() == "3", "the colleague, too")
    yield "three in the room"
    cast.lines["agent"].hang_up()
    cast.until(lambda: cast.site.api(count).strip() == "2", "the agent has left")
    yield "without the agent"
    cast.site.api(f"hash delete/fluxcc_room/{room}")
