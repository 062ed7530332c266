"""A customer and one agent: ringing, early media, hold, a second call, calls that we make."""

from __future__ import annotations

from tests.shapes.cast import Cast
from tests.shapes.shape import Stages, shape


@shape
def extension(cast: Cast) -> Stages:
    """A customer calls an extension; its telephone rings, is taken, and the agent hangs up."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.lines["customer"].wait("ringing")
    yield "ringing"
    cast.lines["agent"].answer()
    cast.talk("customer", "agent")
    yield "talking"
    cast.lines["agent"].hang_up()
    cast.lines["customer"].wait("ended")


@shape
def never_taken(cast: Cast) -> Stages:
    """The telephone rings and the customer gives up."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.lines["customer"].wait("ringing")
    yield "ringing"
    cast.lines["customer"].hang_up()
    cast.lines["customer"].wait("ended")


@shape
def busy(cast: Cast) -> Stages:
    """The telephone is busy."""
    cast.outside()
    agent = cast.telephone(answers="busy")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.lines["customer"].wait("ended")
    yield "refused"


@shape
def early_unanswered(cast: Cast) -> Stages:
    """The telephone sends early media (183) and nobody takes it."""
    cast.outside()
    agent = cast.telephone(answers="early")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.lines["customer"].wait("ringing")
    yield "early media"
    cast.lines["customer"].hang_up()
    cast.lines["customer"].wait("ended")


@shape
def early_answered(cast: Cast) -> Stages:
    """Early media (183), then the agent takes it."""
    cast.outside()
    agent = cast.telephone(answers="early")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.lines["customer"].wait("ringing")
    yield "early media"
    cast.lines["agent"].answer()
    cast.talk("customer", "agent")
    yield "talking"


@shape
def second_call_rings(cast: Cast) -> Stages:
    """The agent talks, and a second customer's call rings with early media."""
    cast.outside()
    cast.outside("second")
    agent = cast.telephone()
    cast.connect()
    agent.answers = "early"
    cast.dial("second", agent.user)
    cast.ring("agent", "agent 2")
    cast.lines["second"].wait("ringing")
    yield "talking and ringing"


@shape
def hold(cast: Cast) -> Stages:
    """The agent puts the customer on hold and takes them back."""
    cast.outside()
    cast.telephone()
    cast.connect()
    yield "talking"
    cast.lines["agent"].hold()
    yield "on hold"
    cast.lines["agent"].resume()
    cast.talk("customer", "agent")
    yield "talking again"


@shape
def hold_and_second_call(cast: Cast) -> Stages:
    """The agent holds the customer and calls a colleague; then the customer is taken back."""
    cast.outside()
    cast.telephone()
    colleague = cast.telephone("colleague", "ring")
    cast.connect()
    cast.lines["agent"].hold()
    yield "on hold"
    cast.dial("agent", colleague.user, "agent 2")
    cast.ring("colleague")
    cast.lines["agent 2"].wait("ringing")
    yield "calling a colleague"
    cast.lines["colleague"].answer()
    cast.talk("agent 2", "colleague")
    yield "consulting"
    cast.lines["agent 2"].hang_up()
    cast.lines["colleague"].wait("ended")
    cast.lines["agent"].resume()
    yield "talking again"


@shape
def two_customers(cast: Cast) -> Stages:
    """The agent holds one customer and talks to another one."""
    cast.outside()
    cast.outside("second")
    agent = cast.telephone()
    cast.connect()
    cast.lines["agent"].hold()
    cast.dial("second", agent.user)
    cast.ring("agent", "agent 2")
    cast.talk("second", "agent 2")
    yield "one on hold"


@shape
def internal(cast: Cast) -> Stages:
    """Two extensions talk."""
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.dial("agent", colleague.user)
    cast.ring("colleague")
    cast.talk("agent", "colleague")
    yield "talking"


@shape
def dialled_out(cast: Cast) -> Stages:
    """The agent calls a customer by hand."""
    customer = cast.outside(answers="ring")
    cast.telephone()
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.lines["agent"].wait("ringing")
    yield "ringing"
    cast.lines["customer"].answer()
    cast.talk("agent", "customer")
    yield "talking"


@shape
def click_to_call_bridge(cast: Cast) -> Stages:
    """Click-to-call: originate the agent, then ``&bridge`` to the customer."""
    customer = cast.outside(answers="ring")
    cast.telephone()
    where = cast.site.trunk(customer.user)
    cast.site.api(f"bgapi originate {cast.user('agent')} &bridge({where})")
    cast.ring("agent")
    cast.ring("customer")
    yield "ringing"
    cast.lines["customer"].answer()
    cast.talk("agent", "customer")
    yield "talking"


@shape
def click_to_call_transfer(cast: Cast) -> Stages:
    """Click-to-call as FusionPBX has it: originate the agent, then ``&transfer`` to the number."""
    customer = cast.outside()
    agent = cast.telephone()
    domain = cast.home.domain
    variables = f"presence_id={agent.user}@{domain},domain_name={domain}"
    where = cast.place(f"0{customer.user}")
    cast.originate(f"{{{variables}}}{cast.user('agent')}", f"&transfer('{where}')")
    cast.ring("agent")
    cast.ring("customer")
    cast.talk("agent", "customer")
    yield "talking"


