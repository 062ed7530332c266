"""A customer is transferred by the PBX: to services, to nowhere, into rooms."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape


def _transfer_to(cast: Cast, destination: str) -> None:
    cast.outside()
    cast.telephone()
    cast.connect()
    cast.site.api(f"uuid_transfer {cast.legs['customer']} {destination}")


@shape
def to_a_service(cast: Cast) -> Stages:
    """The customer is transferred to a service that answers (a tone)."""
    _transfer_to(cast, cast.place("8003"))
    cast.lines["agent"].wait("ended")
    yield "at the service"


@shape
def to_music(cast: Cast) -> Stages:
    """The customer is transferred to where music plays."""
    _transfer_to(cast, cast.place("8001"))
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
    _transfer_to(cast, cast.place("9911"))
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
    cast.move("customer", colleague.user)
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
    name = cast.home.agent(agent.user)
    cast.site.api(f"hash insert/fluxcc_room/{cast.home.agent(room)}/{name}")
    cast.connect()
    cast.move("agent", room, "-both")
    count = f"conference {name} list count"
    cast.until(lambda: cast.site.api(count).strip() == "2", "both are in the room")
    yield "in the room"
    cast.dial("colleague", room).wait("up")
    cast.until(lambda: cast.site.api(count).strip() == "3", "the colleague, too")
    yield "three in the room"
    cast.lines["agent"].hang_up()
    cast.until(lambda: cast.site.api(count).strip() == "2", "the agent has left")
    yield "without the agent"
    cast.site.api(f"hash delete/fluxcc_room/{cast.home.agent(room)}")


@shape
def own_room_customer_moved(cast: Cast) -> Stages:
    """Both are in the agent's room; the customer is moved to a colleague, the agent stays."""
    cast.outside()
    agent = cast.telephone()
    colleague = cast.telephone("colleague")
    room = f"*{agent.user}"
    name = cast.home.agent(agent.user)
    cast.site.api(f"hash insert/fluxcc_room/{cast.home.agent(room)}/{name}")
    cast.connect()
    cast.move("agent", room, "-both")
    count = f"conference {name} list count"
    cast.until(lambda: cast.site.api(count).strip() == "2", "both are in the room")
    cast.move("customer", colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"
    cast.site.api(f"hash delete/fluxcc_room/{cast.home.agent(room)}")
