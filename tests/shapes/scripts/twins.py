"""Two agents with one extension, each in a domain of their own (``domains.TWO``)."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape_of_twins


@shape_of_twins
def twins_called(cast: Cast) -> Stages:
    """A customer calls the agent, and another one the twin; then the agent hangs up."""
    cast.outside()
    cast.outside("second")
    agent = cast.telephone()
    twin = cast.twin("agent", "twin")
    cast.connect()
    yield "one talks"
    cast.dial_other("second", twin.user)
    cast.ring("twin")
    cast.talk("second", "twin")
    yield "both talk"
    cast.lines["agent"].hang_up()
    cast.lines["customer"].wait("ended")
    assert agent.user == twin.user
    yield "the twin talks"


@shape_of_twins
def twins_dial_out(cast: Cast) -> Stages:
    """The agent dials a customer; the twin another one, whom the twin holds to consult a colleague
    whose extension the agent's colleague has, too."""
    customer, second = cast.outside(), cast.outside("second")
    cast.telephone()
    cast.telephone("colleague")
    cast.twin("agent", "twin")
    colleague = cast.twin("colleague", "twin's colleague")
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.talk("agent", "customer")
    cast.dial("twin", f"0{second.user}")
    cast.ring("second")
    cast.talk("twin", "second")
    yield "both talk"
    cast.lines["twin"].hold()
    cast.dial("twin", colleague.user, "twin 2")
    cast.ring("twin's colleague")
    cast.talk("twin 2", "twin's colleague")
    yield "the twin consults"
