"""Live legs and calls: who is who, and who has whom. Read this page first.

**Words.** A *leg* is one FreeSWITCH channel. A *person* is at its far end, or it is a *wire*, half
of a loopback pair, behind which one finds the person by following bridges (``people.far_end``). A
person is *outside* (a trunk's leg) or a *station*, the telephone of an extension. What a leg is, is
settled when it is created (``identity``); FreeSWITCH writes other persons' names onto it later.

**Bridges.** A leg has a stack of them. While an agent consults a colleague by ``att_xfer``, the
agent's leg is bridged to the colleague *inside* its bridge to the customer: the customer's newest
bridge is the one to the agent, the agent's newest is another. Two are *connected* when both have
been answered; a bridge of early media connects nobody.

**A call** has one customer for life: the person outside. It ends with the customer's leg, and is
one row of history. Between two extensions it is *internal*, and ends when less than two are left. A
station alone (one that logs in, picks up, waits in a queue) has no call.

=====================================  ========================================================
what happens                           what becomes of calls (``tracker``)
=====================================  ========================================================
a leg comes in from a trunk            a call begins, it is the customer (``received``)
a station dials outside                a call begins, the one dialled is the customer
                                       (``originated``); of several lines dialled the one that
                                       is taken
the PBX dials outside by itself        a call begins, the one dialled is the customer
                                       (``campaign``)
a station dials a station              an internal call begins; inside a customer's call it is
                                       a consultation, and joins that call
a customer's leg dials anybody         they join the call: a station may become its agent, a
                                       person outside never becomes its customer
a customer and a station are           the station is the agent, from now on; who was it before
connected, in any way                  is a former agent, and that leg leaves the call
two persons outside are connected      no agent
bridge of customer and agent ends,     no agent any more
or the agent's leg does
the customer is parked within          the agent who had them *holds* them, without a leg, until
``PARKED_AT_ONCE`` of leaving          another one takes them
both are in one conference             the agent who had the customer is the agent, else the only
                                       station in the room
the customer's leg ends                the call ends; those left who are bridged to each other
                                       have a call of their own
=====================================  ========================================================

``Tracker.settle`` computes the agent from legs, bridges and rooms alone, after each change around a
call, so that a snapshot gives the same answer as the events. What cannot be seen any more after a
restart (what a leg is, who parked the customer, former agents) is written with the call
(``memory``).

**Who is meant** (``views``) when an agent names no call: the customer they hear; else a customer
they hold, consult about, or have parked; else the colleague they talk to. Two of a kind are
ambiguous; a call that only rings is none.

Source: contract, section 1a. How sites connect people: docs/sites.md.
"""
