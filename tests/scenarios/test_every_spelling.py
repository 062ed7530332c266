"""A person is refused in every spelling of the table, also while the daemon is dead, and a stranger
never (contract, section 2a)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby

import pytest

from fluxcc.core.core import gate_rules
from fluxcc.domain.numbers import NumberPlan
from fluxcc.kit import names
from fluxcc.lab.port import Lab
from fluxcc.pbx import commands
from fluxcc.pbx.switch import Address, Switch
from tests import numbers
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .pbx import empty_gate
from .people import Person
from .scene import Scene

AT_HOME = "BR 11"
"""The plan of the scenarios' daemon."""
OTHERS = ("US 212", "IT", "PT", "DE 30")


def spellings(plan: str) -> dict[str, list[str]]:
    """Person → spellings."""
    rows = [each for each in numbers.spellings() if each.plan == plan]
    by_person = groupby(rows, key=lambda each: each.person)
    return {person: [each.text for each in some] for person, some in by_person}


def strangers(plan: str) -> list[str]:
    return [each.caller for each in numbers.strangers() if each.plan == plan]


def let_through(lab: Lab, callers: list[str]) -> list[str]:
    return [caller for caller in callers if not is_refused(lab, caller)]


@pytest.fixture
def marked(scene: Scene) -> Iterator[Scene]:
    """Each person was marked as a prank, in one spelling."""
    for place, texts in enumerate(spellings(AT_HOME).values()):
        scene.talk(texts[place % len(texts)])
        assert scene.board.prank("1000").code == "blocked"
    yield scene
    empty_gate(scene.lab)


def test_a_person_is_refused_in_every_spelling_and_a_stranger_in_none(marked: Scene) -> None:
    """One daemon for the whole table: with it, and then without it."""
    every = [text for texts in spellings(AT_HOME).values() for text in texts]
    for is_daemon_there in (True, False):
        if not is_daemon_there:
            marked.daemon.kill()
        assert let_through(marked.lab, every) == []
        callers = strangers(AT_HOME)
        assert let_through(marked.lab, callers) == callers


@contextmanager
def told(lab: Lab, plan: str) -> Iterator[None]:
    """The gate of another country, with all its persons blocked, as a daemon would tell it."""
    switch = Switch(Address(lab.host, lab.port, lab.password))
    switch.connect(lambda body: None)
    there, end = numbers.plan_named(plan), int(time.time()) + 600
    try:
        switch.publish_rules(gate_rules(there))
        keys = [there.read(person).key for person in spellings(plan)]
        switch.write_blocks(keys, lambda key: end)
        yield
        switch.write_blocks(keys, lambda key: None)
    finally:
        switch.publish_rules(gate_rules(numbers.plan_named(AT_HOME)))
        switch.disconnect()


@pytest.mark.parametrize("plan", OTHERS)
def test_other_countries_gates(lab: Lab, plan: str) -> None:
    with told(lab, plan):
        assert let_through(lab, [one for some in spellings(plan).values() for one in some]) == []
        callers = strangers(plan)
        assert let_through(lab, callers) == callers


def test_the_contexts_area_code_comes_before_the_general_one(lab: Lab) -> None:
    switch = Switch(Address(lab.host, lab.port, lab.password))
    switch.connect(lambda body: None)
    key, end = "21977770001", int(time.time()) + 600
    try:
        switch.publish_rules(
            gate_rules(NumberPlan("BR", "11", (), area_codes={"public": "21", "other": "31"}))
        )
        switch.write_blocks([key], lambda key: end)
        assert is_refused(lab, "977770001")
        assert is_refused(lab, "9090977770001")
        # What is no longer set counts no longer.
        switch.publish_rules(gate_rules(numbers.plan_named(AT_HOME)))
        assert "21" not in lab.api(f"global_getvar {names.HOME_PREFIX}public")
        assert not is_refused(lab, "977770001")
        switch.write_blocks([key], lambda key: None)
    finally:
        switch.disconnect()


def test_without_a_rule_the_gate_knows_the_usual_spellings(lab: Lab) -> None:
    """A daemon that is older than the kit tells no rule."""
    key, end = "+5511977770002", str(int(time.time()) + 600)
    lab.api(commands.set_variable(names.PERSON_VARIABLE, ""))
    try:
        lab.api(commands.put_hash(names.BLOCK_REALM, key, end))
        assert is_refused(lab, key)
        assert is_refused(lab, "+55 (11) 97777-0002")
        assert not is_refused(lab, "11977770002")
        lab.api(commands.drop_hash(names.BLOCK_REALM, key))
    finally:
        rules = gate_rules(numbers.plan_named(AT_HOME))
        lab.api(commands.set_variable(names.PERSON_VARIABLE, rules[names.PERSON_VARIABLE]))


def test_a_prank_knows_the_area_code_of_the_context(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """The trunk of another town presents local numbers of that town."""
    daemon = make_daemon(FLUXCC_NUMBERS_AREA_CODES="public=21")
    daemon.start()
    until(lambda: daemon.status()["gate_told"], "the gate is told")
    caller = lab.call(person.local, "1000")
    caller.wait_answered()
    daemon.wait_talking(person.local)
    assert daemon.cli("prank", "--agent", "1000").code == 0
    (block,) = daemon.cli("blocks", "--json").json
    assert block["number"] == f"+5521{person.local}"
    daemon.kill()
    assert is_refused(lab, f"02121{person.local}")
    assert is_refused(lab, person.local[1:])
    assert not is_refused(lab, f"11{person.local}")
