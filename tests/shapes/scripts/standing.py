"""Queues, and agents who stay connected between calls."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape


@shape
def queue(cast: Cast) -> Stages:
    """mod_callcenter with an agent who is called back; the agent hangs up."""
    cast.outside()
    cast.telephone(answers="ring")
    number = cast.staff("agent")
    cast.dial("customer", number).wait("up")
    cast.ring("agent")
    yield "ringing"
    cast.lines["agent"].answer()
    cast.talk("customer", "agent")
    yield "talking"
    cast.lines["agent"].hang_up()
    cast.lines["customer"].wait("ended")


@shape
def queue_waiting(cast: Cast) -> Stages:
    """A customer waits in a queue where nobody is free, and gives up."""
    cast.outside()
    cast.dial("customer", cast.staff()).wait("up")
    yield "waiting"
    cast.lines["customer"].hang_up()


def _standby(cast: Cast) -> str:
    number = cast.staff("agent", kind="uuid-standby")
    agent = cast.people["agent"].user
    cast.dial("agent", f"82{agent}").wait("up")
    state = f"callcenter_config agent get uuid {agent}@{cast.home.context}"
    cast.until(lambda: cast.legs["agent"] in cast.site.api(state), "the agent is logged in")
    return number


@shape
def standby(cast: Cast) -> Stages:
    """An agent who stays connected (``uuid-standby``, park after bridge) has two customers."""
    cast.outside()
    cast.outside("second")
    cast.telephone()
    number = _standby(cast)
    yield "logged in"
    cast.dial("customer", number)
    cast.talk("customer", "agent")
    yield "talking"
    cast.lines["customer"].hang_up()
    cast.until(lambda: not cast.partner(cast.legs["agent"]), "the agent is parked")
    yield "between two calls"
    cast.dial("second", number)
    cast.talk("second", "agent")
    yield "talking to the second"


@shape
def standby_handed_over(cast: Cast) -> Stages:
    """The customer of a standing agent is moved to a colleague; the standing leg lives on."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.dial("customer", _standby(cast))
    cast.talk("customer", "agent")
    cast.move("customer", colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def park_after_bridge(cast: Cast) -> Stages:
    """The agent dials a customer and is parked when the customer has gone elsewhere."""
    cast.outside()
    agent = cast.telephone()
    colleague = cast.telephone("colleague")
    cast.connect(number=f"95{agent.user}")
    yield "talking"
    cast.lines["agent"].hang_up()
    yield "customer parked"
    cast.move("customer", colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def fifo_standing(cast: Cast) -> Stages:
    """An agent waits in a fifo (``out wait``) and has two customers."""
    cast.outside()
    cast.outside("second")
    cast.telephone()
    slot = cast.slot()
    cast.dial("agent", f"78{slot}").wait("up")
    yield "waiting agent"
    cast.dial("customer", f"77{slot}")
    cast.talk("customer", "agent")
    yield "talking"
    cast.lines["customer"].hang_up()
    cast.lines["customer"].wait("ended")
    yield "between two calls"
    cast.dial("second", f"77{slot}")
    cast.talk("second", "agent")
    yield "talking to the second"


@shape
def fifo_once(cast: Cast) -> Stages:
    """A customer waits in a fifo, an agent fetches them (``out nowait``)."""
    cast.outside()
    cast.telephone()
    slot = cast.slot()
    cast.dial("customer", f"77{slot}").wait("up")
    yield "waiting"
    cast.dial("agent", f"79{slot}")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def queue_handed_over(cast: Cast) -> Stages:
    """A queue's customer is handed to a colleague by the telephone (REFER)."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.dial("customer", cast.staff("agent"))
    cast.ring("agent")
    cast.talk("customer", "agent")
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def campaign_queue(cast: Cast) -> Stages:
    """A dialler calls the customer and puts them into a queue."""
    customer = cast.outside()
    cast.telephone()
    number = cast.staff("agent")
    where = cast.site.trunk(customer.user)
    cast.originate(f"{{fluxcc_group=sales{cast.home.at}}}{where}", cast.place(number))
    cast.ring("customer")
    cast.ring("agent")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def fifo_handed_over(cast: Cast) -> Stages:
    """The customer of an agent who waits in a fifo is moved to a colleague."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague")
    slot = cast.slot()
    cast.dial("agent", f"78{slot}").wait("up")
    cast.dial("customer", f"77{slot}")
    cast.talk("customer", "agent")
    cast.move("customer", colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def queue_loopback(cast: Cast) -> Stages:
    """A queue whose agents are reached by loopback, with bow-out."""
    cast.outside()
    cast.telephone()
    cast.dial("customer", cast.staff("agent", contact=f"loopback/{{}}/{cast.home.context}"))
    cast.ring("agent")
    cast.lines["customer"].wait("up")
    yield "taken"
    cast.talk("customer", "agent")
    yield "talking"


@shape
def standby_to_room(cast: Cast) -> Stages:
    """The customer of a standing agent is moved to a room of the PBX's own, alone."""
    cast.outside()
    cast.telephone()
    cast.dial("customer", _standby(cast))
    cast.talk("customer", "agent")
    room = f"91{cast.slot()}"
    cast.move("customer", room)
    cast.until(lambda: cast.site.api(f"conference {room} list count").strip() == "1", "there")
    yield "in the room"
