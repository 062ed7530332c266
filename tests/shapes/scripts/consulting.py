"""The agent asks a colleague while the customer waits, and hands over or does not."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape


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
    cast.say_something()


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
def dialled_out_att_xfer(cast: Cast) -> Stages:
    """The agent dialled the customer and consults a colleague by ``att_xfer``; then leaves."""
    customer = cast.outside()
    cast.telephone()
    cast.telephone("colleague")
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.talk("agent", "customer")
    _consult(cast)
    yield "consulting"
    cast.lines["agent"].hang_up()
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def refer_replacing_ringing(cast: Cast) -> Stages:
    """The agent hands over with Replaces while the colleague's telephone still rings: by hanging
    up the second call and a blind REFER, as telephones do."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague", "ring")
    cast.connect()
    cast.lines["agent"].hold()
    cast.dial("agent", colleague.user, "agent 2")
    cast.ring("colleague")
    yield "calling a colleague"
    cast.lines["agent 2"].hang_up()
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague", "colleague 2")
    yield "ringing at the colleague"
    cast.lines["colleague 2"].answer()
    cast.talk("customer", "colleague 2")
    yield "handed over"
