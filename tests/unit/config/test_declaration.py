"""A declaration of settings is read back as a list."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from fluxcc.config.declaration import Declared, Key, declared

SPEED = Key("How fast.", may_change=True)
NAME = Key("Its name.")


class Engine(msgspec.Struct, frozen=True):
    speed: Annotated[int, SPEED] = 5


class Machine(msgspec.Struct, frozen=True):
    name: Annotated[tuple[str, ...], NAME] = ("a",)
    engine: Engine = Engine()


def test_every_setting_is_read_back_in_order_with_its_key() -> None:
    assert list(declared(Machine)) == [
        Declared("", "name", tuple[str, ...], NAME),
        Declared("engine", "speed", int, SPEED),
    ]


@pytest.mark.parametrize(
    ("path", "variable", "value"),
    [("name", "FLUXCC_NAME", ("b",)), ("engine.speed", "FLUXCC_ENGINE_SPEED", 7)],
)
def test_a_setting_knows_its_names_and_its_value(path: str, variable: str, value: object) -> None:
    found = {each.path: each for each in declared(Machine)}[path]
    assert found.variable == variable
    assert found.value(Machine(("b",), Engine(7))) == value
