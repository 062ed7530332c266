"""Supervisors who listen."""

from __future__ import annotations

import pytest

from .conftest import Scene


@pytest.mark.parametrize("application", ["eavesdrop", "three_way"])
def test_listening_ends_with_the_call_that_is_heard(scene: Scene, application: str) -> None:
    customer, agent = scene.bridged_call()
    supervisor = scene.call("9999")
    scene.run(supervisor, (application, customer.uuid))
    scene.until(lambda: supervisor.variable("current_application") == application)
    assert customer.bridged_to is agent
    scene.end(customer)
    assert supervisor.cause == "NORMAL_CLEARING"


def test_where_nobody_is_there_is_nothing_to_hear(scene: Scene) -> None:
    supervisor = scene.call("9999")
    scene.run(supervisor, ("eavesdrop", "nobody"))
    scene.until_quiet()
