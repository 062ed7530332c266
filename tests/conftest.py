"""What every test has at hand."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.builders import World

# Two cores that may be busy: a slow example is no failure, a wrong one is. The same examples every
# time, so that a red build means a change and not a die.
settings.register_profile("fluxcc", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("fluxcc")


@pytest.fixture
def world() -> World:
    """The daemon's core on fakes, with nothing going on."""
    return World()