@shape
def click_to_colleague(cast: Cast) -> Stages:
    """Click-to-call between extensions."""
    cast.telephone()
    colleague = cast.telephone("colleague")
    cast.originate(cast.user("agent"), cast.place(colleague.user))
    cast.ring("agent")
    cast.ring("colleague")
    cast.talk("agent", "colleague")
    yield "talking"


@shape
def campaign(cast: Cast) -> Stages:
    """A dialler calls the customer, then the agent; the agent hangs up."""
    customer = cast.outside()
    agent = cast.telephone(answers="ring")
    where = cast.site.trunk(customer.user)
    cast.originate(f"{{fluxcc_group=sales{cast.home.at}}}{where}", cast.place(agent.user))
    cast.ring("customer")
    cast.ring("agent")
    yield "ringing"
    cast.lines["agent"].answer()
    cast.talk("customer", "agent")
    yield "talking"
    cast.lines["agent"].hang_up()
    cast.lines["customer"].wait("ended")


@shape
def dialler_bridges(cast: Cast) -> Stages:
    """A dialler parks a customer and an agent, and bridges the two (``uuid_bridge``)."""
    customer = cast.outside()
    cast.telephone()
    cast.originate(cast.site.trunk(customer.user), "&park()")
    cast.originate(cast.user("agent"), "&park()")
    cast.ring("customer")
    cast.ring("agent")
    yield "both parked"
    cast.site.api(f"uuid_bridge {cast.legs['customer']} {cast.legs['agent']}")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def recorded(cast: Cast) -> Stages:
    """The call is recorded."""
    cast.outside()
    agent = cast.telephone()
    cast.connect(number=f"93{agent.user}")
    yield "talking"


@shape
def two_devices(cast: Cast) -> Stages:
    """The agent has two devices; one takes the call."""
    cast.outside()
    agent = cast.telephone(answers="ring")
    cast.device("agent", "device", "ring")
    cast.dial("customer", agent.user)
    cast.ring("agent")
    cast.ring("device")
    yield "both ring"
    cast.lines["agent"].answer()
    cast.talk("customer", "agent")
    yield "talking"


@shape
def service(cast: Cast) -> Stages:
    """A customer alone with a machine (IVR)."""
    cast.outside()
    cast.dial("customer", "8000").wait("up")
    yield "listening"


@shape
def voicemail(cast: Cast) -> Stages:
    """The telephone declines, and the customer speaks to the voicemail."""
    cast.outside()
    agent = cast.telephone(answers="decline")
    cast.dial("customer", f"60{agent.user}").wait("up")
    cast.ring("agent")
    yield "recording"


@shape
def after_a_machine(cast: Cast) -> Stages:
    """A customer listens to the IVR and is then sent to an agent."""
    cast.outside()
    agent = cast.telephone()
    cast.dial("customer", "8000").wait("up")
    yield "listening"
    cast.move("customer", agent.user)
    cast.ring("agent")
    cast.talk("customer", "agent")
    yield "talking"


@shape
def campaign_machine(cast: Cast) -> Stages:
    """A dialler calls the customer and plays something; no agent is there."""
    customer = cast.outside()
    cast.originate(
        f"{{fluxcc_group=sales{cast.home.at}}}{cast.site.trunk(customer.user)}", cast.place("8003")
    )
    cast.ring("customer")
    yield "listening"


@shape
def early_service(cast: Cast) -> Stages:
    """A service that plays early media and never answers."""
    cast.outside()
    cast.dial("customer", "8005").wait("ringing")
    yield "listening"


@shape
def not_taken_by_customer(cast: Cast) -> Stages:
    """The agent dials a customer who does not take it."""
    customer = cast.outside(answers="ring")
    cast.telephone()
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.lines["agent"].wait("ringing")
    yield "ringing"
    cast.lines["customer"].hang_up()
    cast.lines["agent"].wait("ended")


@shape
def dialled_out_held(cast: Cast) -> Stages:
    """The agent dialled a customer and puts them on hold."""
    customer = cast.outside()
    cast.telephone()
    cast.dial("agent", f"0{customer.user}")
    cast.ring("customer")
    cast.talk("agent", "customer")
    cast.lines["agent"].hold()
    yield "on hold"


@shape
def contact(cast: Cast) -> Stages:
    """The agent is dialled by the registered contact (FusionPBX's ring groups)."""
    cast.outside()
    agent = cast.telephone()
    cast.connect(number=f"94{agent.user}")
    yield "talking"


@shape
def survey(cast: Cast) -> Stages:
    """The customer is in the kit's survey after the agent has gone."""
    cast.outside()
    cast.telephone()
    cast.connect()
    cast.move("customer", "*28")
    cast.lines["agent"].wait("ended")
    yield "in the survey"
