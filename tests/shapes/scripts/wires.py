"""Groups, legs that are no person, identities that do not stand on the leg, media elsewhere."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape


def _group(cast: Cast, code: str) -> Stages:
    cast.outside()
    agent = cast.telephone(answers="ring")
    colleague = cast.telephone("colleague", "ring")
    cast.dial("customer", f"{code}{agent.user}{colleague.user}")
    cast.ring("agent")
    cast.ring("colleague")
    yield "ringing"
    cast.lines["agent"].answer()
    cast.lines["customer"].wait("up")
    cast.lines["colleague"].wait("ended")


@shape
def ring_all(cast: Cast) -> Stages:
    """Two telephones ring (``,``), one takes it."""
    yield from _group(cast, "61")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def ring_in_turn(cast: Cast) -> Stages:
    """Two telephones ring one after the other (``|``); the second one takes it."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    colleague = cast.telephone("colleague")
    cast.dial("customer", f"62{agent.user}{colleague.user}")
    cast.ring("agent")
    yield "ringing at the first"
    cast.lines["agent"].hang_up()
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "talking"


@shape
def ring_enterprise(cast: Cast) -> Stages:
    """Enterprise originate (``:_:``): two telephones ring, one takes it."""
    yield from _group(cast, "63")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def ring_confirm(cast: Cast) -> Stages:
    """Two telephones ring; whoever takes it has to press 5 (``group_confirm``)."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    colleague = cast.telephone("colleague", "ring")
    cast.dial("customer", f"64{agent.user}{colleague.user}")
    cast.ring("agent")
    cast.ring("colleague")
    cast.lines["agent"].answer()
    yield "to be confirmed"
    cast.lines["agent"].press("5")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def loopback_bow_out(cast: Cast) -> Stages:
    """A group by loopback: the loopback legs go once somebody has taken it (bow-out)."""
    yield from _group(cast, "65")
    yield "taken"
    cast.talk("customer", "agent")
    yield "talking"


@shape
def loopback_stays(cast: Cast) -> Stages:
    """A group by loopback without bow-out."""
    yield from _group(cast, "66")
    yield "talking"


@shape
def loopback_company(cast: Cast) -> Stages:
    """A group by loopback, without bow-out, that shows the company's own number."""
    yield from _group(cast, "67")
    yield "talking"


@shape
def loopback_behind(cast: Cast) -> Stages:
    """A group without bow-out behind one that shows the company's own number."""
    yield from _group(cast, "68")
    yield "talking"


@shape
def loopback_behind_bow_out(cast: Cast) -> Stages:
    """A group behind a group, both with bow-out."""
    yield from _group(cast, "69")
    yield "taken"
    cast.talk("customer", "agent")
    yield "talking"


@shape
def agent_on_callers_leg(cast: Cast) -> Stages:
    """``fluxcc_agent`` stands on the caller's leg; then the call is moved on to a colleague."""
    cast.outside()
    agent = cast.telephone()
    colleague = cast.telephone("colleague")
    cast.connect(number=f"72{agent.user}")
    yield "talking"
    cast.lines["agent"].refer(colleague.user)
    cast.ring("colleague")
    cast.talk("customer", "colleague")
    yield "handed over"


@shape
def hot_desk(cast: Cast) -> Stages:
    """The agent sits at a telephone of another extension (``fluxcc_agent`` on its leg)."""
    cast.outside()
    desk, telephone = cast.telephone("desk"), cast.telephone()
    cast.connect(number=f"75{desk.user}{telephone.user}")
    yield "talking"


@shape
def agent_on_a_mobile(cast: Cast) -> Stages:
    """The agent is on a mobile telephone outside (``fluxcc_agent`` on the leg over the trunk)."""
    cast.outside()
    mobile = cast.outside("agent")
    cast.dial("customer", f"73{cast.telephone('desk').user}{mobile.user}")
    cast.ring("agent")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def behind_a_proxy(cast: Cast) -> Stages:
    """Both legs on one context behind a SIP proxy; the agent is known by ``fluxcc_agent``."""
    cast.outside(via="proxy")
    agent = cast.behind_proxy("agent", cast.telephone("desk").user)
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def carrier(cast: Cast) -> Stages:
    """The trunk is known by its address: it is a directory user (``cidr``)."""
    cast.outside(via="carrier")
    cast.telephone()
    cast.connect()
    yield "talking"


@shape
def gsm_gateway(cast: Cast) -> Stages:
    """The trunk authenticates as a directory user."""
    cast.outside(via="gsm")
    cast.telephone()
    cast.connect()
    yield "talking"


@shape
def call_id_as_uuid(cast: Cast) -> Stages:
    """The leg's UUID is a SIP Call-ID."""
    cast.outside(via="callid")
    agent = cast.telephone()
    cast.dial("customer", agent.user, call_id=f"a~$(b={cast.slot()}@192.0.2.1")
    cast.ring("agent")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def bypass_media(cast: Cast) -> Stages:
    """The media go past FreeSWITCH (``bypass_media``)."""
    cast.outside()
    agent = cast.telephone()
    cast.connect(number=f"70{agent.user}")
    yield "talking"


@shape
def proxy_media(cast: Cast) -> Stages:
    """FreeSWITCH passes the media on unseen (``proxy_media``)."""
    cast.outside()
    agent = cast.telephone()
    cast.connect(number=f"71{agent.user}")
    yield "talking"


@shape
def uuid_media_off(cast: Cast) -> Stages:
    """The media were sent past FreeSWITCH in the middle of the call."""
    cast.outside()
    cast.telephone()
    cast.connect()
    cast.site.api(f"uuid_media off {cast.legs['customer']}")
    yield "talking"


def _spy(cast: Cast, code: str) -> Stages:
    cast.outside()
    agent = cast.telephone()
    cast.telephone("supervisor")
    cast.connect()
    cast.dial("supervisor", f"{code}{agent.user}").wait("up")
    yield "listening"


@shape
def eavesdrop(cast: Cast) -> Stages:
    """A supervisor listens."""
    yield from _spy(cast, "86")


@shape
def whisper(cast: Cast) -> Stages:
    """A supervisor whispers to one side."""
    yield from _spy(cast, "87")


@shape
def three_way(cast: Cast) -> Stages:
    """A supervisor talks with both."""
    yield from _spy(cast, "88")


@shape
def room(cast: Cast) -> Stages:
    """A customer and an agent in a room of the PBX's own, both having dialled it."""
    cast.outside()
    cast.telephone()
    number = f"91{cast.slot()}"
    cast.dial("customer", number).wait("up")
    yield "alone"
    cast.dial("agent", number).wait("up")
    cast.until(lambda: cast.site.api(f"conference {number} list count").strip() == "2", "both")
    yield "together"


@shape
def moved_to_room(cast: Cast) -> Stages:
    """Both who talked are moved to a room (``uuid_transfer -both``); then the agent leaves."""
    cast.outside()
    cast.telephone()
    number = f"91{cast.slot()}"
    cast.connect()
    cast.move("agent", number, "-both")
    cast.until(lambda: cast.site.api(f"conference {number} list count").strip() == "2", "both")
    yield "together"
    cast.lines["agent"].hang_up()
    yield "customer alone"


@shape
def behind_a_proxy_out(cast: Cast) -> Stages:
    """An agent behind a SIP proxy dials a customer behind the same one."""
    cast.outside()
    cast.behind_proxy("agent", cast.telephone("desk").user, "proxy")
    cast.dial("agent", f"0{cast.people['customer'].user}")
    cast.ring("customer")
    cast.talk("agent", "customer")
    yield "talking"
